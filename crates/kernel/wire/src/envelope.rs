//! The thin envelope of a model request: the few top-level keys that routing, limits and money depend on.
//! It reads and never writes; what stands elsewhere in the body is checked to be JSON and otherwise left to the upstream.

mod error;
mod fields;

pub use error::EnvelopeError;

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize as _, Deserializer as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::Protocol;
use crate::lean::Lean;
use fields::{Field, Found};

/// A byte range in the decoded body.
pub type Span = Range<usize>;

/// What a request's top level says, as far as the gateway must know it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Envelope {
    /// The model asked for; never empty.
    pub model: String,
    /// Where its value stands, quotes included.
    pub model_span: Span,
    /// Whether a stream is asked for.
    pub stream: bool,
    /// `max_tokens`, `max_completion_tokens` or `max_output_tokens`, the largest where several stand.
    pub max_output_tokens: Option<u64>,
    /// `stream_options.include_usage`, where it is given.
    pub include_usage: Option<bool>,
    /// Where the value of `stream_options` stands.
    pub stream_options: Option<Span>,
    /// Whether that value is an object without keys; `None` when it is `null` or absent.
    pub stream_options_is_empty: Option<bool>,
    /// Where the value of `stream_options.include_usage` stands.
    pub include_usage_span: Option<Span>,
    /// Just after the opening brace of the body.
    pub body_start: usize,
    /// Whether the body is an object without keys.
    pub is_empty_object: bool,
    /// The response that this one goes on from (Responses).
    pub previous_response_id: Option<String>,
    /// Where its value stands, quotes included.
    pub previous_response_id_span: Option<Span>,
    /// Whether the response is to be kept, where that is said (Responses).
    pub store: Option<bool>,
    /// Whom the caller acts for: `safety_identifier`, `user` or Anthropic's `metadata.user_id`.
    pub end_user: Option<String>,
    /// The client's own session: in Anthropic's `metadata.user_id`, or `prompt_cache_key`.
    pub session: Option<String>,
    /// Whether the response is to be made in the background (Responses).
    pub background: bool,
    /// How many choices are asked for (chat); 1 where it is not said.
    pub choices: u64,
    /// The service tier asked for. Billing goes by the answer's, never by this.
    pub service_tier: Option<String>,
}

/// Reads a request body. The whole of it is checked to be one JSON object, in one pass; an envelope key that
/// stands twice, however it is spelled, is refused.
pub fn read(protocol: Protocol, body: &[u8]) -> Result<Envelope, EnvelopeError> {
    let opening = body
        .iter()
        .position(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
    let Some(opening) = opening else {
        return Err(EnvelopeError::Empty);
    };
    let found = || Found::new(protocol, body, opening + 1);
    match read_plain(body, found()) {
        Some(envelope) => Ok(envelope),
        None => read_any(body, opening, found()),
    }
}

/// A body as clients write it: sound JSON whose keys of the top level hold no escape. Nothing is said of any other.
fn read_plain<'de>(body: &'de [u8], mut found: Found<'de>) -> Option<Envelope> {
    let mut lean = Lean::new(body);
    let mut inside = lean.open()?;
    while let Some(key) = lean.key(&mut inside)? {
        found.is_empty_object = false;
        match Field::of(key) {
            Field::Other => lean.skip()?,
            field => found.take(field, lean.raw()?).ok()?,
        }
    }
    lean.ends().then(|| found.finish().ok())?
}

/// Any body, with the fault that it has.
fn read_any<'de>(
    body: &'de [u8],
    opening: usize,
    mut found: Found<'de>,
) -> Result<Envelope, EnvelopeError> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    if body[opening] != b'{' {
        return Err(match IgnoredAny::deserialize(&mut deserializer) {
            Ok(_) if deserializer.end().is_ok() => EnvelopeError::NotAnObject,
            Ok(_) => EnvelopeError::invalid_json(body, "something follows the value"),
            Err(error) => EnvelopeError::json(body, &error),
        });
    }
    let read = deserializer
        .deserialize_map(TopLevel { found: &mut found })
        .and_then(|()| deserializer.end());
    if let Some(error) = found.error.take() {
        return Err(error);
    }
    read.map_err(|error| EnvelopeError::json(body, &error))?;
    found.finish()
}

/// Walks the top level; stops early only for a fault of the envelope itself.
struct TopLevel<'f, 'de> {
    found: &'f mut Found<'de>,
}

impl<'de> Visitor<'de> for TopLevel<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(field) = map.next_key::<Field>()? {
            self.found.is_empty_object = false;
            if field == Field::Other {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let value: &'de RawValue = map.next_value()?;
            if let Err(error) = self.found.take(field, value.get()) {
                self.found.error = Some(error);
                return Err(serde::de::Error::custom("envelope"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
