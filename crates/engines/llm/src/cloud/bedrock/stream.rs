//! Bedrock's event stream as server-sent events: each JSON comes out untouched, a chunk's as Anthropic's own event, one of
//! Converse under its own name, an exception as an `error` event.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use wire::eventstream::{Decoder, FrameError, Message, MessageKind};

use crate::cloud::error::{error_type, event};

/// A stream that cannot be read on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StreamFault {
    /// Its framing is broken.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A chunk does not hold what chunks hold.
    #[error("a chunk holds no base64 text in `bytes`")]
    Chunk,
}

/// Re-frames a stream, whatever the cuts of its pieces are.
#[derive(Debug)]
pub struct EventStream {
    decoder: Decoder,
    /// Events are told apart by their names, and hold their JSON as it is.
    named: bool,
    over: bool,
}

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow)]
    bytes: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Typed<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
}

#[derive(Deserialize, Default)]
struct Thrown {
    #[serde(default, alias = "Message")]
    message: Option<String>,
    #[serde(default, rename = "originalMessage")]
    original_message: Option<String>,
    #[serde(default, rename = "originalStatusCode")]
    original_status: Option<u16>,
}

impl EventStream {
    /// For messages of up to this size.
    #[must_use]
    pub fn new(max_event_bytes: usize) -> Self {
        Self {
            decoder: Decoder::new(max_event_bytes),
            named: false,
            over: false,
        }
    }

    /// The same for Converse.
    #[must_use]
    pub fn named(max_event_bytes: usize) -> Self {
        Self {
            named: true,
            ..Self::new(max_event_bytes)
        }
    }

    /// Takes a piece and appends the events that are whole now. After a fault nothing more comes.
    pub fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), StreamFault> {
        if self.over {
            return Ok(());
        }
        self.decoder.push(piece);
        loop {
            match self.decoder.next_message() {
                Ok(None) => return Ok(()),
                Ok(Some(message)) => {
                    if let Err(fault) = self.message(&message, out) {
                        self.over = true;
                        return Err(fault);
                    }
                    if self.over {
                        return Ok(());
                    }
                }
                Err(fault) => {
                    self.over = true;
                    return Err(fault.into());
                }
            }
        }
    }

    fn message(&mut self, message: &Message, out: &mut Vec<u8>) -> Result<(), StreamFault> {
        match message.kind() {
            MessageKind::Event(name) if self.named => {
                if is_word(name) {
                    write_event(Some(name), message.payload(), out);
                }
            }
            MessageKind::Event("chunk") => {
                let chunk: Chunk<'_> =
                    serde_json::from_slice(message.payload()).map_err(|_| StreamFault::Chunk)?;
                let json = STANDARD
                    .decode(chunk.bytes.as_bytes())
                    .map_err(|_| StreamFault::Chunk)?;
                server_sent(&json, out);
            }
            // A later addition to the service.
            MessageKind::Event(_) => {}
            MessageKind::Exception(name) => {
                let thrown: Thrown = serde_json::from_slice(message.payload()).unwrap_or_default();
                let words = thrown.message.or(thrown.original_message);
                let status = thrown.original_status.unwrap_or(500);
                self.fail(name, status, words.as_deref().unwrap_or(name), out);
            }
            MessageKind::Error { code, message } => self.fail(code, 500, message, out),
        }
        Ok(())
    }

    fn fail(&mut self, name: &str, status: u16, words: &str, out: &mut Vec<u8>) {
        self.over = true;
        out.extend_from_slice(event(error_type(Some(name), status), words).as_bytes());
    }
}

/// One event as Anthropic writes it.
fn server_sent(json: &[u8], out: &mut Vec<u8>) {
    let typed: Option<Typed<'_>> = serde_json::from_slice(json).ok();
    let name = typed.map(|typed| typed.kind).filter(|kind| is_word(kind));
    write_event(name.as_deref(), json, out);
}

/// Whether it can stand in an `event` line.
fn is_word(name: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    !name.is_empty() && name.bytes().all(word)
}

fn write_event(name: Option<&str>, json: &[u8], out: &mut Vec<u8>) {
    if let Some(name) = name {
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(name.as_bytes());
        out.push(b'\n');
    }
    // A line end in JSON can only be white space; each part of a value needs a line of its own.
    let mut rest = json;
    loop {
        out.extend_from_slice(b"data: ");
        let Some(end) = memchr::memchr2(b'\n', b'\r', rest) else {
            out.extend_from_slice(rest);
            break;
        };
        out.extend_from_slice(&rest[..end]);
        out.push(b'\n');
        rest = &rest[end + 1..];
    }
    out.extend_from_slice(b"\n\n");
}
