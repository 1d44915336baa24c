//! Edits of a body that leave every other byte alone. What to edit is the caller's decision.

mod members;

pub use members::{Taken, value_of};

use bytes::{Bytes, BytesMut};

use crate::envelope::{Envelope, Span};
use crate::error::json;

/// A handful of edits of one body, made in one pass.
#[derive(Debug, Clone, Default)]
pub struct Edits {
    /// In the order of their spans.
    edits: Vec<(Span, Bytes)>,
}

impl Edits {
    /// No edit yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether nothing would change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// Puts `bytes` where `span` is. An edit that overlaps an earlier one is a mistake of the caller's and is left out.
    pub fn replace(&mut self, span: Span, bytes: impl Into<Bytes>) -> &mut Self {
        let at = self
            .edits
            .partition_point(|(other, _)| (other.start, other.end) <= (span.start, span.end));
        let before = at.checked_sub(1).and_then(|index| self.edits.get(index));
        let after = self.edits.get(at);
        let clear = span.start <= span.end
            && before.is_none_or(|(other, _)| other.end <= span.start)
            && after.is_none_or(|(other, _)| span.end <= other.start);
        debug_assert!(clear, "edits of one body may not overlap");
        if clear {
            self.edits.insert(at, (span, bytes.into()));
        }
        self
    }

    /// Puts `bytes` before the byte at `at`; several at one place stand in the order they were given.
    pub fn insert(&mut self, at: usize, bytes: impl Into<Bytes>) -> &mut Self {
        self.replace(at..at, bytes)
    }

    /// Replaces the model's value by another id.
    pub fn rename_model(&mut self, envelope: &Envelope, model: &str) -> &mut Self {
        if envelope.model == model {
            return self;
        }
        self.replace(envelope.model_span.clone(), json(&model))
    }

    /// Sets `stream_options.include_usage` to true by the smallest change.
    pub fn request_usage(&mut self, envelope: &Envelope) -> &mut Self {
        if envelope.include_usage == Some(true) {
            return self;
        }
        match (
            &envelope.include_usage_span,
            &envelope.stream_options,
            envelope.stream_options_is_empty,
        ) {
            (Some(value), _, _) => self.replace(value.clone(), Bytes::from_static(b"true")),
            (None, Some(options), Some(true)) => self.insert(
                options.start + 1,
                Bytes::from_static(br#""include_usage":true"#),
            ),
            (None, Some(options), Some(false)) => self.insert(
                options.start + 1,
                Bytes::from_static(br#""include_usage":true,"#),
            ),
            (None, Some(null), None) => self.replace(
                null.clone(),
                Bytes::from_static(br#"{"include_usage":true}"#),
            ),
            (None, None, _) => self.insert(
                envelope.body_start,
                if envelope.is_empty_object {
                    Bytes::from_static(br#""stream_options":{"include_usage":true}"#)
                } else {
                    Bytes::from_static(br#""stream_options":{"include_usage":true},"#)
                },
            ),
        }
    }

    /// The body with all edits made; the same bytes when there is none. Spans beyond the body are cut to its end.
    #[must_use]
    pub fn apply(&self, body: &Bytes) -> Bytes {
        if self.edits.is_empty() {
            return body.clone();
        }
        let added: usize = self.edits.iter().map(|(_, bytes)| bytes.len()).sum();
        let mut out = BytesMut::with_capacity(body.len() + added);
        let mut done = 0;
        for (span, bytes) in &self.edits {
            out.extend_from_slice(body.get(done..span.start).unwrap_or_default());
            out.extend_from_slice(bytes);
            done = span.end;
        }
        out.extend_from_slice(body.get(done..).unwrap_or_default());
        out.freeze()
    }
}

/// The body with another model; the same bytes when it is the same.
#[must_use]
pub fn rename_model(body: &Bytes, envelope: &Envelope, model: &str) -> Bytes {
    Edits::new().rename_model(envelope, model).apply(body)
}

/// A chat body that asks for usage at the end of its stream; the same bytes when it does so already.
#[must_use]
pub fn request_usage(body: &Bytes, envelope: &Envelope) -> Bytes {
    Edits::new().request_usage(envelope).apply(body)
}

#[cfg(test)]
mod tests;
