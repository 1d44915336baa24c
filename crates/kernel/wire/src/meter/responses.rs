//! Responses events: named, numbered, ended by the whole response object.

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;

use super::{Phase, Seen};
use crate::answer::{ResponseObject, count_tool};
use crate::error::{ErrorView, OpenAiError, event_of_body, json, openai_stream_code};
use crate::scan;

/// What a response stream has shown.
#[derive(Debug, Default)]
pub(super) struct Responses {
    /// The number that the next event would bear.
    next_number: u64,
    /// Seconds since the epoch, from the response object.
    created_at: Option<u64>,
    /// `output_bytes` when the last item ended: tells an item that came without deltas.
    bytes_at_item: u64,
}

/// Where the parts of one event stand.
#[derive(Default)]
struct Parts<'a> {
    kind: Option<&'a [u8]>,
    number: Option<u64>,
    /// Each begins with the value.
    response: Option<&'a [u8]>,
    item: Option<&'a [u8]>,
    error: Option<&'a [u8]>,
    delta_bytes: usize,
}

impl<'a> Parts<'a> {
    fn of(data: &'a [u8]) -> Self {
        let mut parts = Self::default();
        let mut keys = scan::keys(data);
        while let Some(key) = keys.next() {
            match (key.depth, key.name) {
                (1, b"type") => parts.kind = keys.string(),
                (1, b"sequence_number") => parts.number = keys.integer(),
                (1, b"delta") => parts.delta_bytes = keys.string().map_or(0, <[u8]>::len),
                (1, b"response") => parts.response = Some(keys.value()),
                (1, b"item") => parts.item = Some(keys.value()),
                (1, b"error") if !keys.is_null() => parts.error = Some(keys.value()),
                _ => {}
            }
            // Objects are large; who needs one reads it once. Its number follows from the one before.
            if parts.kind.is_some() && (parts.response.is_some() || parts.item.is_some()) {
                break;
            }
        }
        parts
    }
}

impl Responses {
    pub(super) fn event(&mut self, name: Option<&[u8]>, data: &[u8], seen: &mut Seen) {
        if data.trim_ascii() == b"[DONE]" {
            return;
        }
        let parts = Parts::of(data);
        self.next_number = parts.number.unwrap_or(self.next_number) + 1;
        match parts.kind.or(name).unwrap_or_default() {
            b"response.created" | b"response.queued" => {
                self.response(&parts, seen);
                seen.advance(Phase::Started);
            }
            b"response.completed" | b"response.incomplete" | b"response.cancelled" => {
                self.response(&parts, seen);
                seen.final_usage = seen.reported.usage.is_some();
                seen.advance(Phase::Ended);
            }
            b"response.failed" => {
                self.response(&parts, seen);
                seen.final_usage = seen.reported.usage.is_some();
                seen.fail(failed_error(parts.response.unwrap_or_default()));
            }
            b"error" => seen.fail(parts.error.unwrap_or(data)),
            b"response.output_item.done" => self.item_done(&parts, seen),
            b"response.output_item.added" => seen.advance(Phase::Started),
            // Sound is base64; its transcript is counted.
            b"response.audio.delta" => seen.semantic(0),
            kind if kind.ends_with(b".delta") => seen.semantic(parts.delta_bytes),
            _ if parts.kind.is_none() && parts.error.is_some() => {
                seen.fail(parts.error.unwrap_or_default());
            }
            _ => seen.advance(Phase::Started),
        }
    }

    fn response(&mut self, parts: &Parts<'_>, seen: &mut Seen) {
        if let Some(response) = parts.response.and_then(scan::parse::<ResponseObject>) {
            self.created_at = response.created_at.0.or(self.created_at);
            response.report(&mut seen.reported);
        }
    }

    /// Counts server-side tools, and the text of items that come whole.
    fn item_done(&mut self, parts: &Parts<'_>, seen: &mut Seen) {
        let mut bytes = 0;
        let mut kind = None;
        let mut action = None;
        let mut keys = scan::keys(parts.item.unwrap_or_default());
        while let Some(key) = keys.next() {
            match (key.depth, key.name) {
                (0, _) => break,
                (1, b"type") => kind = keys.string().and_then(scan::unescape),
                (2, b"type") if action.is_none() => action = keys.string().and_then(scan::unescape),
                (_, b"text" | b"arguments" | b"input" | b"refusal") => {
                    bytes += keys.string().map_or(0, <[u8]>::len);
                }
                _ => {}
            }
        }
        count_tool(
            &mut seen.reported.tools,
            kind.as_deref().unwrap_or_default(),
            action.as_deref(),
        );
        let streamed = seen.output_bytes > self.bytes_at_item;
        seen.semantic(if streamed { 0 } else { bytes });
        self.bytes_at_item = seen.output_bytes;
    }

    /// Ends a response stream as failed. Codex takes `response.failed` for a failure and nothing else; the SDKs raise
    /// for any event with an `error` at its top level and pass `response.failed` on as data. So it is the one event
    /// with the other's key.
    pub(super) fn error_event(&self, view: &ErrorView<'_>, seen: &Seen) -> Bytes {
        let own_id;
        let id = match &seen.reported.response_id {
            Some(id) => id.as_str(),
            None => {
                own_id = format!("resp_{}", view.request_id);
                &own_id
            }
        };
        let event = FailedEvent {
            r#type: "response.failed",
            sequence_number: self.next_number,
            response: FailedResponse {
                id,
                object: "response",
                created_at: self.created_at.unwrap_or(0),
                status: "failed",
                error: FailedError {
                    code: openai_stream_code(view.kind),
                    message: view.message,
                },
                incomplete_details: None,
                model: seen.reported.model.as_deref().unwrap_or_default(),
                output: [],
                parallel_tool_calls: true,
                tool_choice: "auto",
                tools: [],
                usage: None,
            },
            error: OpenAiError::of(view),
        };
        event_of_body(Some("response.failed"), &json(&event))
    }
}

/// Where the error object within a failed response begins.
fn failed_error(response: &[u8]) -> &[u8] {
    let mut keys = scan::keys(response);
    while let Some(key) = keys.next() {
        if key
            == (scan::Key {
                depth: 1,
                name: b"error",
            })
            && keys.is_filled()
        {
            return keys.value();
        }
    }
    b"{}"
}

#[derive(Serialize)]
struct FailedEvent<'a> {
    r#type: &'static str,
    sequence_number: u64,
    response: FailedResponse<'a>,
    error: OpenAiError<'a>,
}

#[derive(Serialize)]
struct FailedResponse<'a> {
    id: &'a str,
    object: &'static str,
    created_at: u64,
    status: &'static str,
    error: FailedError<'a>,
    incomplete_details: Option<&'a RawValue>,
    model: &'a str,
    output: [u8; 0],
    parallel_tool_calls: bool,
    tool_choice: &'static str,
    tools: [u8; 0],
    usage: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct FailedError<'a> {
    code: &'static str,
    message: &'a str,
}
