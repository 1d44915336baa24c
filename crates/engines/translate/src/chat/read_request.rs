//! Reads a chat completions body into the neutral request: one pass over the top level, messages borrowed.

mod body;
mod calls;
mod content;
mod reasoning;
mod settings;
mod tools;

use wire::Protocol;

use crate::context::RequestContext;
use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::json;
use crate::neutral::{Part, Request, Role, TextPart, ToolResult, Turn};
#[cfg(test)]
pub(crate) use body::KNOWN_FIELDS;
use body::{Body, Message};
use calls::Calls;

/// Reads a request.
pub(crate) fn read_request<'a>(
    body: &'a str,
    context: &RequestContext<'_>,
    dropped: &mut Dropped,
) -> Result<Request<'a>, TranslateError> {
    let broken = |error: serde_json::Error| TranslateError::request(Protocol::Chat, &error);
    let mut body: Body<'a> = json::read(body).map_err(broken)?;
    for name in &body.without_peer {
        dropped.note_foreign(name);
    }
    let mut request = Request {
        stream: body.stream.unwrap_or(false),
        ..Request::default()
    };
    settings::read(&mut body, &mut request)?;
    tools::read(&mut body, &mut request).map_err(broken)?;

    let mut calls = Calls::new(context);
    let mut turns = Vec::with_capacity(body.messages.len());
    for message in body.messages {
        if message.name.is_some() && !message.answers_a_call() {
            dropped.note("messages[].name");
        }
        turns.push(turn(message, &mut calls, dropped)?);
    }
    request.turns = turns;
    Ok(request)
}

fn turn<'a>(
    mut message: Message<'a>,
    calls: &mut Calls<'a, '_>,
    dropped: &mut Dropped,
) -> Result<Turn<'a>, TranslateError> {
    let cache = message.cache.take().map(|control| control.hint());
    let mut parts = match message.content.take() {
        Some(content) => content::read(content, dropped)?,
        None => Vec::new(),
    };
    if message.answers_a_call() {
        let result = Part::ToolResult(ToolResult {
            id: calls.answered(&mut message),
            name: message.name,
            parts,
            is_error: false,
            cache,
        });
        return Ok(Turn::new(Role::User, vec![result]));
    }
    if cache.is_some() {
        content::mark(&mut parts, cache);
    }
    let role = message.role();
    if role != Role::Assistant {
        return Ok(Turn::new(role, parts));
    }
    if message.audio.is_some_and(|audio| audio.get() != "null") {
        return Err(TranslateError::NotTranslatable {
            field: "messages[].audio",
            why: "the sound is stored at OpenAI, which this model cannot reach; send its transcript as `content`",
        });
    }
    // Thinking first: its makers want it before what it led to.
    let mut said = reasoning::read(&mut message);
    sign(&mut parts, &message);
    said.append(&mut parts);
    let refusal = message.refusal.take().filter(|text| !text.is_empty());
    said.extend(refusal.map(Part::Refusal));
    calls.read(message, &mut said);
    Ok(Turn::new(role, said))
}

/// A signature over the text stands beside it, as Gemini's own chat endpoint does it.
fn sign(parts: &mut [Part<'_>], message: &Message<'_>) {
    let Some(bound) = message.extra_content.as_ref().and_then(|e| e.signature()) else {
        return;
    };
    let texts = parts.iter_mut().rev();
    let mut texts = texts.filter_map(|part| match part {
        Part::Text(text) => Some(text),
        _ => None,
    });
    if let Some(TextPart { signature, .. }) = texts.next() {
        *signature = Some(bound.into_owned());
    }
}
