//! The one place that understands stream grammars: what has come, what it reports, how to end it. It never changes an
//! event; at most it hides the usage chunk that only we asked for.

mod chat;
mod messages;
mod mould;
mod responses;

use bytes::{Bytes, BytesMut};
use kernel::Reported;
use serde::Deserialize;

use crate::Protocol;
use crate::error::ErrorView;
use crate::lenient::Text;
use crate::scan;
use crate::sse::{self, Event};

/// Longer error texts of upstreams are cut.
const MAX_MESSAGE_BYTES: usize = 500;

/// How far a stream has come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Phase {
    /// No event yet; comments and pings do not count.
    #[default]
    Silent,
    /// Events, but nothing of the answer itself.
    Started,
    /// Part of the answer has come.
    Semantic,
    /// The event that ends a whole answer has come.
    Ended,
    /// The upstream ended the stream with its protocol's error event.
    Failed {
        /// Its code or type, as it is spelled.
        code: Option<String>,
        /// Its words, cut to 500 bytes.
        message: String,
    },
}

/// Watches one stream.
#[derive(Debug)]
pub struct Meter {
    grammar: Grammar,
    seen: Seen,
    hiding: bool,
    /// The last event was hidden and ended in a carriage return at the block's end: a line feed may follow.
    hid_cr: bool,
}

#[derive(Debug)]
enum Grammar {
    Chat(chat::Chat),
    Responses(responses::Responses),
    Messages(Box<messages::Messages>),
}

/// What every grammar keeps.
#[derive(Debug, Default)]
struct Seen {
    phase: Phase,
    reported: Reported,
    output_bytes: u64,
    final_usage: bool,
}

impl Meter {
    /// A meter for a stream of that protocol.
    #[must_use]
    pub fn new(protocol: Protocol) -> Self {
        Self {
            grammar: match protocol {
                Protocol::Chat | Protocol::Embeddings => Grammar::Chat(chat::Chat::default()),
                Protocol::Responses => Grammar::Responses(responses::Responses::default()),
                Protocol::Messages => Grammar::Messages(Box::default()),
            },
            seen: Seen::default(),
            hiding: false,
            hid_cr: false,
        }
    }

    /// Hides the usage chunk of a chat stream whose client did not ask for it.
    #[must_use]
    pub fn hiding_usage(mut self) -> Self {
        self.hiding = true;
        self
    }

    /// Looks at a block of whole events and gives what the client may see of it: the same bytes, unless one is hidden.
    pub fn observe(&mut self, block: &Bytes) -> Bytes {
        let mut from = 0;
        if std::mem::take(&mut self.hid_cr) && block.first() == Some(&b'\n') {
            from = 1;
        }
        let mut kept: Option<BytesMut> = None;
        for event in sse::events(block) {
            let hide = self.event(&event) && self.hiding;
            if hide {
                let kept = kept.get_or_insert_with(BytesMut::new);
                kept.extend_from_slice(&block[from..event.range.start]);
                from = event.range.end;
                self.hid_cr = from == block.len() && block.ends_with(b"\r");
            }
        }
        match kept {
            None => block.slice(from..),
            Some(kept) if kept.is_empty() => block.slice(from..),
            Some(mut kept) => {
                kept.extend_from_slice(&block[from..]);
                kept.freeze()
            }
        }
    }

    /// Whether the event carries nothing but usage.
    fn event(&mut self, event: &Event<'_>) -> bool {
        if event.data.is_empty() {
            return false;
        }
        match &mut self.grammar {
            Grammar::Chat(chat) => chat.event(&event.data, &mut self.seen),
            Grammar::Responses(responses) => {
                responses.event(event.name, &event.data, &mut self.seen);
                false
            }
            Grammar::Messages(messages) => {
                messages.event(event.name, &event.data, &mut self.seen);
                false
            }
        }
    }

    /// How far the stream has come.
    #[must_use]
    pub fn phase(&self) -> &Phase {
        &self.seen.phase
    }

    /// Whether a clean end of the connection now leaves the client with a whole answer.
    #[must_use]
    pub fn may_end_here(&self) -> bool {
        match (&self.seen.phase, &self.grammar) {
            (Phase::Ended, _) => true,
            (Phase::Semantic, Grammar::Chat(chat)) => chat.finished(),
            _ => false,
        }
    }

    /// What the answer says about itself so far.
    #[must_use]
    pub fn reported(&self) -> &Reported {
        &self.seen.reported
    }

    /// Whether the reported usage is that of the whole answer, not a first part of it.
    #[must_use]
    pub fn has_final_usage(&self) -> bool {
        self.seen.final_usage
    }

    /// Bytes of text, reasoning and tool arguments seen in deltas so far, as they are escaped in JSON.
    #[must_use]
    pub fn output_bytes(&self) -> u64 {
        self.seen.output_bytes
    }

    /// The event that ends this stream as failed, in its own grammar.
    #[must_use]
    pub fn error_event(&self, error: &ErrorView<'_>) -> Bytes {
        match &self.grammar {
            Grammar::Chat(_) => chat::error_event(error),
            Grammar::Responses(responses) => responses.error_event(error, &self.seen),
            Grammar::Messages(_) => messages::error_event(error),
        }
    }
}

impl Seen {
    /// The stream has come at least so far; ends are final.
    fn advance(&mut self, phase: Phase) {
        let forward = match (&self.phase, &phase) {
            (Phase::Ended | Phase::Failed { .. }, _) => false,
            (Phase::Semantic, Phase::Started | Phase::Silent) => false,
            _ => self.phase != phase,
        };
        if forward {
            self.phase = phase;
        }
    }

    /// Part of the answer, `bytes` of it output.
    fn semantic(&mut self, bytes: usize) {
        self.output_bytes += bytes as u64;
        self.advance(Phase::Semantic);
    }

    /// The upstream's own error event; `value` begins with the error object.
    fn fail(&mut self, value: &[u8]) {
        let error = UpstreamError::read(value);
        self.advance(Phase::Failed {
            code: error.code,
            message: error.message,
        });
    }
}

/// An upstream's error object, however it is spelled.
struct UpstreamError {
    code: Option<String>,
    message: String,
}

impl UpstreamError {
    fn read(value: &[u8]) -> Self {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Object {
            code: Text,
            r#type: Text,
            message: Text,
        }
        let (code, message) = if value.first() == Some(&b'{') {
            let object = scan::parse::<Object>(value).unwrap_or_default();
            // `type` is "error" where the event itself is the object.
            let kind = object.r#type.0.filter(|kind| kind != "error");
            (object.code.0.or(kind), object.message.0)
        } else {
            let text = scan::parse::<Text>(value).map_or_else(
                || {
                    Some(
                        String::from_utf8_lossy(&value[..value.len().min(MAX_MESSAGE_BYTES)])
                            .into_owned(),
                    )
                },
                |text| text.0,
            );
            (None, text)
        };
        let mut message = message.unwrap_or_else(|| "the upstream sent an error event".to_owned());
        message.truncate(message.floor_char_boundary(MAX_MESSAGE_BYTES));
        Self { code, message }
    }
}

#[cfg(test)]
mod tests;
