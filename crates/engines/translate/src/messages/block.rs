//! A content block as it stands in a body: one flat shape for every type, so that a block is read in one pass and
//! nothing of it is copied.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json::{StringOr, Text};
use crate::neutral::Cache;

/// What may stand in `content` and `system`.
pub(super) type Content<'a> = StringOr<'a, Block<'a>>;

/// A block of any type; what a type does not have stays empty.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Block<'a> {
    #[serde(borrow)]
    pub r#type: Option<Text<'a>>,
    pub text: Option<Text<'a>>,
    pub thinking: Option<Text<'a>>,
    pub signature: Option<Text<'a>>,
    pub data: Option<Text<'a>>,
    pub id: Option<Text<'a>>,
    pub name: Option<Text<'a>>,
    pub input: Option<&'a RawValue>,
    pub tool_use_id: Option<Text<'a>>,
    pub content: Option<&'a RawValue>,
    pub is_error: Option<bool>,
    /// An object for images and documents, a string for search results.
    pub source: Option<&'a RawValue>,
    pub title: Option<Text<'a>>,
    pub context: Option<Text<'a>>,
    pub citations: Option<&'a RawValue>,
    pub cache_control: Option<CacheControl<'a>>,
    pub tool_name: Option<Text<'a>>,
    /// What `tool_addition` and `tool_removal` change.
    pub tool: Option<&'a RawValue>,
}

impl Block<'_> {
    pub(super) fn is(&self, kind: &str) -> bool {
        self.r#type.as_ref().is_some_and(|found| found.is(kind))
    }
}

/// `cache_control`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CacheControl<'a> {
    #[serde(borrow)]
    ttl: Option<Text<'a>>,
}

impl CacheControl<'_> {
    pub(super) fn hint(&self) -> Cache {
        match &self.ttl {
            Some(ttl) if ttl.is("1h") => Cache::Hour,
            Some(ttl) if ttl.is("5m") => Cache::Minutes5,
            _ => Cache::Default,
        }
    }
}

/// The source of an image or a document.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct BlockSource<'a> {
    #[serde(borrow)]
    pub r#type: Option<Text<'a>>,
    pub media_type: Option<Text<'a>>,
    pub data: Option<Text<'a>>,
    pub url: Option<Text<'a>>,
    pub file_id: Option<Text<'a>>,
    pub content: Option<&'a RawValue>,
}
