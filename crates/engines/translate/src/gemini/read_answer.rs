//! Reads a whole Gemini answer into the neutral one.

use std::borrow::Cow;

use super::answer::{Part as Sent, Response, of_text, visible};
use crate::dialect::{Dialect, Upstream};
use crate::error::TranslateError;
use crate::fault::Fault;
use crate::json::{self, Text};
use crate::neutral::{Answer, Bind, Bound, Input, Part, Reasoning, ToolCall};

/// Reads an answer; an error that came with a status of success is one.
pub(crate) fn read_answer(body: &str, _dialect: Dialect) -> Result<Answer<'_>, TranslateError> {
    let mut response: Response<'_> =
        json::read(body).map_err(|error| TranslateError::answer(Upstream::Gemini, &error))?;
    if response.has_error() {
        let fault = Fault::read(0, body.as_bytes());
        return Err(TranslateError::UpstreamError {
            kind: fault.kind,
            message: fault.message,
        });
    }
    let candidate = response.candidate();
    let blocked = response.blocked();
    let mut answer = Answer {
        id: response.response_id,
        model: response.model_version,
        ..Answer::default()
    };
    match (candidate, blocked) {
        (Some(mut candidate), _) => {
            answer.stop = candidate.stop()?.unwrap_or_default();
            for part in candidate.parts() {
                read_part(part, &mut answer.parts);
            }
        }
        (None, Some(stop)) => answer.stop = stop,
        (None, None) => {
            return Err(TranslateError::NotAnAnswer {
                upstream: Upstream::Gemini,
                reason: "it has no candidates".to_owned(),
            });
        }
    }
    Ok(answer)
}

fn read_part<'a>(part: Sent<'a>, parts: &mut Vec<Part<'a>>) {
    let signature = part.signature();
    if let Some(kind) = part.server() {
        parts.push(Part::Server(Text::plain(kind)));
    }
    if let Some(call) = part.function_call {
        let args = call
            .args
            .map(|args| args.get())
            .filter(|args| json::is_object(args));
        parts.push(Part::ToolCall(ToolCall {
            id: call.id.unwrap_or(Text::EMPTY),
            namespace: None,
            name: call.name.unwrap_or(Text::EMPTY),
            input: Input::Object(Cow::Borrowed(args.unwrap_or("{}"))),
            signature,
            cache: None,
        }));
        return;
    }
    let text = part.text.unwrap_or(Text::EMPTY);
    if part.thought == Some(true) {
        // Several pieces of one thought are one.
        let unsigned = |bound: &Bound<'_>| bound.bind == Bind::Visible;
        if let (Some(Part::Reasoning(last)), None) = (parts.last_mut(), &signature)
            && last.bound.as_ref().is_some_and(unsigned)
        {
            let before = std::mem::replace(&mut last.text, Text::EMPTY);
            last.text = joined(before, &text);
            return;
        }
        let bound = match signature {
            Some(signature) => signature,
            None => visible(),
        };
        parts.push(Part::Reasoning(Reasoning {
            text,
            bound: Some(bound),
        }));
        return;
    }
    if let Some(signature) = signature {
        sign(signature, text.is_empty(), parts);
    }
    if text.is_empty() {
        return;
    }
    match parts.last_mut() {
        Some(Part::Text(last)) => {
            let before = std::mem::replace(&mut last.text, Text::EMPTY);
            last.text = joined(before, &text);
        }
        _ => parts.push(Part::text(text)),
    }
}

/// The signature of a text stands before it, with the thought there or as reasoning of which nothing can be read: so
/// every caller's protocol has a place for it. One that came without text is that of the last text.
fn sign<'a>(signature: Bound<'a>, is_late: bool, parts: &mut Vec<Part<'a>>) {
    let last = parts.iter().rposition(|part| matches!(part, Part::Text(_)));
    let place = last.filter(|_| is_late).unwrap_or(parts.len());
    let bound = Some(of_text(signature));
    let before = place.checked_sub(1).and_then(|place| parts.get_mut(place));
    match before {
        Some(Part::Reasoning(thought))
            if thought
                .bound
                .as_ref()
                .is_some_and(|b| b.bind == Bind::Visible) =>
        {
            thought.bound = bound;
        }
        _ => parts.insert(
            place,
            Part::Reasoning(Reasoning {
                text: Text::EMPTY,
                bound,
            }),
        ),
    }
}

fn joined<'a>(first: Text<'a>, second: &Text<'a>) -> Text<'a> {
    let mut whole = first.into_decoded().into_owned();
    whole.push_str(&second.decoded());
    Text::plain(whole)
}
