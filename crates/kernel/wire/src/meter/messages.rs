//! Anthropic's message events. Usage comes in parts that replace one another; blocks carry the answer.

use bytes::Bytes;

use super::{Phase, Seen};
use crate::answer::{Message, Stop};
use crate::error::{ErrorShape, ErrorView, error_body, event_of_body};
use crate::lenient::Object;
use crate::scan;
use crate::usage::anthropic::AnthropicUsage;

/// What a message stream has shown.
#[derive(Debug, Default)]
pub(super) struct Messages {
    usage: AnthropicUsage,
    /// A content block has begun.
    content: bool,
}

/// Where the parts of one event stand.
#[derive(Default)]
struct Parts<'a> {
    kind: Option<&'a [u8]>,
    /// Begins with the value of `message`, `delta`, `usage`, `error`.
    message: Option<&'a [u8]>,
    delta: Option<&'a [u8]>,
    usage: Option<&'a [u8]>,
    error: Option<&'a [u8]>,
    block: Option<&'a [u8]>,
    bytes: usize,
}

impl<'a> Parts<'a> {
    fn of(data: &'a [u8]) -> Self {
        let mut parts = Self::default();
        let mut keys = scan::keys(data);
        while let Some(key) = keys.next() {
            match (key.depth, key.name) {
                (1, b"type") => parts.kind = keys.string(),
                (1, b"message") => parts.message = Some(keys.value()),
                (1, b"delta") => parts.delta = Some(keys.value()),
                (1, b"usage") => parts.usage = Some(keys.value()),
                (1, b"error") => parts.error = Some(keys.value()),
                (2, b"type") if parts.block.is_none() => parts.block = keys.string(),
                (2, b"text" | b"partial_json" | b"thinking") => {
                    parts.bytes += keys.string().map_or(0, <[u8]>::len);
                }
                _ => {}
            }
            // The rest of a large first event is read once, by the reader of its parts.
            if parts.message.is_some() && parts.kind == Some(b"message_start") {
                break;
            }
        }
        parts
    }
}

impl Messages {
    pub(super) fn event(&mut self, name: Option<&[u8]>, data: &[u8], seen: &mut Seen) {
        let parts = Parts::of(data);
        match parts.kind.or(name).unwrap_or_default() {
            b"content_block_delta" => {
                self.content = true;
                seen.semantic(parts.bytes);
            }
            b"content_block_start" => {
                self.content = true;
                // A text or thinking block begins empty; any other says something by beginning.
                let empty = matches!(parts.block, Some(b"text" | b"thinking")) && parts.bytes == 0;
                if empty {
                    seen.advance(Phase::Started);
                } else {
                    seen.semantic(parts.bytes);
                }
            }
            b"message_start" => {
                seen.advance(Phase::Started);
                if let Some(message) = parts.message.and_then(scan::parse::<Message>) {
                    seen.reported.response_id = message.id.0;
                    seen.reported.model = message.model.0;
                    self.usage.update(message.usage.0.unwrap_or_default());
                    self.usage.report(&mut seen.reported);
                }
            }
            b"message_delta" => self.message_delta(&parts, seen),
            b"message_stop" => seen.advance(Phase::Ended),
            b"error" => seen.fail(parts.error.unwrap_or(data)),
            b"ping" => {}
            // Errors of something in between that speaks no Anthropic.
            _ if parts.kind.is_none()
                && parts
                    .error
                    .is_some_and(|error| error.first() != Some(&b'n')) =>
            {
                seen.fail(parts.error.unwrap_or_default());
            }
            _ => seen.advance(Phase::Started),
        }
    }

    fn message_delta(&mut self, parts: &Parts<'_>, seen: &mut Seen) {
        seen.advance(Phase::Semantic);
        if let Some(usage) = parts.usage.and_then(scan::parse::<Object<AnthropicUsage>>) {
            seen.final_usage |= usage.0.is_some();
            self.usage.update(usage.0.unwrap_or_default());
            self.usage.report(&mut seen.reported);
        }
        if let Some(stop) = parts.delta.and_then(scan::parse::<Stop>) {
            stop.report(self.content, &mut seen.reported);
        }
    }
}

/// Ends a message stream as failed. The event's name is needed: clients drop events without one.
pub(super) fn error_event(view: &ErrorView<'_>) -> Bytes {
    event_of_body(Some("error"), &error_body(ErrorShape::Anthropic, view))
}
