//! Tags in a body that is otherwise passed on unread: what a provider tells of a response that it keeps.

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::CONTENT_LENGTH;

use super::answer::Tagger;
use crate::config::GatewayConfig;
use crate::headers;

/// Holds a body back to its end, for an id could be cut in two anywhere. What outgrows its bound passes as it came.
#[derive(Debug)]
pub(crate) struct Passing {
    tagger: Tagger,
    /// `None` once it has outgrown its bound.
    held: Option<BytesMut>,
    max_bytes: usize,
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
        Some(Box::new(Self {
            tagger,
            held: Some(BytesMut::new()),
            max_bytes: config.max_answer_bytes,
        }))
    }

    /// What may go on of this piece and of those before it.
    pub fn push(&mut self, piece: Bytes) -> Bytes {
        let Some(held) = &mut self.held else {
            return piece;
        };
        held.extend_from_slice(&piece);
        if held.len() <= self.max_bytes {
            return Bytes::new();
        }
        self.held.take().unwrap_or_default().freeze()
    }

    /// What is left at the end.
    pub fn rest(&mut self) -> Bytes {
        match self.held.take() {
            Some(held) => self.tagger.pass(held.freeze(), None),
            None => Bytes::new(),
        }
    }
}
