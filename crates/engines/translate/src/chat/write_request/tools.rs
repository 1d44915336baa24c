//! Tools as functions. Free text becomes a function of one string, a namespace several functions; what the caller's
//! provider runs itself has no peer.

use super::dialect::Rules;
use crate::dropped::Dropped;
use crate::json::{Array, Object, Text};
use crate::names::{self, NameRule, Names};
use crate::neutral::{Request, Tool, ToolChoice, ToolKind};

const RULE: NameRule = NameRule::STRICT;

/// A function that takes nothing.
const NO_INPUT: &str = r#"{"type":"object","properties":{}}"#;

/// Writes `tools`, `tool_choice` and `parallel_tool_calls`.
pub(super) fn write(
    object: &mut Object<'_>,
    request: &Request<'_>,
    rules: Rules,
    names: &mut Names,
    dropped: &mut Dropped,
) {
    let mut list = Vec::new();
    let mut functions = Functions {
        rules,
        names,
        dropped,
        told: Vec::new(),
    };
    functions.write(&mut Array::new(&mut list), &request.tools, None);
    let told = functions.told;
    // Servers refuse an empty list, and a choice among nothing.
    if told.is_empty() {
        return;
    }
    object.value("tools").extend_from_slice(&list);
    if let Some(choice) = &request.tool_choice {
        write_choice(object, choice, &told, rules, dropped);
    }
    if let Some(parallel) = request.parallel_tool_calls {
        object.flag("parallel_tool_calls", parallel);
    }
}

struct Functions<'n> {
    rules: Rules,
    names: &'n mut Names,
    dropped: &'n mut Dropped,
    /// Their names, as the upstream is told them.
    told: Vec<String>,
}

impl Functions<'_> {
    fn write(&mut self, list: &mut Array<'_>, tools: &[Tool<'_>], space: Option<&str>) {
        for tool in tools {
            match &tool.kind {
                ToolKind::Namespace(inner) => self.write(list, inner, Some(&tool.name)),
                ToolKind::Hosted { kind, .. } => self.dropped.note_foreign(kind),
                ToolKind::Function { .. } | ToolKind::Custom { .. } => {
                    self.function(&mut list.object(), tool, space);
                }
            }
        }
    }

    fn function(&mut self, out: &mut Object<'_>, tool: &Tool<'_>, space: Option<&str>) {
        let custom = matches!(tool.kind, ToolKind::Custom { .. });
        let name = self.names.declare(RULE, space, &tool.name, custom);
        out.str("type", "function");
        let mut function = out.object("function");
        function.str("name", &name);
        match &tool.kind {
            ToolKind::Custom { format } => {
                let description = names::free_description(tool.description.as_ref(), *format);
                function.str("description", &description);
                function.raw("parameters", names::FREE_SCHEMA);
            }
            ToolKind::Function { schema, strict } => {
                function.text_if("description", tool.description.as_ref());
                function.raw("parameters", schema.map_or(NO_INPUT, |schema| schema.get()));
                // Only OpenAI knows the word, and it is a promise about the schema.
                if let (Some(strict), true) = (strict, self.rules.is_openai()) {
                    function.flag("strict", *strict);
                }
            }
            _ => {}
        }
        self.told.push(name.into_owned());
    }
}

fn write_choice(
    object: &mut Object<'_>,
    choice: &ToolChoice<'_>,
    told: &[String],
    rules: Rules,
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
            if told.iter().any(|told| *told == name) {
                let mut choice = object.object("tool_choice");
                choice.str("type", "function");
                choice.object("function").str("name", &name);
            } else {
                dropped.note("tool_choice");
            }
        }
        ToolChoice::Allowed {
            must,
            names: allowed,
        } if rules.is_openai() => {
            let mut choice = object.object("tool_choice");
            choice.str("type", "allowed_tools");
            let mut tools = choice.object("allowed_tools");
            tools.str("mode", if *must { "required" } else { "auto" });
            let mut list = tools.array("tools");
            for name in allowed {
                let name = name.decoded();
                let name = names::shown(RULE, None, &name);
                if told.iter().any(|told| *told == name) {
                    let mut tool = list.object();
                    tool.str("type", "function");
                    tool.object("function").str("name", &name);
                }
            }
        }
        ToolChoice::Allowed { must, .. } => {
            dropped.note("tool_choice.allowed_tools");
            object.str("tool_choice", if *must { "required" } else { "auto" });
        }
    }
}
