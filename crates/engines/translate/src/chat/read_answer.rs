//! Reads a whole chat completion into the neutral answer. The first choice counts: no other protocol has several.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::message::{self, Choice, ContentPart, Message, joined};
use crate::dialect::{Dialect, Upstream};
use crate::error::TranslateError;
use crate::fault::Fault;
use crate::json::{self, StringOr, Text};
use crate::neutral::{
    Answer, Bind, Bound, Input, Part, Reasoning, Stop, StopReason, TextPart, ToolCall,
};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Completion<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    model: Option<Text<'a>>,
    created: Option<f64>,
    choices: Option<Vec<Choice<'a>>>,
    error: Option<&'a RawValue>,
}

/// Reads an answer; an error that came with a status of success is one.
pub(crate) fn read_answer(body: &str, dialect: Dialect) -> Result<Answer<'_>, TranslateError> {
    let completion: Completion<'_> =
        json::read(body).map_err(|error| TranslateError::answer(Upstream::Chat, &error))?;
    let choice = completion.choices.unwrap_or_default().into_iter().next();
    let Some(choice) = choice else {
        if completion.error.is_some_and(|error| error.get() != "null") {
            let fault = Fault::read(0, body.as_bytes());
            return Err(TranslateError::UpstreamError {
                kind: fault.kind,
                message: fault.message,
            });
        }
        return Err(TranslateError::NotAnAnswer {
            upstream: Upstream::Chat,
            reason: "it has no choices".to_owned(),
        });
    };
    let mut stop = choice
        .finish_reason
        .as_ref()
        .map_or_else(Stop::default, |reason| {
            message::stop(reason, choice.stop_reason)
        });
    let parts = parts(choice.message.unwrap_or_default(), dialect, &mut stop);
    Ok(Answer {
        id: completion.id,
        model: completion.model,
        created_s: completion.created.map(seconds),
        parts,
        stop,
    })
}

/// Whole seconds; a few servers give fractions.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates"
)]
pub(super) fn seconds(created: f64) -> u64 {
    created as u64
}

fn parts<'a>(message: Message<'a>, dialect: Dialect, stop: &mut Stop<'a>) -> Vec<Part<'a>> {
    let mut parts = Vec::new();
    reasoning(&message, dialect, &mut parts);
    let mut texts = Vec::new();
    match message.content {
        Some(StringOr::Text(text)) => texts.push(text),
        Some(StringOr::List(list)) => list.into_iter().for_each(|part| {
            if let Some(thinking) = part.thinking {
                thought(thinking, dialect, &mut parts);
            }
            texts.extend(part.text.or(part.refusal));
        }),
        None => texts.extend(message.audio.and_then(|audio| audio.transcript)),
    }
    if let Some(text) = texts
        .into_iter()
        .filter(|text| !text.is_empty())
        .reduce(|first, second| joined(first, &second))
    {
        parts.push(Part::Text(TextPart {
            text,
            cache: None,
            signature: None,
            citations: None,
        }));
    }
    if let Some(refusal) = message.refusal.filter(|refusal| !refusal.is_empty()) {
        stop.reason = StopReason::Refusal;
        stop.explanation = Some(refusal.clone());
        parts.push(Part::Refusal(refusal));
    }
    for call in message.tool_calls.unwrap_or_default() {
        let input = call.input().unwrap_or(Text::EMPTY);
        parts.push(Part::ToolCall(ToolCall {
            signature: call.signature(),
            name: call.name().unwrap_or(Text::EMPTY),
            id: call.id.unwrap_or(Text::EMPTY),
            namespace: None,
            input: Input::Encoded(input),
            cache: None,
        }));
    }
    if let Some(function) = message.function_call {
        let input = function.input().unwrap_or(Text::EMPTY);
        parts.push(Part::ToolCall(ToolCall {
            id: Text::EMPTY,
            namespace: None,
            name: function.name.unwrap_or(Text::EMPTY),
            input: Input::Encoded(input),
            signature: None,
            cache: None,
        }));
    }
    parts
}

/// The visible text with the first thing that binds it; what else binds stands alone.
fn reasoning<'a>(message: &Message<'a>, dialect: Dialect, parts: &mut Vec<Part<'a>>) {
    let mut bounds = message.bounds(dialect);
    if let Some((text, field)) = message.thinking() {
        let bound = bounds.next().unwrap_or_else(|| visible(dialect, field));
        parts.push(Part::Reasoning(Reasoning {
            text,
            bound: Some(bound),
        }));
    }
    parts.extend(bounds.map(|bound| {
        Part::Reasoning(Reasoning {
            text: Text::EMPTY,
            bound: Some(bound),
        })
    }));
}

/// Thinking that stands among the parts of `content`.
fn thought<'a>(
    thinking: StringOr<'a, ContentPart<'a>>,
    dialect: Dialect,
    parts: &mut Vec<Part<'a>>,
) {
    let text = match thinking {
        StringOr::Text(text) => Some(text),
        StringOr::List(list) => list
            .into_iter()
            .filter_map(|part| part.text)
            .reduce(|first, second| joined(first, &second)),
    };
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        parts.push(Part::Reasoning(Reasoning {
            text,
            bound: Some(visible(dialect, "thinking")),
        }));
    }
}

/// What is remembered of reasoning that anybody may read: who made it, and where that server wants it back.
pub(super) fn visible(dialect: Dialect, field: &'static str) -> Bound<'static> {
    Bound {
        form: Some(Text::Plain(Cow::Borrowed(field))),
        ..Bound::new(dialect.origin(), Bind::Visible, Text::EMPTY)
    }
}
