//! Reads a whole message into the neutral answer.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::block::Block;
use crate::dialect::{Dialect, Origin, Upstream};
use crate::error::TranslateError;
use crate::fault::Fault;
use crate::json::{self, Text};
use crate::neutral::{
    Answer, Bind, Bound, Input, Part, Reasoning, Stop, StopReason, TextPart, ToolCall,
};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Message<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    model: Option<Text<'a>>,
    content: Option<Vec<Block<'a>>>,
    stop_reason: Option<Text<'a>>,
    stop_sequence: Option<Text<'a>>,
    stop_details: Option<StopDetails<'a>>,
    error: Option<&'a RawValue>,
}

/// More about a refusal.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct StopDetails<'a> {
    #[serde(borrow)]
    explanation: Option<Text<'a>>,
}

/// Reads an answer; an error that came with a status of success is one.
pub(crate) fn read_answer(body: &str, _dialect: Dialect) -> Result<Answer<'_>, TranslateError> {
    let message: Message<'_> =
        json::read(body).map_err(|error| TranslateError::answer(Upstream::Messages, &error))?;
    let Some(content) = message.content else {
        if message.error.is_some_and(|error| error.get() != "null") {
            let fault = Fault::read(0, body.as_bytes());
            return Err(TranslateError::UpstreamError {
                kind: fault.kind,
                message: fault.message,
            });
        }
        return Err(TranslateError::NotAnAnswer {
            upstream: Upstream::Messages,
            reason: "it has no content".to_owned(),
        });
    };
    let reason = message.stop_reason.as_ref();
    Ok(Answer {
        id: message.id,
        model: message.model,
        created_s: None,
        parts: content.into_iter().filter_map(part).collect(),
        stop: reason.map_or_else(Stop::default, |reason| {
            stop(reason, message.stop_sequence, message.stop_details)
        }),
    })
}

fn part(block: Block<'_>) -> Option<Part<'_>> {
    let kind = block.r#type.clone()?;
    Some(match kind.decoded().as_ref() {
        "text" => Part::Text(TextPart {
            text: block.text.filter(|text| !text.is_empty())?,
            cache: None,
            signature: None,
            citations: block.citations,
        }),
        "thinking" => Part::Reasoning(Reasoning {
            bound: Some(bound(block.signature)),
            text: block.thinking.unwrap_or(Text::EMPTY),
        }),
        "redacted_thinking" => Part::Reasoning(Reasoning {
            text: Text::EMPTY,
            bound: Some(redacted(block.data?)),
        }),
        "tool_use" => Part::ToolCall(ToolCall {
            id: block.id.unwrap_or(Text::EMPTY),
            namespace: None,
            name: block.name.unwrap_or(Text::EMPTY),
            input: Input::Object(block.input.map_or("{}", RawValue::get).into()),
            signature: None,
            cache: None,
        }),
        _ => Part::Server(kind),
    })
}

/// What binds thinking: its signature, or nothing where a server gave none.
pub(super) fn bound(signature: Option<Text<'_>>) -> Bound<'_> {
    match signature.filter(|signature| !signature.is_empty()) {
        Some(signature) => Bound::new(Origin::Anthropic, Bind::Signature, signature),
        None => Bound::new(Origin::Anthropic, Bind::Visible, Text::EMPTY),
    }
}

pub(super) fn redacted(data: Text<'_>) -> Bound<'_> {
    Bound::new(Origin::Anthropic, Bind::Redacted, data)
}

/// Why a message ended.
pub(super) fn stop<'a>(
    reason: &Text<'_>,
    sequence: Option<Text<'a>>,
    details: Option<StopDetails<'a>>,
) -> Stop<'a> {
    let reason = match reason.decoded().as_ref() {
        "stop_sequence" => StopReason::StopSequence,
        "max_tokens" => StopReason::MaxTokens,
        "model_context_window_exceeded" => StopReason::ContextFull,
        "tool_use" => StopReason::ToolUse,
        "refusal" => StopReason::Refusal,
        "pause_turn" => StopReason::Pause,
        _ => StopReason::EndTurn,
    };
    Stop {
        reason,
        sequence,
        explanation: details.and_then(|details| details.explanation),
    }
}
