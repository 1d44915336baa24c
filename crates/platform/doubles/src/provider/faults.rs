//! Every fault that real clients were seen to trip over, by name. A fault is a stream (or an answer) that a provider in
//! trouble sends; what a gateway must make of it is the business of the tests that use it.

use bytes::Bytes;
use kernel::Usage;
use serde_json::{Value, json};

use super::reply::{Reply, Surface, data_event, named_event};
use super::script::{Cut, Script};

/// A way for a provider to misbehave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Anthropic or Responses events without their `event:` lines.
    NoEventLines,
    /// No usage in `message_start`.
    NoUsageAtStart,
    /// Zero input at the start, the true counts in `message_delta`.
    LateUsage,
    /// The protocol's own error event after the first delta.
    ErrorEvent,
    /// The connection is closed (FIN) in the middle of an event.
    CutMidEvent,
    /// The connection is closed (FIN) between two events.
    CutBetweenEvents,
    /// The connection is reset (RST) between two events.
    ResetMidStream,
    /// A clean end of the body before the terminal event.
    NoTerminalEvent,
    /// A tool call, but `stop_reason` says the turn is over.
    ToolUseWithEndTurn,
    /// A tool call without any piece of arguments.
    ToolWithoutDeltas,
    /// 429 with `retry-after: 1`.
    RateLimited,
    /// Anthropic's 529.
    Overloaded,
    /// 400 in an envelope that belongs to no known protocol.
    ForeignBadRequest,
    /// `: keepalive` comments between events.
    CommentKeepalive,
    /// No `data: [DONE]` after the finish reason.
    NoDone,
    /// `response.failed` as the last event.
    ResponseFailed,
    /// Status 200 with an error object as a JSON body although a stream was asked for.
    ErrorBodyWith200,
    /// One event of two megabytes.
    GiantEvent,
    /// CRLF line ends.
    Crlf,
    /// Characters and event boundaries split over writes.
    SplitUtf8,
    /// A gzip body although identity was asked for.
    GzipUnasked,
    /// No byte of an answer, ever.
    NeverFirstByte,
    /// Silence for good after the first delta.
    IdleStall,
}

/// The text that faulty streams carry; multi-byte characters on purpose.
pub const TEXT: &str = "Grüße, Welt — 世界 🌍!";

/// The counts that faulty streams carry where they carry any.
pub const USAGE: Usage = Usage {
    input: 1234,
    cache_read: 500,
    cache_write_5m: 0,
    cache_write_1h: 0,
    cache_write_30m: 0,
    cache_write_12h: 0,
    audio_in: 0,
    image_in: 0,
    output: 7,
    reasoning: 0,
    audio_out: 0,
    image_out: 0,
};

impl Fault {
    /// All of them.
    pub const ALL: [Self; 23] = [
        Self::NoEventLines,
        Self::NoUsageAtStart,
        Self::LateUsage,
        Self::ErrorEvent,
        Self::CutMidEvent,
        Self::CutBetweenEvents,
        Self::ResetMidStream,
        Self::NoTerminalEvent,
        Self::ToolUseWithEndTurn,
        Self::ToolWithoutDeltas,
        Self::RateLimited,
        Self::Overloaded,
        Self::ForeignBadRequest,
        Self::CommentKeepalive,
        Self::NoDone,
        Self::ResponseFailed,
        Self::ErrorBodyWith200,
        Self::GiantEvent,
        Self::Crlf,
        Self::SplitUtf8,
        Self::GzipUnasked,
        Self::NeverFirstByte,
        Self::IdleStall,
    ];

    /// Whether providers of this protocol can fail so.
    #[must_use]
    pub fn applies_to(self, surface: Surface) -> bool {
        match self {
            Self::NoUsageAtStart
            | Self::LateUsage
            | Self::ToolUseWithEndTurn
            | Self::Overloaded => surface == Surface::Messages,
            Self::NoEventLines => matches!(surface, Surface::Messages | Surface::Responses),
            Self::NoDone => surface == Surface::Chat,
            Self::ResponseFailed => surface == Surface::Responses,
            Self::ErrorEvent
            | Self::CutMidEvent
            | Self::CutBetweenEvents
            | Self::ResetMidStream
            | Self::NoTerminalEvent
            | Self::ToolWithoutDeltas
            | Self::CommentKeepalive
            | Self::GiantEvent
            | Self::Crlf
            | Self::SplitUtf8
            | Self::IdleStall
            | Self::ErrorBodyWith200 => surface != Surface::Embeddings,
            Self::RateLimited
            | Self::ForeignBadRequest
            | Self::GzipUnasked
            | Self::NeverFirstByte => true,
        }
    }

    /// The answer of a provider of this protocol that fails so. Chat streams carry their usage chunk.
    #[must_use]
    pub fn script(self, surface: Surface, model: &str) -> Script {
        let reply = Reply::text(TEXT).usage(USAGE);
        let whole = reply.events(surface, model, true);
        match self {
            Self::NoEventLines => Script::stream(whole.iter().map(without_event_line)),
            Self::NoUsageAtStart => Script::stream(edited(whole, 0, |start| {
                if let Some(message) = start["message"].as_object_mut() {
                    message.remove("usage");
                }
            })),
            Self::LateUsage => Script::stream(edited(whole, 0, |start| {
                start["message"]["usage"] = json!({"input_tokens": 0, "output_tokens": 0});
            })),
            Self::ErrorEvent => {
                let mut events = up_to_first_delta(whole);
                events.push(error_event(surface));
                Script::stream(events)
            }
            Self::CutMidEvent => {
                let kept: usize = up_to_first_delta(whole.clone())
                    .iter()
                    .map(Bytes::len)
                    .sum();
                Script::stream(whole).cut_after_bytes(kept + 20, Cut::Fin)
            }
            Self::CutBetweenEvents => Script::stream(up_to_first_delta(whole)).cut(Cut::Fin),
            Self::ResetMidStream => Script::stream(up_to_first_delta(whole)).cut(Cut::Reset),
            Self::NoTerminalEvent => Script::stream(up_to_first_delta(whole)),
            Self::ToolUseWithEndTurn => {
                let reply = tool_reply(r#"{"city":"Zürich"}"#).stop("end_turn");
                Script::stream(reply.events(surface, model, true))
            }
            Self::ToolWithoutDeltas => Script::stream(tool_reply("").events(surface, model, true)),
            Self::RateLimited => error_answer(surface, 429, "rate_limit_error", "slow down")
                .header("retry-after", "1"),
            Self::Overloaded => error_answer(surface, 529, "overloaded_error", "Overloaded"),
            Self::ForeignBadRequest => {
                Script::json(400, &json!({"detail": [{"loc": ["body"], "msg": "nope"}]}))
            }
            Self::CommentKeepalive => Script::stream(
                whole
                    .into_iter()
                    .flat_map(|event| [Bytes::from_static(b": keepalive\n\n"), event]),
            ),
            Self::NoDone => {
                let mut events = whole;
                events.pop();
                Script::stream(events)
            }
            Self::ResponseFailed => {
                let mut events = up_to_first_delta(whole);
                let number = events.len();
                events.push(named_event(&json!({"type": "response.failed", "sequence_number": number,
                    "response": {"id": "resp_double", "object": "response", "status": "failed", "model": model,
                        "error": {"code": "server_error", "message": "the model broke"},
                        "output": [], "usage": null}})));
                Script::stream(events)
            }
            Self::ErrorBodyWith200 => {
                Script::json(200, &error_body(surface, "api_error", "it broke after all"))
            }
            Self::GiantEvent => {
                let giant = "x".repeat(2 * 1024 * 1024);
                let reply = Reply::text(&giant).usage(USAGE).pieces(1);
                Script::stream(reply.events(surface, model, true))
            }
            Self::Crlf => Script::stream(whole.iter().map(|event| {
                let text = String::from_utf8_lossy(event).replace('\n', "\r\n");
                Bytes::from(text)
            })),
            Self::SplitUtf8 => {
                let script = Script::stream(whole);
                let offsets: Vec<usize> = (1..script.body().len()).step_by(7).collect();
                script.split_at(&offsets)
            }
            Self::GzipUnasked if surface == Surface::Embeddings => {
                Script::json(200, &reply.body(surface, model, 1)).gzip()
            }
            Self::GzipUnasked => Script::stream(whole).gzip(),
            Self::NeverFirstByte => Script::never(),
            Self::IdleStall => Script::stream(up_to_first_delta(whole)).hang(),
        }
    }
}

fn tool_reply(arguments: &str) -> Reply {
    Reply::tool("toolu_double", "get_weather", arguments).usage(USAGE)
}

/// The protocol's error object, as a body.
#[must_use]
pub fn error_body(surface: Surface, kind: &str, message: &str) -> Value {
    match surface {
        Surface::Messages => json!({"type": "error", "error": {"type": kind, "message": message},
            "request_id": "req_double"}),
        Surface::Gemini => {
            json!({"error": {"code": 500, "status": "INTERNAL", "message": message}})
        }
        _ => json!({"error": {"message": message, "type": kind, "param": null, "code": kind}}),
    }
}

/// The protocol's error object with a status.
#[must_use]
pub fn error_answer(surface: Surface, status: u16, kind: &str, message: &str) -> Script {
    Script::json(status, &error_body(surface, kind, message))
}

fn error_event(surface: Surface) -> Bytes {
    match surface {
        Surface::Messages => named_event(&error_body(surface, "overloaded_error", "Overloaded")),
        Surface::Responses => named_event(&json!({"type": "error", "code": "server_error",
            "message": "the model broke", "param": null, "sequence_number": 99})),
        _ => data_event(&error_body(surface, "server_error", "the model broke")),
    }
}

/// The events up to the first piece of text, that piece included.
#[must_use]
pub fn up_to_first_delta(events: Vec<Bytes>) -> Vec<Bytes> {
    let marks: [&[u8]; 4] = [
        b"\"text_delta\"",
        b"\"response.output_text.delta\"",
        "\"content\":\"G".as_bytes(),
        "\"text\":\"G".as_bytes(),
    ];
    let first = events.iter().position(|event| {
        marks
            .iter()
            .any(|mark| event.windows(mark.len()).any(|part| part == *mark))
    });
    let mut events = events;
    events.truncate(first.map_or(1, |at| at + 1));
    events
}

fn without_event_line(event: &Bytes) -> Bytes {
    let end = event.iter().position(|byte| *byte == b'\n');
    match end {
        Some(end) if event.starts_with(b"event:") => event.slice(end + 1..),
        _ => event.clone(),
    }
}

fn edited(mut events: Vec<Bytes>, at: usize, edit: impl FnOnce(&mut Value)) -> Vec<Bytes> {
    let text = String::from_utf8_lossy(&events[at]).into_owned();
    let data = text.lines().find_map(|line| line.strip_prefix("data: "));
    let mut value: Value = data
        .and_then(|data| serde_json::from_str(data).ok())
        .unwrap_or_default();
    edit(&mut value);
    events[at] = named_event(&value);
    events
}
