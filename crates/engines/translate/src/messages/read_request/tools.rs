//! Tools, and what the conversation changes about them: deferred ones count from where they were found, and system
//! messages may add and remove some.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::dropped::Dropped;
use crate::json::{self, Text};
use crate::messages::block::CacheControl;
use crate::neutral::{Part, Tool, ToolKind};

/// What the conversation says of its tools.
#[derive(Default)]
pub(super) struct Changes<'a> {
    /// Names that a search found or that were called.
    found: HashSet<Cow<'a, str>>,
    /// The last word on a tool: added or removed.
    last: HashMap<Cow<'a, str>, bool>,
    /// Tools that were defined on the way.
    defined: Vec<&'a RawValue>,
}

impl<'a> Changes<'a> {
    /// A tool that a search found, and what the model is told of it.
    pub(super) fn reference(&mut self, name: Text<'a>) -> Part<'a> {
        let name = name.into_decoded();
        let told = format!("The tool `{name}` is available now.");
        self.found.insert(name);
        Part::text(Text::plain(told))
    }

    /// A tool that was called is there, whatever else is said.
    pub(super) fn called(&mut self, name: &Text<'a>) {
        let name = name.clone().into_decoded();
        if !self.found.contains(&name) {
            self.found.insert(name);
        }
    }

    /// A `tool_addition` or a `tool_removal`.
    pub(super) fn change(&mut self, added: bool, tool: Option<&'a RawValue>) {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Reference<'a> {
            #[serde(borrow)]
            name: Option<Text<'a>>,
            definition: Option<&'a RawValue>,
        }
        let reference: Reference<'a> = tool
            .and_then(|raw| json::read(raw.get()).ok())
            .unwrap_or_default();
        let name = reference.name.or_else(|| {
            let definition = reference.definition?;
            self.defined.push(definition);
            json::read::<Reference<'a>>(definition.get()).ok()?.name
        });
        if let Some(name) = name {
            let name = name.into_decoded();
            self.found.insert(name.clone());
            self.last.insert(name, added);
        }
    }
}

/// One of `tools`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Declared<'a> {
    #[serde(borrow)]
    r#type: Option<Text<'a>>,
    name: Option<Text<'a>>,
    description: Option<Text<'a>>,
    input_schema: Option<&'a RawValue>,
    strict: Option<bool>,
    cache_control: Option<CacheControl<'a>>,
    defer_loading: Option<bool>,
    input_examples: Option<&'a RawValue>,
}

/// The tools that the model may call at the end of the conversation.
pub(super) fn read<'a>(
    declared: &[&'a RawValue],
    changes: &Changes<'a>,
    dropped: &mut Dropped,
) -> Result<Vec<Tool<'a>>, serde_json::Error> {
    let all = declared.iter().chain(&changes.defined);
    let mut tools = Vec::with_capacity(declared.len());
    let mut deferred = Vec::new();
    let mut provider_searches = false;
    for raw in all {
        let tool: Declared<'a> = json::read(raw.get())?;
        let name = tool.name.map(Text::into_decoded).unwrap_or_default();
        if changes.last.get(&name) == Some(&false) {
            continue;
        }
        if tool.input_examples.is_some() {
            dropped.note("tools[].input_examples");
        }
        let kind = tool.r#type.map(Text::into_decoded).unwrap_or_default();
        let kind = match kind.as_ref() {
            "" | "custom" => ToolKind::Function {
                schema: tool.input_schema,
                strict: tool.strict,
            },
            _ => {
                provider_searches |= kind.starts_with("tool_search_tool");
                ToolKind::Hosted { kind, raw }
            }
        };
        let waits = tool.defer_loading == Some(true) && !changes.found.contains(&name);
        let tool = Tool {
            name,
            description: tool.description,
            kind,
            cache: tool.cache_control.map(|control| control.hint()),
        };
        if waits {
            deferred.push(tool);
        } else {
            tools.push(tool);
        }
    }
    // Only the provider could have found them, and another provider does not search: all are shown.
    if provider_searches {
        tools.append(&mut deferred);
    }
    Ok(tools)
}
