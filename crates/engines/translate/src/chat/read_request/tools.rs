//! Tools and which of them to use, in today's words and in those of the oldest clients.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::body::{Body, Declared, DeclaredFunction};
use crate::json::{self, Text};
use crate::neutral::{Request, Tool, ToolChoice, ToolKind};

/// Reads them into the request.
pub(super) fn read<'a>(
    body: &mut Body<'a>,
    request: &mut Request<'a>,
) -> Result<(), serde_json::Error> {
    request.parallel_tool_calls = body.parallel_tool_calls;
    request.tool_choice = body.tool_choice.and_then(choice);
    for raw in body.tools.take().unwrap_or_default() {
        request.tools.push(tool(raw)?);
    }
    let functions = body.functions.take().unwrap_or_default();
    if functions.is_empty() {
        return Ok(());
    }
    request.tools.extend(
        functions
            .into_iter()
            .map(|declared| function(declared, None)),
    );
    // Such a client reads one call, under its old name.
    request.one_call = true;
    request.parallel_tool_calls = Some(false);
    request.tool_choice = body.function_call.and_then(choice);
    Ok(())
}

fn tool(raw: &RawValue) -> Result<Tool<'_>, serde_json::Error> {
    let declared: Declared<'_> = json::read(raw.get())?;
    let cache = declared.cache_control.map(|control| control.hint());
    if let Some(custom) = declared.custom {
        return Ok(Tool {
            name: custom.name.map(Text::into_decoded).unwrap_or_default(),
            description: custom.description,
            kind: ToolKind::Custom {
                format: custom.format,
            },
            cache,
        });
    }
    if let Some(declared) = declared.function {
        return Ok(function(declared, cache));
    }
    let kind = declared.r#type.map(Text::into_decoded).unwrap_or_default();
    Ok(Tool {
        name: std::borrow::Cow::Borrowed(""),
        description: None,
        kind: ToolKind::Hosted { kind, raw },
        cache,
    })
}

fn function<'a>(declared: DeclaredFunction<'a>, cache: Option<crate::neutral::Cache>) -> Tool<'a> {
    Tool {
        name: declared.name.map(Text::into_decoded).unwrap_or_default(),
        description: declared.description,
        kind: ToolKind::Function {
            schema: declared.parameters.filter(|raw| json::is_object(raw.get())),
            strict: declared.strict,
        },
        cache: cache.or(declared.cache_control.map(|control| control.hint())),
    }
}

/// `tool_choice` or `function_call`: a word, or an object that names tools.
fn choice(raw: &RawValue) -> Option<ToolChoice<'_>> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Choice<'a> {
        #[serde(borrow)]
        function: Option<Named<'a>>,
        custom: Option<Named<'a>>,
        allowed_tools: Option<Allowed<'a>>,
        name: Option<Text<'a>>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Named<'a> {
        #[serde(borrow)]
        name: Option<Text<'a>>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Allowed<'a> {
        #[serde(borrow)]
        mode: Option<Text<'a>>,
        tools: Vec<Choice<'a>>,
    }
    impl<'a> Choice<'a> {
        fn name(self) -> Option<Text<'a>> {
            let named = self.function.or(self.custom);
            named.and_then(|named| named.name).or(self.name)
        }
    }
    if let Some(word) = Text::of(raw.get()) {
        return match word.decoded().as_ref() {
            "none" => Some(ToolChoice::None),
            "required" | "any" => Some(ToolChoice::Any),
            _ => Some(ToolChoice::Auto),
        };
    }
    let mut choice: Choice<'_> = json::read(raw.get()).ok()?;
    if let Some(allowed) = choice.allowed_tools.take() {
        return Some(ToolChoice::Allowed {
            must: allowed.mode.is_some_and(|mode| mode.is("required")),
            names: allowed.tools.into_iter().filter_map(Choice::name).collect(),
        });
    }
    Some(ToolChoice::Tool {
        namespace: None,
        name: choice.name()?,
    })
}
