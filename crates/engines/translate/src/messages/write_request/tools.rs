//! Tools as Claude takes them: a schema that is an object at its top, free text as a tool of one string, a namespace
//! as several tools.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::Hints;
use super::blocks::write_cache;
use super::model::Model;
use super::schema::{self, Fit};
use crate::dropped::Dropped;
use crate::json::{self, Array, Object, Text};
use crate::names::{self, NameRule, Names};
use crate::neutral::{Cache, Request, Tool, ToolChoice, ToolKind};

const RULE: NameRule = NameRule::STRICT;

/// A tool that takes nothing.
const NO_INPUT: &str = r#"{"type":"object","properties":{}}"#;

/// Writes `tools` and `tool_choice`. `called` are the tools that the conversation calls.
pub(super) fn write(
    object: &mut Object<'_>,
    request: &Request<'_>,
    called: &[(Option<Text<'_>>, Text<'_>)],
    model: Model<'_>,
    hints: Hints,
    names: &mut Names,
    dropped: &mut Dropped,
) {
    let mut flat = Vec::new();
    flatten(&request.tools, None, &mut flat, dropped);
    if flat.is_empty() {
        write_called(object, called);
        return;
    }
    let mut told = Vec::with_capacity(flat.len());
    {
        let mut list = object.array("tools");
        let last = flat.len() - 1;
        for (index, (space, tool)) in flat.into_iter().enumerate() {
            let cache = match tool.cache {
                None if hints.ours && index == last => Some(Cache::Default),
                cache => cache,
            };
            told.push(write_tool(
                &mut list, tool, space, cache, model, names, dropped,
            ));
        }
    }
    write_choice(object, request, &told, model, dropped);
}

/// Some clouds refuse a conversation with calls in it that declares no tools.
fn write_called(object: &mut Object<'_>, called: &[(Option<Text<'_>>, Text<'_>)]) {
    if called.is_empty() {
        return;
    }
    {
        let mut list = object.array("tools");
        for (space, name) in called {
            let space = space.as_ref().map(Text::decoded);
            let mut tool = list.object();
            let name = name.decoded();
            tool.str("name", &names::shown(RULE, space.as_deref(), &name));
            tool.raw("input_schema", NO_INPUT);
        }
    }
    object.object("tool_choice").str("type", "none");
}

fn flatten<'t, 'a>(
    tools: &'t [Tool<'a>],
    space: Option<&'t str>,
    flat: &mut Vec<(Option<&'t str>, &'t Tool<'a>)>,
    dropped: &mut Dropped,
) {
    for tool in tools {
        match &tool.kind {
            ToolKind::Namespace(inner) => flatten(inner, Some(&tool.name), flat, dropped),
            ToolKind::Hosted { kind, .. } => dropped.note_foreign(kind),
            ToolKind::Function { .. } | ToolKind::Custom { .. } => flat.push((space, tool)),
        }
    }
}

/// Writes a tool and gives the name that the model is told.
fn write_tool(
    list: &mut Array<'_>,
    tool: &Tool<'_>,
    space: Option<&str>,
    cache: Option<Cache>,
    model: Model<'_>,
    names: &mut Names,
    dropped: &mut Dropped,
) -> String {
    let mut out = list.object();
    let custom = matches!(tool.kind, ToolKind::Custom { .. });
    let name = names.declare(RULE, space, &tool.name, custom);
    out.str("name", &name);
    match &tool.kind {
        ToolKind::Custom { format } => {
            let description = names::free_description(tool.description.as_ref(), *format);
            out.str("description", &description);
            out.raw("input_schema", names::FREE_SCHEMA);
        }
        ToolKind::Function { schema, strict } => {
            let description = tool.description.as_ref();
            out.text_if("description", description.filter(|text| !text.is_empty()));
            write_schema(&mut out, *schema);
            if *strict == Some(true) {
                let as_it_is = |schema: &RawValue| matches!(schema::fit(schema.get()), Fit::AsIs);
                if model.enforces_schemas() && schema.is_some_and(as_it_is) {
                    out.flag("strict", true);
                } else {
                    dropped.note("tools[].strict");
                }
            }
        }
        ToolKind::Namespace(_) | ToolKind::Hosted { .. } => {}
    }
    write_cache(&mut out, cache);
    name.into_owned()
}

/// Its top must be an object that says so, and no choice of several.
fn write_schema(out: &mut Object<'_>, schema: Option<&RawValue>) {
    #[derive(Default, Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    struct Top<'a> {
        #[serde(borrow)]
        r#type: Option<&'a RawValue>,
        any_of: Option<&'a RawValue>,
        one_of: Option<&'a RawValue>,
        all_of: Option<&'a RawValue>,
    }
    let schema = schema.map_or(NO_INPUT, |schema| schema.get());
    let Ok(top) = json::read::<Top<'_>>(schema) else {
        return out.raw("input_schema", NO_INPUT);
    };
    if top.any_of.or(top.one_of).or(top.all_of).is_some() {
        return out.raw("input_schema", &single(schema));
    }
    let is_object = |kind: &RawValue| kind.get() == r#""object""#;
    if top.r#type.is_some_and(is_object) {
        return out.raw("input_schema", schema);
    }
    out.raw("input_schema", &as_object(schema));
}

fn as_object(schema: &str) -> String {
    let Ok(Value::Object(mut top)) = serde_json::from_str(schema) else {
        return NO_INPUT.to_owned();
    };
    top.insert("type".to_owned(), Value::from("object"));
    top.entry("properties")
        .or_insert_with(|| Value::Object(serde_json::Map::default()));
    Value::Object(top).to_string()
}

/// A choice at the top becomes words: the model reads them, nobody enforces them.
fn single(schema: &str) -> String {
    let Ok(Value::Object(mut top)) = serde_json::from_str(schema) else {
        return NO_INPUT.to_owned();
    };
    let mut words = String::new();
    for key in ["anyOf", "oneOf", "allOf"] {
        if let Some(choice) = top.shift_remove(key) {
            words = format!("{words} It must also fit {key}: {choice}");
        }
    }
    let before = top.get("description").and_then(Value::as_str);
    let words = format!("{}{words}", before.unwrap_or_default());
    top.insert("description".to_owned(), Value::from(words.trim()));
    as_object(&Value::Object(top).to_string())
}

fn write_choice(
    object: &mut Object<'_>,
    request: &Request<'_>,
    told: &[String],
    model: Model<'_>,
    dropped: &mut Dropped,
) {
    let single = request.parallel_tool_calls == Some(false);
    let mut tool = None;
    let kind = match &request.tool_choice {
        None if single => "auto",
        None => return,
        Some(ToolChoice::Auto) => "auto",
        Some(ToolChoice::None) => "none",
        Some(ToolChoice::Any) => "any",
        Some(ToolChoice::Allowed { must, .. }) => {
            dropped.note("tool_choice.allowed_tools");
            if *must { "any" } else { "auto" }
        }
        Some(ToolChoice::Tool { namespace, name }) => {
            let space = namespace.as_ref().map(Text::decoded);
            let name = name.decoded();
            let name = names::shown(RULE, space.as_deref(), &name);
            tool = told.iter().find(|told| **told == name);
            if tool.is_some() { "tool" } else { "auto" }
        }
    };
    let kind = match kind {
        "any" | "tool" if !model.can_be_forced() => "auto",
        kind => kind,
    };
    if kind == "auto" && is_forced(request) {
        dropped.note("tool_choice");
    }
    let mut choice = object.object("tool_choice");
    choice.str("type", kind);
    if let Some(tool) = tool.filter(|_| kind == "tool") {
        choice.str("name", tool);
    }
    if single && kind != "none" {
        choice.flag("disable_parallel_tool_use", true);
    }
}

/// Whether the model shall call a tool, whatever it thinks of it.
pub(super) fn is_forced(request: &Request<'_>) -> bool {
    !request.tools.is_empty()
        && matches!(
            request.tool_choice,
            Some(
                ToolChoice::Any | ToolChoice::Tool { .. } | ToolChoice::Allowed { must: true, .. }
            )
        )
}
