//! The shape of a Converse answer and of its events, and what its end means.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::dialect::Origin;
use crate::error::TranslateError;
use crate::json::Text;
use crate::neutral::{Bind, Bound, Stop, StopReason};

/// A whole answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Response<'a> {
    #[serde(borrow)]
    pub output: Option<Output<'a>>,
    pub stop_reason: Option<Text<'a>>,
    pub usage: Option<Counts>,
    pub service_tier: Option<Tier<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Output<'a> {
    #[serde(borrow)]
    pub message: Option<Message<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Message<'a> {
    #[serde(borrow)]
    pub content: Option<Vec<Block<'a>>>,
}

/// A block of any type; what a type does not have stays empty.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Block<'a> {
    #[serde(borrow)]
    pub text: Option<Text<'a>>,
    pub tool_use: Option<ToolUse<'a>>,
    pub reasoning_content: Option<ReasoningContent<'a>>,
    pub citations_content: Option<CitationsContent<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ToolUse<'a> {
    #[serde(borrow)]
    pub tool_use_id: Option<Text<'a>>,
    pub name: Option<Text<'a>>,
    /// An object in a whole answer, a piece of one's text in a stream.
    pub input: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ReasoningContent<'a> {
    #[serde(borrow)]
    pub reasoning_text: Option<ReasoningText<'a>>,
    /// In a stream.
    pub text: Option<Text<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ReasoningText<'a> {
    #[serde(borrow)]
    pub text: Option<Text<'a>>,
}

/// Text whose sources are told.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CitationsContent<'a> {
    #[serde(borrow)]
    pub content: Option<Vec<Block<'a>>>,
}

/// An event of a stream, of any type.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct StreamEvent<'a> {
    pub content_block_index: Option<u64>,
    #[serde(borrow)]
    pub start: Option<Block<'a>>,
    pub delta: Option<Block<'a>>,
    pub stop_reason: Option<Text<'a>>,
    pub usage: Option<Counts>,
    pub service_tier: Option<Tier<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Tier<'a> {
    #[serde(borrow)]
    pub r#type: Option<Text<'a>>,
}

/// What was counted. Input leaves out what was read from a cache or written to one.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Counts {
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cache_read_input_tokens: Option<u64>,
    pub cache_write_input_tokens: Option<u64>,
    pub cache_details: Option<Vec<CacheDetail>>,
}

/// What was written to a cache, by how long it lives.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct CacheDetail {
    pub ttl: Option<String>,
    pub input_tokens: u64,
}

/// Reasoning that nobody signed: none of it goes back.
pub(super) fn visible() -> Bound<'static> {
    Bound::new(Origin::Bedrock, Bind::Visible, Text::EMPTY)
}

/// Why an answer ended.
pub(super) fn stop(reason: &Text<'_>) -> Result<Stop<'static>, TranslateError> {
    let reason = match reason.decoded().as_ref() {
        "tool_use" => StopReason::ToolUse,
        "max_tokens" => StopReason::MaxTokens,
        "stop_sequence" => StopReason::StopSequence,
        "model_context_window_exceeded" => StopReason::ContextFull,
        "guardrail_intervened" | "content_filtered" => StopReason::Refusal,
        "malformed_model_output" | "malformed_tool_use" => {
            return Err(TranslateError::MalformedCall);
        }
        _ => StopReason::EndTurn,
    };
    Ok(Stop {
        reason,
        ..Stop::default()
    })
}
