//! The built-in provider: deterministic answers on every surface, so that a machine without any key still runs.
//! It speaks each protocol as the real provider does and counts its tokens by a rule of its own.

mod chat;
mod check;
mod embeddings;
mod messages;
mod prompt;
mod responses;

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use serde_json::{Value, json};
use tokio::time::{Instant, Sleep};
use wire::Protocol;

use crate::transport::AnswerBody;
use check::Fault;
use prompt::Prompt;

/// The models there are, as callers ask for them.
pub const MODELS: &[&str] = &["sim/echo", "sim/tools", "sim/slow"];

const SLOW_FIRST_CHUNK: Duration = Duration::from_millis(500);
const SLOW_PACE: Duration = Duration::from_millis(50);

/// What the simulated model says, before it is put into a protocol's words.
struct Reply {
    id: String,
    model: String,
    text: String,
    call: Option<ToolCall>,
    input_tokens: u64,
    output_tokens: u64,
}

struct ToolCall {
    name: String,
    arguments: String,
}

/// The body of a simulated answer: chunks, with a pause before each where the model is slow.
#[derive(Debug)]
pub struct SimBody {
    chunks: VecDeque<Bytes>,
    pace: Option<(Pin<Box<Sleep>>, Duration)>,
}

impl SimBody {
    fn new(chunks: impl IntoIterator<Item = Bytes>, slow: bool) -> Self {
        let pace = slow.then(|| (Box::pin(tokio::time::sleep(SLOW_FIRST_CHUNK)), SLOW_PACE));
        Self {
            chunks: chunks.into_iter().collect(),
            pace,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    pub(crate) fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if self.chunks.is_empty() {
            return Poll::Ready(None);
        }
        if let Some((pause, pace)) = &mut self.pace {
            ready!(pause.as_mut().poll(cx));
            let next = Instant::now() + *pace;
            pause.as_mut().reset(next);
        }
        Poll::Ready(self.chunks.pop_front())
    }
}

/// Answers a request as a provider would.
#[must_use]
pub fn answer(
    protocol: Protocol,
    path: &str,
    model: &str,
    stream: bool,
    body: &Bytes,
) -> Response<AnswerBody> {
    let request: Value = match serde_json::from_slice(body) {
        Ok(request) => request,
        Err(error) => {
            let fault = Fault::plain(None, format!("invalid JSON: {error}"));
            return refuse(protocol, StatusCode::BAD_REQUEST, &fault, body);
        }
    };
    if !MODELS.contains(&model) {
        let known = MODELS.join(", ");
        let message = format!("no simulated model {model}; there are {known}");
        let fault = Fault::plain(Some("model_not_found"), message);
        return refuse(protocol, StatusCode::NOT_FOUND, &fault, body);
    }
    let counts = path.ends_with("/count_tokens") || path.ends_with("/input_tokens");
    if let Err(fault) = check::check(protocol, counts, &request) {
        return refuse(protocol, StatusCode::BAD_REQUEST, &fault, body);
    }
    let prompt = Prompt::read(protocol, &request);
    let slow = model == "sim/slow";
    if counts {
        let counted = if protocol == Protocol::Messages {
            json!({"input_tokens": prompt.tokens})
        } else {
            json!({"object": "response.input_tokens", "input_tokens": prompt.tokens})
        };
        return whole(&counted, false);
    }
    if protocol == Protocol::Embeddings {
        return whole(&embeddings::answer(model, &request), slow);
    }
    let reply = compose(model, &prompt, body);
    match (protocol, stream) {
        (Protocol::Chat, false) => whole(&chat::answer(&reply), slow),
        (Protocol::Messages, false) => whole(&messages::answer(&reply), slow),
        (Protocol::Responses, false) => whole(&responses::answer(&reply), slow),
        (Protocol::Chat, true) => events(chat::stream(&reply, prompt.include_usage), slow),
        (Protocol::Messages, true) => events(messages::stream(&reply), slow),
        (Protocol::Responses, true) => events(responses::stream(&reply), slow),
        (Protocol::Embeddings, _) => {
            let fault = Fault::plain(None, "embeddings are not streamed".to_owned());
            refuse(protocol, StatusCode::BAD_REQUEST, &fault, body)
        }
    }
}

fn compose(model: &str, prompt: &Prompt, body: &Bytes) -> Reply {
    let call = if model == "sim/tools" && prompt.tool_result.is_none() {
        prompt.first_call()
    } else {
        None
    };
    let text = match (&call, &prompt.tool_result) {
        (Some(_), _) => String::new(),
        (None, Some(result)) => format!("The tool answered: {result}"),
        (None, None) if prompt.text.is_empty() => "(nothing was said)".to_owned(),
        (None, None) => prompt.text.clone(),
    };
    let said = text.len()
        + call
            .as_ref()
            .map_or(0, |call| call.name.len() + call.arguments.len());
    Reply {
        id: format!("sim{:016x}", fingerprint(body)),
        model: model.to_owned(),
        output_tokens: prompt::tokens_of(said).max(1),
        input_tokens: prompt.tokens,
        text,
        call,
    }
}

/// FNV-1a: the same request has the same answer id everywhere.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Words with the space before them, so that a stream arrives in readable pieces.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    for (at, _) in text.char_indices().filter(|(at, c)| *at > 0 && *c == ' ') {
        pieces.push(&text[start..at]);
        start = at;
    }
    if start < text.len() {
        pieces.push(&text[start..]);
    }
    pieces
}

fn whole(body: &Value, slow: bool) -> Response<AnswerBody> {
    response(
        StatusCode::OK,
        "application/json",
        SimBody::new([Bytes::from(body.to_string())], slow),
    )
}

fn events(chunks: Vec<Bytes>, slow: bool) -> Response<AnswerBody> {
    response(
        StatusCode::OK,
        "text/event-stream; charset=utf-8",
        SimBody::new(chunks, slow),
    )
}

/// A failure in the shape of the protocol's own provider, with its words and not ours: codes in lower case, or none.
fn refuse(
    protocol: Protocol,
    status: StatusCode,
    fault: &Fault,
    body: &Bytes,
) -> Response<AnswerBody> {
    let error = if protocol == Protocol::Messages {
        let kind = if status == StatusCode::NOT_FOUND {
            "not_found_error"
        } else {
            "invalid_request_error"
        };
        json!({"type": "error", "error": {"type": kind, "message": fault.message},
            "request_id": format!("req_sim{:016x}", fingerprint(body))})
    } else {
        json!({"error": {"message": fault.message, "type": "invalid_request_error",
            "param": fault.param, "code": fault.code}})
    };
    let body = Bytes::from(error.to_string());
    response(status, "application/json", SimBody::new([body], false))
}

fn response(status: StatusCode, content_type: &'static str, body: SimBody) -> Response<AnswerBody> {
    let mut response = Response::new(AnswerBody::Sim(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn event(name: Option<&str>, data: &Value) -> Bytes {
    Bytes::from(match name {
        Some(name) => format!("event: {name}\ndata: {data}\n\n"),
        None => format!("data: {data}\n\n"),
    })
}

#[cfg(test)]
mod tests;
