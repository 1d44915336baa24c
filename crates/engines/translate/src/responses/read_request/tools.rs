//! Tools, from the top level and from the conversation: Codex declares its own there.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::dropped::Dropped;
use crate::json::{self, Text};
use crate::neutral::{Tool, ToolChoice, ToolKind};

/// The namespace that models take for none: what stands in it is called by its own name.
const PLAIN_NAMESPACE: &str = "functions";

/// A tool of any type; what a type does not have stays empty.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Declaration<'a> {
    #[serde(borrow)]
    r#type: Option<Text<'a>>,
    name: Option<Text<'a>>,
    description: Option<Text<'a>>,
    parameters: Option<&'a RawValue>,
    strict: Option<bool>,
    format: Option<&'a RawValue>,
    tools: Option<Vec<&'a RawValue>>,
}

/// The tools so far. Whatever is declared again takes the place of what was declared before.
#[derive(Debug, Default)]
pub(super) struct Declared<'a> {
    pub tools: Vec<Tool<'a>>,
}

impl<'a> Declared<'a> {
    /// Adds a declaration.
    pub(super) fn add(&mut self, raw: &'a RawValue) -> Result<(), serde_json::Error> {
        let declaration: Declaration<'a> = json::read(raw.get())?;
        if !declaration.is_namespace() {
            put(&mut self.tools, tool(declaration, raw));
            return Ok(());
        }
        let name = declaration.name.map(Text::into_decoded).unwrap_or_default();
        let plain = name.is_empty() || name == PLAIN_NAMESPACE;
        let mut inner = Vec::new();
        for raw in declaration.tools.unwrap_or_default() {
            let declaration: Declaration<'a> = json::read(raw.get())?;
            // A namespace within a namespace has no name that a call could carry back.
            if !declaration.is_namespace() {
                inner.push(tool(declaration, raw));
            }
        }
        if plain {
            inner
                .into_iter()
                .for_each(|tool| put(&mut self.tools, tool));
            return Ok(());
        }
        let same =
            |tool: &&mut Tool<'a>| tool.name == name && matches!(tool.kind, ToolKind::Namespace(_));
        match self.tools.iter_mut().find(same).map(|tool| &mut tool.kind) {
            Some(ToolKind::Namespace(known)) => {
                inner.into_iter().for_each(|tool| put(known, tool));
            }
            _ => self.tools.push(Tool {
                name,
                description: declaration.description,
                kind: ToolKind::Namespace(inner),
                cache: None,
            }),
        }
        Ok(())
    }
}

impl Declaration<'_> {
    fn is_namespace(&self) -> bool {
        self.r#type
            .as_ref()
            .is_some_and(|kind| kind.is("namespace"))
    }
}

fn put<'a>(tools: &mut Vec<Tool<'a>>, tool: Tool<'a>) {
    let is_own = |tool: &Tool<'_>| {
        matches!(
            tool.kind,
            ToolKind::Function { .. } | ToolKind::Custom { .. }
        )
    };
    let same = |known: &&mut Tool<'a>| is_own(known) && is_own(&tool) && known.name == tool.name;
    match tools.iter_mut().find(same) {
        Some(known) => *known = tool,
        None => tools.push(tool),
    }
}

fn tool<'a>(declaration: Declaration<'a>, raw: &'a RawValue) -> Tool<'a> {
    let kind = declaration
        .r#type
        .map(Text::into_decoded)
        .unwrap_or(Cow::Borrowed("function"));
    let kind = match kind.as_ref() {
        "function" => ToolKind::Function {
            schema: declaration.parameters.filter(|raw| raw.get() != "null"),
            strict: declaration.strict,
        },
        "custom" => ToolKind::Custom {
            format: declaration.format,
        },
        _ => ToolKind::Hosted { kind, raw },
    };
    Tool {
        name: declaration.name.map(Text::into_decoded).unwrap_or_default(),
        description: declaration.description,
        kind,
        cache: None,
    }
}

/// The namespace that a call's or a choice's name stands in.
pub(super) fn namespace(namespace: Option<Text<'_>>) -> Option<Text<'_>> {
    namespace.filter(|name| !name.is_empty() && !name.is(PLAIN_NAMESPACE))
}

/// Reads `tool_choice`.
pub(super) fn choice<'a>(
    raw: Option<&'a RawValue>,
    dropped: &mut Dropped,
) -> Result<Option<ToolChoice<'a>>, serde_json::Error> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Choice<'a> {
        #[serde(borrow)]
        r#type: Option<Text<'a>>,
        namespace: Option<Text<'a>>,
        name: Option<Text<'a>>,
        mode: Option<Text<'a>>,
        tools: Option<Vec<Choice<'a>>>,
    }
    let Some(raw) = raw else {
        return Ok(None);
    };
    if let Some(word) = Text::of(raw.get()) {
        return Ok(Some(match word.decoded().as_ref() {
            "none" => ToolChoice::None,
            "required" => ToolChoice::Any,
            _ => ToolChoice::Auto,
        }));
    }
    let choice: Choice<'a> = json::read(raw.get())?;
    let kind = choice.r#type.map(Text::into_decoded).unwrap_or_default();
    Ok(match (kind.as_ref(), choice.name) {
        ("function" | "custom", Some(name)) => Some(ToolChoice::Tool {
            namespace: namespace(choice.namespace),
            name,
        }),
        ("allowed_tools", _) => Some(ToolChoice::Allowed {
            must: choice.mode.is_some_and(|mode| mode.is("required")),
            names: choice
                .tools
                .unwrap_or_default()
                .into_iter()
                .filter_map(|tool| tool.name)
                .collect(),
        }),
        _ => {
            dropped.note("tool_choice");
            None
        }
    })
}
