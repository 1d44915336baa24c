//! Writes the neutral answer as a chat completion.

use kernel::Reported;

use super::detail;
use crate::dialect::Origin;
use crate::json::{self, Object, Text, escape};
use crate::names;
use crate::neutral::{
    Answer, Bind, Bound, Calls, Input, Part, Reasoning, Stop, StopReason, ToolCall,
};
use crate::pair::Answer as Written;
use crate::state::PairState;

/// What stands between two texts that something else came between.
pub(super) const APART: &Text<'static> = &Text::Raw(r"\n\n");

/// Writes an answer.
pub(crate) fn write_answer(answer: &Answer<'_>, state: &PairState, reported: Reported) -> Written {
    let mut body = Vec::with_capacity(1_024);
    let mut signatures = Vec::new();
    {
        let mut completion = Object::new(&mut body);
        completion.str("id", &completion_id(state));
        completion.str("object", "chat.completion");
        completion.number("created", answer.created_s.unwrap_or(state.now_s));
        match &answer.model {
            Some(model) => completion.text("model", model),
            None => completion.str("model", &state.model),
        }
        {
            let mut choices = completion.array("choices");
            let mut choice = choices.object();
            choice.number("index", 0);
            let said = Said::of(answer);
            let mut message = choice.object("message");
            message.str("role", "assistant");
            said.write_words(&mut message, &answer.stop);
            write_thoughts(&mut message, &said.thoughts);
            let calls = write_calls(&mut message, &said.calls, state, &mut signatures);
            drop(message);
            choice.null("logprobs");
            let refused = !said.refusal.is_empty();
            choice.str(
                "finish_reason",
                finish_reason(&answer.stop, calls, refused, state),
            );
        }
        if let Some(usage) = &reported.usage {
            super::usage::write(&mut completion, usage);
        }
    }
    Written {
        body,
        reported,
        signatures,
    }
}

/// An answer's id: ours, because upstreams give ids of another kind or none.
pub(super) fn completion_id(state: &PairState) -> String {
    format!("chatcmpl-{}", state.call_id)
}

/// Why an answer ended. Words of refusal are an answer like another to OpenAI's clients; what a filter held back is
/// not.
pub(super) fn finish_reason(
    stop: &Stop<'_>,
    calls: Calls,
    refused: bool,
    state: &PairState,
) -> &'static str {
    match stop.reason.given(calls) {
        StopReason::MaxTokens | StopReason::ContextFull => "length",
        StopReason::ToolUse if state.one_call => "function_call",
        StopReason::ToolUse => "tool_calls",
        StopReason::Refusal if !refused => "content_filter",
        StopReason::EndTurn
        | StopReason::StopSequence
        | StopReason::Refusal
        | StopReason::Pause => "stop",
    }
}

/// What an answer says, by the places that chat has for it.
#[derive(Default)]
struct Said<'p, 'a> {
    /// Escaped.
    content: Vec<u8>,
    refusal: Vec<u8>,
    thoughts: Vec<&'p Reasoning<'a>>,
    calls: Vec<&'p ToolCall<'a>>,
}

impl<'p, 'a> Said<'p, 'a> {
    fn of(answer: &'p Answer<'a>) -> Self {
        let mut said = Self::default();
        let mut between = false;
        for part in &answer.parts {
            match part {
                Part::Text(text) => {
                    if between && !said.content.is_empty() && !text.text.is_empty() {
                        APART.write(&mut said.content);
                    }
                    between &= text.text.is_empty();
                    text.text.write(&mut said.content);
                }
                Part::Refusal(text) => text.write(&mut said.refusal),
                Part::Reasoning(reasoning) => {
                    between |= comes_between(reasoning.bound.as_ref(), &reasoning.text);
                    said.thoughts.push(reasoning);
                }
                Part::ToolCall(call) => {
                    between = true;
                    said.calls.push(call);
                }
                _ => {}
            }
        }
        said
    }

    fn write_words(&self, message: &mut Object<'_>, stop: &Stop<'_>) {
        let explanation = stop.explanation.as_ref();
        let explanation = explanation.filter(|_| stop.reason == StopReason::Refusal);
        let instead = !self.calls.is_empty() || !self.refusal.is_empty() || explanation.is_some();
        if self.content.is_empty() && instead {
            message.null("content");
        } else {
            quoted(message.value("content"), &self.content);
        }
        match explanation {
            _ if !self.refusal.is_empty() => quoted(message.value("refusal"), &self.refusal),
            Some(explanation) => message.text("refusal", explanation),
            None => message.null("refusal"),
        }
    }
}

/// Whether a thought parts the text before it from that after it. Gemini signs text in the middle, which does not.
pub(super) fn comes_between(bound: Option<&Bound<'_>>, text: &Text<'_>) -> bool {
    !text.is_empty() || bound.is_some_and(|bound| bound.origin != Origin::Gemini)
}

fn quoted(out: &mut Vec<u8>, escaped: &[u8]) {
    out.push(b'"');
    out.extend_from_slice(escaped);
    out.push(b'"');
}

/// Where Gemini's own chat endpoint puts a signature.
pub(super) fn write_signature(object: &mut Object<'_>, signature: &Text<'_>) {
    let mut extra = object.object("extra_content");
    extra.object("google").text("thought_signature", signature);
}

/// What was thought, once for whoever reads it and once for whoever brings it back.
fn write_thoughts(message: &mut Object<'_>, thoughts: &[&Reasoning<'_>]) {
    let mut texts = thoughts
        .iter()
        .map(|thought| &thought.text)
        .filter(|text| !text.is_empty())
        .peekable();
    if texts.peek().is_some() {
        let out = message.value("reasoning_content");
        out.push(b'"');
        for (index, text) in texts.enumerate() {
            if index > 0 {
                APART.write(out);
            }
            text.write(out);
        }
        out.push(b'"');
    }
    let binds = |bound: &&Bound<'_>| bound.bind != Bind::Visible;
    let bound = |thought: &&&Reasoning<'_>| thought.bound.as_ref().is_some_and(|b| binds(&b));
    if !thoughts.iter().any(|thought| bound(&thought)) {
        return;
    }
    let mut details = message.array("reasoning_details");
    for (index, thought) in (0..).zip(thoughts) {
        let mut entry = details.object();
        match thought.bound.as_ref().filter(binds) {
            Some(bound) => detail::write(&mut entry, bound, Some(&thought.text), index),
            None => detail::write_text(&mut entry, &thought.text, index),
        }
    }
}

/// An id that every later upstream takes; one of ours where the upstream gave none.
pub(super) fn call_id(id: &Text<'_>, state: &PairState, number: usize) -> String {
    if id.is_empty() {
        return format!("call_{}_{number}", state.call_id);
    }
    names::call_id(&id.decoded()).into_owned()
}

fn write_calls(
    message: &mut Object<'_>,
    calls: &[&ToolCall<'_>],
    state: &PairState,
    signatures: &mut Vec<(String, String)>,
) -> Calls {
    let Some(last) = calls.last() else {
        return Calls::None;
    };
    if state.one_call {
        if let Some(call) = calls.first() {
            write_function(&mut message.object("function_call"), call, state);
        }
    } else {
        let mut list = message.array("tool_calls");
        for (number, call) in calls.iter().enumerate() {
            let id = call_id(&call.id, state, number);
            let mut entry = list.object();
            entry.str("id", &id);
            write_call(&mut entry, call, state);
            if let Some(signature) = &call.signature {
                write_signature(&mut entry, &signature.data);
                signatures.push((id, signature.data.decoded().into_owned()));
            }
        }
    }
    if is_whole(&last.input) {
        Calls::Whole
    } else {
        Calls::Cut
    }
}

fn write_call(entry: &mut Object<'_>, call: &ToolCall<'_>, state: &PairState) {
    let known = state.names.restore(&call.name.decoded());
    if let Some(tool) = known.filter(|tool| tool.custom) {
        entry.str("type", "custom");
        let mut custom = entry.object("custom");
        custom.str("name", &tool.name);
        let json = match &call.input {
            Input::Object(json) => json.as_ref().into(),
            Input::Encoded(text) => text.decoded(),
            Input::Free(text) => return custom.text("input", text),
        };
        return custom.str("input", &names::free_input(&json));
    }
    entry.str("type", "function");
    write_function(&mut entry.object("function"), call, state);
}

fn write_function(function: &mut Object<'_>, call: &ToolCall<'_>, state: &PairState) {
    write_name(function, &call.name, state);
    let out = function.value("arguments");
    out.push(b'"');
    match &call.input {
        Input::Object(json) => escape(json, out),
        Input::Encoded(text) if text.is_empty() => out.extend_from_slice(b"{}"),
        Input::Encoded(text) | Input::Free(text) => text.write(out),
    }
    out.push(b'"');
}

/// Writes a call's name as its caller knows it.
pub(super) fn write_name(function: &mut Object<'_>, name: &Text<'_>, state: &PairState) {
    match state.names.restore(&name.decoded()) {
        Some(tool) => function.str("name", &tool.name),
        None => function.text("name", name),
    }
}

/// Whether a call's input has come whole.
fn is_whole(input: &Input<'_>) -> bool {
    match input {
        Input::Object(_) | Input::Free(_) => true,
        Input::Encoded(text) => {
            let json = text.decoded();
            json.trim().is_empty() || json::read::<serde::de::IgnoredAny>(&json).is_ok()
        }
    }
}
