//! What the assistant said: text, calls, and its reasoning in the field in which its server wants it back.

use super::content::{Piece, pieces, write_text};
use super::dialect::Rules;
use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::json::{Array, Object, Text, escape};
use crate::names::{self, NameRule};
use crate::neutral::{Bind, Bound, Input, Part, Reasoning, Thinking, ToolCall};

/// Writes one message.
pub(super) fn write(
    messages: &mut Array<'_>,
    parts: Vec<Part<'_>>,
    thinking: &Thinking,
    rules: Rules,
    dropped: &mut Dropped,
) -> Result<(), TranslateError> {
    let mut calls = Vec::new();
    let mut thoughts = Vec::new();
    let mut said = Vec::new();
    for part in parts {
        match part {
            Part::ToolCall(call) => calls.push(call),
            Part::Reasoning(reasoning) => thoughts.push(reasoning),
            part => said.push(part),
        }
    }
    let said: Vec<Text<'_>> = pieces(said, rules, dropped)?
        .into_iter()
        .filter_map(|piece| match piece {
            Piece::Text(text) => Some(text),
            _ => None,
        })
        .collect();
    if said.is_empty() && calls.is_empty() {
        return Ok(());
    }
    let mut message = messages.object();
    message.str("role", "assistant");
    let among: Vec<_> = thoughts
        .iter()
        .filter(|thought| is(thought, "thinking"))
        .collect();
    if !among.is_empty() {
        write_among(&mut message, &among, &said);
    } else if said.is_empty() {
        message.null("content");
    } else {
        write_text(message.value("content"), "", &said);
    }
    write_thoughts(&mut message, &thoughts, thinking, rules);
    if !calls.is_empty() {
        let mut list = message.array("tool_calls");
        for call in &calls {
            write_call(&mut list.object(), call);
        }
    }
    Ok(())
}

/// Whether that reasoning goes back in that field.
fn is(thought: &Reasoning<'_>, field: &str) -> bool {
    thought.bound.as_ref().is_some_and(|bound| {
        bound.bind == Bind::Visible && bound.form.as_ref().is_some_and(|form| form.is(field))
    })
}

fn write_thoughts(
    message: &mut Object<'_>,
    thoughts: &[Reasoning<'_>],
    thinking: &Thinking,
    rules: Rules,
) {
    if rules.is_deepseek() {
        if rules.wants_thinking_back(thinking) {
            let texts: Vec<Text<'_>> = thoughts.iter().map(|t| t.text.clone()).collect();
            write_text(message.value("reasoning_content"), "", &texts);
        }
        return;
    }
    for field in ["reasoning_content", "reasoning"] {
        let texts = thoughts.iter().filter(|thought| is(thought, field));
        let texts: Vec<Text<'_>> = texts.map(|thought| thought.text.clone()).collect();
        if !texts.is_empty() {
            write_text(message.value(field), "", &texts);
        }
    }
    let detailed = |thought: &&Reasoning<'_>| {
        is(thought, "reasoning_details")
            || thought
                .bound
                .as_ref()
                .is_some_and(|b| b.bind != Bind::Visible)
    };
    if thoughts.iter().any(|thought| detailed(&thought)) {
        let mut details = message.array("reasoning_details");
        for (index, thought) in (0..).zip(thoughts.iter().filter(detailed)) {
            write_detail(&mut details.object(), thought, index);
        }
    }
}

fn write_detail(detail: &mut Object<'_>, thought: &Reasoning<'_>, index: u64) {
    let bound = thought.bound.as_ref();
    match bound {
        Some(Bound {
            bind: Bind::Encrypted | Bind::Redacted,
            data,
            ..
        }) => {
            detail.str("type", "reasoning.encrypted");
            detail.text("data", data);
        }
        _ => {
            detail.str("type", "reasoning.text");
            detail.text("text", &thought.text);
            let signed = bound.filter(|bound| bound.bind == Bind::Signature);
            detail.text_if("signature", signed.map(|bound| &bound.data));
        }
    }
    if let Some(bound) = bound.filter(|bound| bound.bind != Bind::Visible) {
        detail.text_if("id", bound.id.as_ref());
        detail.text_if("format", bound.form.as_ref());
    }
    detail.number("index", index);
}

/// Reasoning that stands among the parts of `content`.
fn write_among(message: &mut Object<'_>, thoughts: &[&Reasoning<'_>], said: &[Text<'_>]) {
    let mut parts = message.array("content");
    for thought in thoughts {
        let mut part = parts.object();
        part.str("type", "thinking");
        let mut list = part.array("thinking");
        let mut text = list.object();
        text.str("type", "text");
        text.text("text", &thought.text);
    }
    for said in said {
        let mut part = parts.object();
        part.str("type", "text");
        part.text("text", said);
    }
}

fn write_call(out: &mut Object<'_>, call: &ToolCall<'_>) {
    out.str("id", &names::call_id(&call.id.decoded()));
    out.str("type", "function");
    let mut function = out.object("function");
    let space = call.namespace.as_ref().map(Text::decoded);
    let name = call.name.decoded();
    function.str(
        "name",
        &names::shown(NameRule::STRICT, space.as_deref(), &name),
    );
    let out = function.value("arguments");
    out.push(b'"');
    match &call.input {
        Input::Object(json) => escape(json, out),
        Input::Encoded(text) if text.is_empty() => out.extend_from_slice(b"{}"),
        Input::Encoded(text) => text.write(out),
        Input::Free(text) => {
            let mut json = Vec::with_capacity(text.len() + 16);
            Object::new(&mut json).text(names::FREE_INPUT, text);
            escape(&String::from_utf8_lossy(&json), out);
        }
    }
    out.push(b'"');
}
