//! Tools as function declarations, with their JSON Schema as it was written.

use crate::dropped::Dropped;
use crate::json::{Array, Object, Text};
use crate::names::{self, NameRule, Names};
use crate::neutral::{Request, Tool, ToolChoice, ToolKind};

/// What Gemini takes as a name.
pub(super) const RULE: NameRule = NameRule {
    max_bytes: 64,
    others: b"_-.:",
};

/// Writes `tools` and `toolConfig`; whether there are any.
pub(super) fn write(
    object: &mut Object<'_>,
    request: &Request<'_>,
    names: &mut Names,
    dropped: &mut Dropped,
) -> bool {
    let mut list = Vec::new();
    let mut told = Vec::new();
    declare(
        &mut Array::new(&mut list),
        &request.tools,
        None,
        names,
        dropped,
        &mut told,
    );
    if told.is_empty() {
        return false;
    }
    {
        let mut tools = object.array("tools");
        let mut tool = tools.object();
        tool.value("functionDeclarations").extend_from_slice(&list);
    }
    if request.parallel_tool_calls == Some(false) {
        dropped.note("parallel_tool_calls");
    }
    if let Some(choice) = &request.tool_choice {
        write_choice(object, choice, &told, dropped);
    }
    true
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
        match &tool.kind {
            ToolKind::Namespace(inner) => {
                declare(list, inner, Some(&tool.name), names, dropped, told);
            }
            ToolKind::Hosted { kind, .. } => dropped.note_foreign(kind),
            ToolKind::Function { schema, strict } => {
                let mut out = list.object();
                let name = names.declare(RULE, space, &tool.name, false);
                out.str("name", &name);
                out.text_if("description", tool.description.as_ref());
                out.raw_if("parametersJsonSchema", *schema);
                if *strict == Some(true) {
                    dropped.note("tools[].strict");
                }
                told.push(name.into_owned());
            }
            ToolKind::Custom { format } => {
                let mut out = list.object();
                let name = names.declare(RULE, space, &tool.name, true);
                out.str("name", &name);
                let description = names::free_description(tool.description.as_ref(), *format);
                out.str("description", &description);
                out.raw("parametersJsonSchema", names::FREE_SCHEMA);
                told.push(name.into_owned());
            }
        }
    }
}

fn write_choice(
    object: &mut Object<'_>,
    choice: &ToolChoice<'_>,
    told: &[String],
    dropped: &mut Dropped,
) {
    let shown = |space: Option<&str>, name: &Text<'_>| {
        names::shown(RULE, space, &name.decoded()).into_owned()
    };
    let (mode, only) = match choice {
        ToolChoice::Auto => ("AUTO", Vec::new()),
        ToolChoice::Any => ("ANY", Vec::new()),
        ToolChoice::None => ("NONE", Vec::new()),
        ToolChoice::Tool { namespace, name } => {
            let space = namespace.as_ref().map(Text::decoded);
            ("ANY", vec![shown(space.as_deref(), name)])
        }
        ToolChoice::Allowed { must, names } => {
            let mode = if *must { "ANY" } else { "VALIDATED" };
            (mode, names.iter().map(|name| shown(None, name)).collect())
        }
    };
    let known: Vec<&String> = only.iter().filter(|name| told.contains(name)).collect();
    let lost = known.len() < only.len();
    if lost {
        dropped.note("tool_choice");
    }
    let mut config = object.object("toolConfig");
    let mut calling = config.object("functionCallingConfig");
    // A choice among nothing would be refused.
    let free = lost && known.is_empty();
    calling.str("mode", if free { "AUTO" } else { mode });
    if !known.is_empty() {
        let mut list = calling.array("allowedFunctionNames");
        for name in known {
            list.text(&Text::plain(name.as_str()));
        }
    }
}
