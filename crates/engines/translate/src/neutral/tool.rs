//! Tools, and which of them the model shall use.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::Cache;
use crate::json::Text;

/// A tool that the model may call.
#[derive(Debug)]
pub(crate) struct Tool<'a> {
    /// As the caller names it; empty where a hosted tool has none.
    pub name: Cow<'a, str>,
    pub description: Option<Text<'a>>,
    pub kind: ToolKind<'a>,
    pub cache: Option<Cache>,
}

/// What sort of tool it is.
#[derive(Debug)]
pub(crate) enum ToolKind<'a> {
    /// Called with a JSON object.
    Function {
        /// JSON Schema, as it was sent.
        schema: Option<&'a RawValue>,
        strict: Option<bool>,
    },
    /// Called with free text.
    Custom {
        /// Its grammar, as it was sent.
        format: Option<&'a RawValue>,
    },
    /// Several tools under one name.
    Namespace(Vec<Tool<'a>>),
    /// Run by the provider, or known to its models without a schema.
    Hosted {
        /// The type, as the caller's protocol names it.
        kind: Cow<'a, str>,
        /// The whole declaration.
        raw: &'a RawValue,
    },
}

/// Which tools the model shall use.
#[derive(Debug, Clone)]
pub(crate) enum ToolChoice<'a> {
    Auto,
    /// Some tool.
    Any,
    None,
    /// That one.
    Tool {
        namespace: Option<Text<'a>>,
        name: Text<'a>,
    },
    /// One of those.
    Allowed {
        must: bool,
        names: Vec<Text<'a>>,
    },
}
