//! Tools. OpenAI knows functions and tools of free text; what the caller's provider runs itself has no peer.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::dropped::Dropped;
use crate::json::{self, Array, Object, Text};
use crate::names::{self, NameRule, Names};
use crate::neutral::{Request, Tool, ToolChoice, ToolKind};

const RULE: NameRule = NameRule::STRICT;

/// A function that takes nothing.
const NO_INPUT: &str = r#"{"type":"object","properties":{}}"#;

/// A tool as OpenAI is told it.
struct Told {
    name: String,
    custom: bool,
}

/// Writes `tools`, `tool_choice` and `parallel_tool_calls`.
pub(super) fn write(
    object: &mut Object<'_>,
    request: &Request<'_>,
    names: &mut Names,
    dropped: &mut Dropped,
) {
    let mut list = Vec::new();
    let mut told = Vec::new();
    {
        let mut list = Array::new(&mut list);
        write_tools(&mut list, &request.tools, None, names, dropped, &mut told);
    }
    // A choice among nothing is refused.
    if told.is_empty() {
        return;
    }
    object.value("tools").extend_from_slice(&list);
    if let Some(choice) = &request.tool_choice {
        write_choice(object, choice, &told, dropped);
    }
    if let Some(parallel) = request.parallel_tool_calls {
        object.flag("parallel_tool_calls", parallel);
    }
}

fn write_tools(
    list: &mut Array<'_>,
    tools: &[Tool<'_>],
    space: Option<&str>,
    names: &mut Names,
    dropped: &mut Dropped,
    told: &mut Vec<Told>,
) {
    for tool in tools {
        match &tool.kind {
            ToolKind::Namespace(inner) => {
                write_tools(list, inner, Some(&tool.name), names, dropped, told);
            }
            ToolKind::Hosted { kind, .. } => dropped.note_foreign(kind),
            ToolKind::Function { .. } | ToolKind::Custom { .. } => {
                let custom = matches!(tool.kind, ToolKind::Custom { .. });
                let name = names.declare(RULE, space, &tool.name, custom);
                write_tool(&mut list.object(), tool, &name);
                told.push(Told {
                    name: name.into_owned(),
                    custom,
                });
            }
        }
    }
}

fn write_tool(out: &mut Object<'_>, tool: &Tool<'_>, name: &str) {
    match &tool.kind {
        ToolKind::Custom { format } => {
            out.str("type", "custom");
            out.str("name", name);
            out.text_if("description", tool.description.as_ref());
            write_format(out, *format);
        }
        ToolKind::Function { schema, strict } => {
            out.str("type", "function");
            out.str("name", name);
            out.text_if("description", tool.description.as_ref());
            out.raw("parameters", schema.map_or(NO_INPUT, |schema| schema.get()));
            // Unsaid it would mean true here, and change the schema.
            out.flag("strict", strict.unwrap_or(false));
        }
        _ => {}
    }
}

/// A grammar, which chat wraps once more than OpenAI's other protocol does.
fn write_format(out: &mut Object<'_>, format: Option<&RawValue>) {
    #[derive(Deserialize)]
    struct Wrapped<'a> {
        #[serde(borrow)]
        grammar: Grammar<'a>,
    }
    #[derive(Deserialize)]
    struct Grammar<'a> {
        #[serde(borrow)]
        definition: Text<'a>,
        syntax: Text<'a>,
    }
    let Some(format) = format else {
        return;
    };
    match json::read::<Wrapped<'_>>(format.get()) {
        Ok(Wrapped { grammar }) => {
            let mut out = out.object("format");
            out.str("type", "grammar");
            out.text("syntax", &grammar.syntax);
            out.text("definition", &grammar.definition);
        }
        Err(_) => out.raw("format", format.get()),
    }
}

fn write_choice(
    object: &mut Object<'_>,
    choice: &ToolChoice<'_>,
    told: &[Told],
    dropped: &mut Dropped,
) {
    match choice {
        ToolChoice::Auto => object.str("tool_choice", "auto"),
        ToolChoice::Any => object.str("tool_choice", "required"),
        ToolChoice::None => object.str("tool_choice", "none"),
        ToolChoice::Tool { namespace, name } => {
            let space = namespace.as_ref().map(Text::decoded);
            let name = name.decoded();
            let name = names::shown(RULE, space.as_deref(), &name);
            match told.iter().find(|told| told.name == name) {
                Some(told) => write_named(&mut object.object("tool_choice"), told),
                None => dropped.note("tool_choice"),
            }
        }
        ToolChoice::Allowed {
            must,
            names: allowed,
        } => {
            let mut choice = object.object("tool_choice");
            choice.str("type", "allowed_tools");
            choice.str("mode", if *must { "required" } else { "auto" });
            let mut list = choice.array("tools");
            for name in allowed {
                let name = name.decoded();
                let name = names::shown(RULE, None, &name);
                if let Some(told) = told.iter().find(|told| told.name == name) {
                    write_named(&mut list.object(), told);
                }
            }
        }
    }
}

fn write_named(out: &mut Object<'_>, told: &Told) {
    out.str("type", if told.custom { "custom" } else { "function" });
    out.str("name", &told.name);
}
