//! Writes the neutral answer as a message.

use kernel::Reported;

use crate::dialect::Origin;
use crate::json::{self, Array, Object, Text};
use crate::names;
use crate::neutral::{
    Answer, Bind, Bound, Calls, Input, Part, Reasoning, Stop, StopReason, ToolCall,
};
use crate::pair::Answer as Written;
use crate::seal;
use crate::state::PairState;

/// Writes an answer.
pub(crate) fn write_answer(answer: &Answer<'_>, state: &PairState, reported: Reported) -> Written {
    let mut body = Vec::with_capacity(1_024);
    let mut signatures = Vec::new();
    {
        let mut message = Object::new(&mut body);
        message.str("id", &message_id(state));
        message.str("type", "message");
        message.str("role", "assistant");
        match &answer.model {
            Some(model) => message.text("model", model),
            None => message.str("model", &state.model),
        }
        let calls = write_content(
            &mut message.array("content"),
            answer,
            state,
            &mut signatures,
        );
        write_stop(&mut message, &answer.stop, calls);
        super::usage::write(&mut message, &reported);
    }
    Written {
        body,
        reported,
        signatures,
    }
}

/// A message's id: ours, because upstreams give ids of another kind or none.
pub(super) fn message_id(state: &PairState) -> String {
    format!("msg_{}", state.call_id)
}

/// Writes `stop_reason` and what goes with it into a message or into the delta of `message_delta`.
pub(super) fn write_stop(object: &mut Object<'_>, stop: &Stop<'_>, calls: Calls) {
    let reason = stop.reason.given(calls);
    object.str("stop_reason", stop_reason(reason));
    match &stop.sequence {
        Some(sequence) if reason == StopReason::StopSequence => {
            object.text("stop_sequence", sequence);
        }
        _ => object.null("stop_sequence"),
    }
    if reason == StopReason::Refusal {
        let mut details = object.object("stop_details");
        details.str("type", "refusal");
        details.null("category");
        match &stop.explanation {
            Some(explanation) => details.text("explanation", explanation),
            None => details.null("explanation"),
        }
    }
}

fn stop_reason(reason: StopReason) -> &'static str {
    match reason {
        StopReason::EndTurn => "end_turn",
        StopReason::StopSequence => "stop_sequence",
        StopReason::MaxTokens => "max_tokens",
        StopReason::ContextFull => "model_context_window_exceeded",
        StopReason::ToolUse => "tool_use",
        StopReason::Refusal => "refusal",
        StopReason::Pause => "pause_turn",
    }
}

fn write_content(
    content: &mut Array<'_>,
    answer: &Answer<'_>,
    state: &PairState,
    signatures: &mut Vec<(String, String)>,
) -> Calls {
    let mut calls = Calls::None;
    let mut number = 0;
    for part in &answer.parts {
        match part {
            Part::Text(text) if !text.text.is_empty() => write_text(content, &text.text),
            Part::Refusal(text) if !text.is_empty() => write_text(content, text),
            Part::Reasoning(reasoning) => write_reasoning(content, reasoning, state),
            Part::ToolCall(call) => {
                let id = tool_id(&call.id, state, number);
                number += 1;
                if let Some(signature) = &call.signature {
                    signatures.push((id.clone(), signature.data.decoded().into_owned()));
                }
                let whole = write_call(&mut content.object(), &id, call, state);
                calls = if whole { Calls::Whole } else { Calls::Cut };
            }
            _ => {}
        }
    }
    calls
}

fn write_text(content: &mut Array<'_>, text: &Text<'_>) {
    let mut block = content.object();
    block.str("type", "text");
    block.text("text", text);
    block.null("citations");
}

fn write_reasoning(content: &mut Array<'_>, reasoning: &Reasoning<'_>, state: &PairState) {
    let mut block = content.object();
    match &reasoning.bound {
        Some(bound) if bound.origin == Origin::Anthropic && bound.bind == Bind::Redacted => {
            block.str("type", "redacted_thinking");
            block.text("data", &bound.data);
        }
        bound => {
            block.str("type", "thinking");
            let hidden = state.hide_thinking && bound.is_some();
            block.text(
                "thinking",
                if hidden {
                    &Text::EMPTY
                } else {
                    &reasoning.text
                },
            );
            let signature = bound.as_ref().map(|bound| {
                let inside = hidden.then(|| reasoning.text.clone());
                signature(bound, inside)
            });
            block.text("signature", &signature.unwrap_or(Text::EMPTY));
        }
    }
}

/// What stands as a block's signature: Anthropic's own, or a seal around another maker's.
pub(super) fn signature<'a>(bound: &'a Bound<'_>, inside: Option<Text<'a>>) -> Text<'a> {
    let inside = inside.filter(|text| !text.is_empty());
    if bound.origin == Origin::Anthropic && bound.bind == Bind::Signature && inside.is_none() {
        return bound.data.clone();
    }
    let mut sealed: Bound<'a> = bound.clone();
    if inside.is_some() {
        sealed.text = inside;
    }
    Text::plain(seal::seal(&sealed))
}

/// An id that Anthropic's clients and every later upstream take; one of ours where the upstream gave none.
pub(super) fn tool_id(id: &Text<'_>, state: &PairState, number: usize) -> String {
    if id.is_empty() {
        return format!("toolu_{}_{number}", state.call_id);
    }
    names::call_id(&id.decoded()).into_owned()
}

/// Writes a call's name as its caller knows it.
pub(super) fn write_name(block: &mut Object<'_>, name: &Text<'_>, state: &PairState) {
    match state.names.restore(&name.decoded()) {
        Some(tool) => block.str("name", &tool.name),
        None => block.text("name", name),
    }
}

/// Writes a call; false where its input is no whole object.
fn write_call(block: &mut Object<'_>, id: &str, call: &ToolCall<'_>, state: &PairState) -> bool {
    block.str("type", "tool_use");
    block.str("id", id);
    write_name(block, &call.name, state);
    let plain;
    let input = match &call.input {
        Input::Object(json) => json.as_ref(),
        Input::Encoded(text) | Input::Free(text) => {
            plain = text.decoded();
            plain.trim()
        }
    };
    if input.is_empty() {
        block.raw("input", "{}");
        return true;
    }
    let whole = json::is_object(input) && json::read::<serde::de::IgnoredAny>(input).is_ok();
    if whole {
        block.raw("input", input);
    } else {
        // Nothing is lost, and no tool takes it for its own input.
        block.object("input").str("invalid_json", input);
    }
    whole
}
