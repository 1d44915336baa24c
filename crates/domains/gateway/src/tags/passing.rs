//! Tags in a body that is otherwise passed on unread: what a provider tells of a response that it keeps.

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use wire::sse::Splitter;

use super::answer::Tagger;
use crate::config::GatewayConfig;
use crate::headers;
use crate::respond::is_stream;

/// Holds a body back for as long as an id could be cut in two: a stream until its event is whole, anything else until
/// its end. What outgrows its bound passes as it came.
#[derive(Debug)]
pub(crate) struct Passing {
    tagger: Tagger,
    held: Held,
    max_bytes: usize,
}

#[derive(Debug)]
enum Held {
    Events(Splitter),
    Whole(BytesMut),
    Nothing,
}

impl Passing {
    /// Makes the answer's head fit; `None` for an encoded body, which nobody asked for.
    pub fn new(
        tagger: Tagger,
        headers: &mut HeaderMap,
        config: &GatewayConfig,
    ) -> Option<Box<Self>> {
        if headers::encoding(headers).is_some() {
            return None;
        }
        headers.remove(CONTENT_LENGTH);
        let max_event_bytes = config.max_event_bytes;
        Some(Box::new(if is_stream(headers, false) {
            Self {
                tagger: tagger.in_events(),
                held: Held::Events(Splitter::new(max_event_bytes)),
                max_bytes: max_event_bytes,
            }
        } else {
            Self {
                tagger,
                held: Held::Whole(BytesMut::new()),
                max_bytes: config.max_answer_bytes,
            }
        }))
    }

    /// What may go on of this piece and of those before it.
    pub fn push(&mut self, piece: Bytes) -> Bytes {
        let held = match &self.held {
            Held::Events(splitter) => splitter.held(),
            Held::Whole(bytes) => bytes.len(),
            Held::Nothing => return piece,
        };
        if held + piece.len() > self.max_bytes {
            let mut all = BytesMut::from(&self.rest()[..]);
            all.extend_from_slice(&piece);
            self.held = Held::Nothing;
            return all.freeze();
        }
        match &mut self.held {
            Held::Events(splitter) => match splitter.push(piece) {
                Ok(Some(block)) => self.tagger.pass(block, None),
                Ok(None) | Err(_) => Bytes::new(),
            },
            Held::Whole(bytes) => {
                bytes.extend_from_slice(&piece);
                Bytes::new()
            }
            Held::Nothing => piece,
        }
    }

    /// What is left at the end.
    pub fn rest(&mut self) -> Bytes {
        let rest = match &mut self.held {
            Held::Events(splitter) => splitter.take_rest(),
            Held::Whole(bytes) => std::mem::take(bytes).freeze(),
            Held::Nothing => return Bytes::new(),
        };
        self.tagger.pass(rest, None)
    }
}
