//! The shape of a Gemini answer, which each chunk of a stream has too, and what its parts and its end mean.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::dialect::Origin;
use crate::error::TranslateError;
use crate::json::Text;
use crate::neutral::{Bind, Bound, Stop, StopReason};

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Response<'a> {
    #[serde(borrow)]
    pub candidates: Option<Vec<Candidate<'a>>>,
    pub prompt_feedback: Option<PromptFeedback<'a>>,
    pub usage_metadata: Option<UsageMetadata<'a>>,
    pub model_version: Option<Text<'a>>,
    pub response_id: Option<Text<'a>>,
    pub error: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Candidate<'a> {
    pub index: Option<u32>,
    #[serde(borrow)]
    pub content: Option<Content<'a>>,
    pub finish_reason: Option<Text<'a>>,
    pub finish_message: Option<Text<'a>>,
    pub grounding_metadata: Option<Grounding>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Content<'a> {
    #[serde(borrow)]
    pub parts: Option<Vec<Part<'a>>>,
}

/// A part of any type; what a type does not have stays empty.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Part<'a> {
    #[serde(borrow)]
    pub text: Option<Text<'a>>,
    /// The text is a summary of what the model thinks.
    pub thought: Option<bool>,
    pub thought_signature: Option<Text<'a>>,
    pub function_call: Option<FunctionCall<'a>>,
    pub executable_code: Option<IgnoredAny>,
    pub code_execution_result: Option<IgnoredAny>,
    pub inline_data: Option<IgnoredAny>,
    pub tool_call: Option<IgnoredAny>,
    pub tool_response: Option<IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FunctionCall<'a> {
    #[serde(borrow)]
    pub id: Option<Text<'a>>,
    pub name: Option<Text<'a>>,
    pub args: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Grounding {
    pub web_search_queries: Option<Vec<IgnoredAny>>,
}

/// Why a prompt got no answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PromptFeedback<'a> {
    #[serde(borrow)]
    pub block_reason: Option<Text<'a>>,
    pub block_reason_message: Option<Text<'a>>,
}

/// Counts, cumulative in a stream.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct UsageMetadata<'a> {
    pub prompt_token_count: Option<u64>,
    pub cached_content_token_count: Option<u64>,
    pub candidates_token_count: Option<u64>,
    pub thoughts_token_count: Option<u64>,
    pub tool_use_prompt_token_count: Option<u64>,
    #[serde(borrow)]
    pub prompt_tokens_details: Option<Vec<Modality<'a>>>,
    pub cache_tokens_details: Option<Vec<Modality<'a>>>,
    pub candidates_tokens_details: Option<Vec<Modality<'a>>>,
    /// How Vertex served the call.
    pub traffic_type: Option<Text<'a>>,
}

/// What of a count is text, image, sound.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Modality<'a> {
    #[serde(borrow)]
    pub modality: Option<Text<'a>>,
    pub token_count: Option<u64>,
}

impl<'a> Response<'a> {
    pub(super) fn has_error(&self) -> bool {
        self.error.is_some_and(|error| error.get() != "null")
    }

    /// The first candidate: no other protocol has several.
    pub(super) fn candidate(&mut self) -> Option<Candidate<'a>> {
        let candidates = self.candidates.take()?;
        candidates
            .into_iter()
            .find(|candidate| candidate.index.unwrap_or(0) == 0)
    }

    /// Why there is no answer, where the prompt was blocked.
    pub(super) fn blocked(&self) -> Option<Stop<'a>> {
        let feedback = self.prompt_feedback.as_ref()?;
        let reason = feedback.block_reason.as_ref()?;
        let words = feedback.block_reason_message.clone();
        let words = words.unwrap_or_else(|| {
            Text::plain(format!("the prompt was blocked: {}", reason.decoded()))
        });
        Some(Stop {
            reason: StopReason::Refusal,
            sequence: None,
            explanation: Some(words),
        })
    }
}

impl<'a> Candidate<'a> {
    pub(super) fn parts(&mut self) -> Vec<Part<'a>> {
        let content = self.content.take();
        content
            .and_then(|content| content.parts)
            .unwrap_or_default()
    }

    /// Why it ended, where it did.
    pub(super) fn stop(&self) -> Result<Option<Stop<'a>>, TranslateError> {
        let Some(reason) = &self.finish_reason else {
            return Ok(None);
        };
        let reason = reason.decoded();
        let stop = match reason.as_ref() {
            "MAX_TOKENS" | "CONTINUATION" => StopReason::MaxTokens,
            "MALFORMED_FUNCTION_CALL" | "UNEXPECTED_TOOL_CALL" | "MALFORMED_RESPONSE" => {
                return Err(TranslateError::MalformedCall);
            }
            refusal if is_refusal(refusal) => StopReason::Refusal,
            _ => StopReason::EndTurn,
        };
        let words = || Text::plain(format!("the answer was blocked: {reason}"));
        Ok(Some(Stop {
            reason: stop,
            sequence: None,
            explanation: (stop == StopReason::Refusal)
                .then(|| self.finish_message.clone().unwrap_or_else(words)),
        }))
    }
}

/// Whether the provider stopped the answer for what is in it.
pub(super) fn is_refusal(reason: &str) -> bool {
    matches!(
        reason,
        "SAFETY"
            | "RECITATION"
            | "BLOCKLIST"
            | "PROHIBITED_CONTENT"
            | "SPII"
            | "LANGUAGE"
            | "MODEL_ARMOR"
            | "ESCALATION"
            | "PUP_LIMITED_DISABLED"
            | "IMAGE_SAFETY"
            | "IMAGE_PROHIBITED_CONTENT"
            | "IMAGE_RECITATION"
    )
}

impl<'a> Part<'a> {
    pub(super) fn is_thought(&self) -> bool {
        self.thought == Some(true)
    }

    pub(super) fn signature(&self) -> Option<Bound<'a>> {
        let data = self.thought_signature.clone()?;
        (!data.is_empty()).then(|| Bound::new(Origin::Gemini, Bind::Signature, data))
    }

    /// The name of a part that only Google's own tools make.
    pub(super) fn server(&self) -> Option<&'static str> {
        [
            (self.executable_code.is_some(), "executable_code"),
            (
                self.code_execution_result.is_some(),
                "code_execution_result",
            ),
            (self.tool_call.is_some(), "tool_call"),
            (self.tool_response.is_some(), "tool_response"),
            (self.inline_data.is_some(), "inline_data"),
        ]
        .into_iter()
        .find_map(|(there, name)| there.then_some(name))
    }
}

/// What marks a signature as one of text, not of a thought.
pub(super) const OF_TEXT: &str = "text";

/// The signature of a text.
pub(super) fn of_text(bound: Bound<'_>) -> Bound<'_> {
    Bound {
        form: Some(Text::plain(OF_TEXT)),
        ..bound
    }
}

/// What marks a thought that nobody signed.
pub(super) fn visible() -> Bound<'static> {
    Bound::new(Origin::Gemini, Bind::Visible, Text::EMPTY)
}
