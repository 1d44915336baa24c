//! Reads a whole response object into the neutral answer.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::item::{Content, Item, content};
use crate::dialect::{Dialect, Origin, Upstream};
use crate::error::TranslateError;
use crate::fault::Fault;
use crate::json::{self, Text};
use crate::neutral::{
    Answer, Bind, Bound, Input, Part, Reasoning, Stop, StopReason, TextPart, ToolCall,
};

/// A response object.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Response<'a> {
    #[serde(borrow)]
    pub id: Option<Text<'a>>,
    pub model: Option<Text<'a>>,
    pub created_at: Option<f64>,
    pub status: Option<Text<'a>>,
    pub error: Option<&'a RawValue>,
    pub incomplete_details: Option<Incomplete<'a>>,
    pub output: Option<Vec<Item<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Incomplete<'a> {
    #[serde(borrow)]
    reason: Option<Text<'a>>,
}

impl<'a> Response<'a> {
    /// Why it ended, as far as that is not in its items.
    pub(super) fn stop(&self) -> Stop<'a> {
        let reason = self
            .incomplete_details
            .as_ref()
            .and_then(|d| d.reason.as_ref());
        let reason = match reason {
            Some(reason) if reason.is("max_output_tokens") => StopReason::MaxTokens,
            Some(reason) if reason.is("content_filter") => StopReason::Refusal,
            _ => StopReason::EndTurn,
        };
        Stop {
            reason,
            sequence: None,
            explanation: None,
        }
    }

    /// When it was made.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates"
    )]
    pub(super) fn created_s(&self) -> Option<u64> {
        self.created_at.map(|created| created as u64)
    }
}

/// Reads an answer; an error that came with a status of success is one.
pub(crate) fn read_answer(body: &str, _dialect: Dialect) -> Result<Answer<'_>, TranslateError> {
    let response: Response<'_> = json::read(body).map_err(broken)?;
    let failed = response.error.is_some_and(|error| error.get() != "null")
        || response
            .status
            .as_ref()
            .is_some_and(|status| status.is("failed"));
    if failed {
        let fault = Fault::read(0, body.as_bytes());
        return Err(TranslateError::UpstreamError {
            kind: fault.kind,
            message: fault.message,
        });
    }
    let mut stop = response.stop();
    let created_s = response.created_s();
    let Some(output) = response.output else {
        return Err(TranslateError::NotAnAnswer {
            upstream: Upstream::Responses,
            reason: "it has no output".to_owned(),
        });
    };
    let mut parts = Vec::with_capacity(output.len());
    for item in output {
        read_item(&item, &mut parts, &mut stop)?;
    }
    Ok(Answer {
        id: response.id,
        model: response.model,
        created_s,
        parts,
        stop,
    })
}

fn read_item<'a>(
    item: &Item<'a>,
    parts: &mut Vec<Part<'a>>,
    stop: &mut Stop<'a>,
) -> Result<(), TranslateError> {
    let kind = item.kind();
    match kind.decoded().as_ref() {
        "message" => message(item, parts, stop)?,
        "reasoning" => parts.extend(reasoning(item)?.map(Part::Reasoning)),
        "function_call" => parts.push(call(item, Input::Encoded(item.arguments()))),
        "custom_tool_call" => parts.push(call(item, Input::Free(item.input()))),
        _ => parts.push(Part::Server(kind)),
    }
    Ok(())
}

fn message<'a>(
    item: &Item<'a>,
    parts: &mut Vec<Part<'a>>,
    stop: &mut Stop<'a>,
) -> Result<(), TranslateError> {
    let list = match content(item.content).map_err(broken)? {
        None => return Ok(()),
        Some(Content::Text(text)) => {
            parts.push(Part::text(text));
            return Ok(());
        }
        Some(Content::List(list)) => list,
    };
    for part in list {
        if part.is("refusal") {
            let words = part.refusal.unwrap_or(Text::EMPTY);
            stop.reason = StopReason::Refusal;
            stop.explanation = Some(words.clone());
            parts.push(Part::Refusal(words));
            continue;
        }
        let sources = part.annotations.filter(|raw| raw.get() != "[]");
        if let Some(text) = part.text.filter(|text| !text.is_empty()) {
            parts.push(Part::Text(TextPart {
                text,
                cache: None,
                signature: None,
                citations: sources,
            }));
        }
    }
    Ok(())
}

/// Reasoning that can be read or goes back; `None` where it is neither.
pub(super) fn reasoning<'a>(item: &Item<'a>) -> Result<Option<Reasoning<'a>>, TranslateError> {
    let text = item.thoughts().map_err(broken)?;
    let bound = bound(item);
    if text.is_empty() && bound.bind == Bind::Visible {
        return Ok(None);
    }
    Ok(Some(Reasoning {
        text,
        bound: Some(bound),
    }))
}

/// What goes back of it.
pub(super) fn bound<'a>(item: &Item<'a>) -> Bound<'a> {
    let bound = match item.encrypted() {
        Some(data) => Bound::new(Origin::OpenAi, Bind::Encrypted, data),
        None => Bound::new(Origin::OpenAi, Bind::Visible, Text::EMPTY),
    };
    Bound {
        id: item.id.clone(),
        ..bound
    }
}

fn call<'a>(item: &Item<'a>, input: Input<'a>) -> Part<'a> {
    Part::ToolCall(ToolCall {
        id: item.call(),
        namespace: None,
        name: item.name.clone().unwrap_or(Text::EMPTY),
        input,
        signature: None,
        cache: None,
    })
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the signature that `map_err` asks for"
)]
pub(super) fn broken(error: serde_json::Error) -> TranslateError {
    TranslateError::answer(Upstream::Responses, &error)
}

/// The number in an answer to a question for a count.
pub(crate) fn read_count(body: &str) -> Result<u64, TranslateError> {
    #[derive(Deserialize)]
    struct Counted {
        input_tokens: u64,
    }
    let counted: Counted = json::read(body).map_err(broken)?;
    Ok(counted.input_tokens)
}
