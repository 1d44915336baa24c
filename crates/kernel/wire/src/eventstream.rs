//! `application/vnd.amazon.eventstream`: binary messages, each with its length, headers, payload and two checksums. What
//! the messages mean is their service's business.

mod header;

pub use header::{Headers, Value};

use bytes::{Bytes, BytesMut};
use header::headers;

/// The name of this encoding in `content-type`.
pub const CONTENT_TYPE: &str = "application/vnd.amazon.eventstream";

/// Total length, length of the headers, checksum of both.
const PRELUDE: usize = 12;
/// The checksum of everything before it.
const CHECKSUM: usize = 4;
/// The published bound on one message's headers.
const MAX_HEADERS: usize = 128 << 10;

/// A stream that cannot be read on: where its next message starts is no longer known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The prelude's checksum is not that of its bytes.
    #[error("a message's prelude does not have the checksum that it names")]
    PreludeChecksum,
    /// The message's checksum is not that of its bytes.
    #[error("a message does not have the checksum that it names")]
    MessageChecksum,
    /// The lengths contradict each other.
    #[error("a message's lengths contradict each other")]
    Lengths,
    /// More than the bound.
    #[error("a message is longer than {0} bytes; raise `gateway.max_event_bytes` to let it pass")]
    TooLarge(usize),
    /// The headers end in the middle, or one is of a type that nobody knows.
    #[error("a message's headers cannot be read")]
    Headers,
}

/// One message, its checksums and headers checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    headers: Bytes,
    payload: Bytes,
}

impl Message {
    /// The headers in their order.
    #[must_use]
    pub fn headers(&self) -> Headers<'_> {
        headers(&self.headers)
    }

    /// The first header of a name, where it is text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        let mut found = self.headers().flatten();
        found.find_map(|(key, value)| match value {
            Value::Text(text) if key == name => Some(text),
            _ => None,
        })
    }

    /// What sort of message it is.
    #[must_use]
    pub fn kind(&self) -> MessageKind<'_> {
        let of = |name| self.text(name).unwrap_or_default();
        match self.text(":message-type") {
            Some("exception") => MessageKind::Exception(of(":exception-type")),
            Some("error") => MessageKind::Error {
                code: of(":error-code"),
                message: of(":error-message"),
            },
            _ => MessageKind::Event(of(":event-type")),
        }
    }

    /// The payload.
    #[must_use]
    pub fn payload(&self) -> &Bytes {
        &self.payload
    }
}

/// What sort of message it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageKind<'a> {
    /// An event of this type.
    Event(&'a str),
    /// A fault that the service describes; its type, its shape in the payload.
    Exception(&'a str),
    /// A fault outside the service's own description.
    Error {
        /// Its code.
        code: &'a str,
        /// Its words.
        message: &'a str,
    },
}

/// Reads messages out of pieces, whatever the pieces' boundaries are. A fault is final.
#[derive(Debug)]
pub struct Decoder {
    max_message_bytes: usize,
    held: BytesMut,
    fault: Option<FrameError>,
}

impl Decoder {
    /// A decoder that takes messages up to this size.
    #[must_use]
    pub fn new(max_message_bytes: usize) -> Self {
        Self {
            max_message_bytes,
            held: BytesMut::new(),
            fault: None,
        }
    }

    /// Takes a piece. Draw all messages before the next one, or the pieces pile up.
    pub fn push(&mut self, piece: &[u8]) {
        if self.fault.is_none() {
            self.held.extend_from_slice(piece);
        }
    }

    /// The next whole message; `None` until more bytes have come.
    pub fn next_message(&mut self) -> Result<Option<Message>, FrameError> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        self.read().inspect_err(|fault| {
            self.fault = Some(*fault);
            self.held = BytesMut::new();
        })
    }

    /// Whether the bytes so far end where a message ends.
    #[must_use]
    pub fn is_between_messages(&self) -> bool {
        self.held.is_empty() && self.fault.is_none()
    }

    fn read(&mut self) -> Result<Option<Message>, FrameError> {
        let held = self.held.as_ref();
        let Some(prelude) = held.get(..PRELUDE) else {
            return Ok(None);
        };
        // Before a length is trusted, its checksum.
        if Some(crc32fast::hash(&prelude[..8])) != number(held, 8) {
            return Err(FrameError::PreludeChecksum);
        }
        let length = |at| number(held, at).and_then(|length| usize::try_from(length).ok());
        let (Some(total), Some(in_headers)) = (length(0), length(4)) else {
            return Err(FrameError::Lengths);
        };
        let Some(in_payload) = total
            .checked_sub(PRELUDE + CHECKSUM)
            .and_then(|rest| rest.checked_sub(in_headers))
        else {
            return Err(FrameError::Lengths);
        };
        if total > self.max_message_bytes || in_headers > MAX_HEADERS {
            return Err(FrameError::TooLarge(self.max_message_bytes));
        }
        let Some(message) = held.get(..total) else {
            return Ok(None);
        };
        let checked = total - CHECKSUM;
        if Some(crc32fast::hash(&message[..checked])) != number(message, checked) {
            return Err(FrameError::MessageChecksum);
        }
        let mut message = self.held.split_to(total).freeze();
        let mut content = message.split_off(PRELUDE);
        let mut payload = content.split_off(in_headers);
        payload.truncate(in_payload);
        if headers(&content).any(|header| header.is_err()) {
            return Err(FrameError::Headers);
        }
        Ok(Some(Message {
            headers: content,
            payload,
        }))
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..)?.first_chunk::<4>()?;
    Some(u32::from_be_bytes(*four))
}

#[cfg(test)]
mod tests;
