//! Tools as `toolConfig`, with their JSON Schema as it was written.

use crate::dropped::Dropped;
use crate::json::{Array, Object, Text};
use crate::names::{self, NameRule, Names};
use crate::neutral::{Request, Tool, ToolChoice, ToolKind};

const RULE: NameRule = NameRule::STRICT;

/// A tool that takes nothing.
const NO_INPUT: &str = r#"{"type":"object","properties":{}}"#;

/// Writes `toolConfig`. `called` are the tools that the conversation calls: it must be there where they are.
pub(super) fn write(
    object: &mut Object<'_>,
    request: &Request<'_>,
    called: &[(Option<Text<'_>>, Text<'_>)],
    names: &mut Names,
    dropped: &mut Dropped,
) {
    let mut list = Vec::new();
    let mut told = Vec::new();
    {
        let mut list = Array::new(&mut list);
        declare(&mut list, &request.tools, None, names, dropped, &mut told);
        if told.is_empty() {
            for (space, name) in called {
                let space = space.as_ref().map(Text::decoded);
                let mut tool = list.object();
                let mut spec = tool.object("toolSpec");
                spec.str(
                    "name",
                    &names::shown(RULE, space.as_deref(), &name.decoded()),
                );
                spec.object("inputSchema").raw("json", NO_INPUT);
            }
            if called.is_empty() {
                return;
            }
        }
    }
    if list.len() <= "[]".len() {
        return;
    }
    if request.parallel_tool_calls == Some(false) {
        dropped.note("parallel_tool_calls");
    }
    let mut config = object.object("toolConfig");
    config.value("tools").extend_from_slice(&list);
    if let Some(choice) = request.tool_choice.as_ref().filter(|_| !told.is_empty()) {
        write_choice(&mut config, choice, &told, dropped);
    }
}

fn declare(
    list: &mut Array<'_>,
    tools: &[Tool<'_>],
    space: Option<&str>,
    names: &mut Names,
    dropped: &mut Dropped,
    told: &mut Vec<String>,
) {
    for tool in tools {
        let (description, schema) = match &tool.kind {
            ToolKind::Namespace(inner) => {
                declare(list, inner, Some(&tool.name), names, dropped, told);
                continue;
            }
            ToolKind::Hosted { kind, .. } => {
                dropped.note_foreign(kind);
                continue;
            }
            ToolKind::Custom { format } => {
                let words = names::free_description(tool.description.as_ref(), *format);
                (Some(Text::plain(words)), names::FREE_SCHEMA)
            }
            ToolKind::Function { schema, strict } => {
                if *strict == Some(true) {
                    dropped.note("tools[].strict");
                }
                let schema = schema.map_or(NO_INPUT, |schema| schema.get());
                (tool.description.clone(), schema)
            }
        };
        let custom = matches!(tool.kind, ToolKind::Custom { .. });
        let name = names.declare(RULE, space, &tool.name, custom);
        let mut out = list.object();
        let mut spec = out.object("toolSpec");
        spec.str("name", &name);
        // An empty one is refused.
        let filled = |text: &&Text<'_>| !text.is_empty();
        spec.text_if("description", description.as_ref().filter(filled));
        spec.object("inputSchema").raw("json", schema);
        told.push(name.into_owned());
    }
}

fn write_choice(
    config: &mut Object<'_>,
    choice: &ToolChoice<'_>,
    told: &[String],
    dropped: &mut Dropped,
) {
    let mut write = |key: &str, name: Option<&str>| {
        let mut choice = config.object("toolChoice");
        let mut kind = choice.object(key);
        if let Some(name) = name {
            kind.str("name", name);
        }
    };
    match choice {
        ToolChoice::Auto => write("auto", None),
        ToolChoice::Any => write("any", None),
        ToolChoice::Tool { namespace, name } => {
            let space = namespace.as_ref().map(Text::decoded);
            let name = names::shown(RULE, space.as_deref(), &name.decoded()).into_owned();
            if told.contains(&name) {
                write("tool", Some(&name));
            } else {
                dropped.note("tool_choice");
            }
        }
        // There is no word for these.
        ToolChoice::Allowed { must: true, .. } => {
            dropped.note("tool_choice");
            write("any", None);
        }
        ToolChoice::None | ToolChoice::Allowed { must: false, .. } => dropped.note("tool_choice"),
    }
}
