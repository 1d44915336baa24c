//! What an answer that is too large to be held says of itself: its model stands near its beginning, its usage near its
//! beginning or its end. Only these edges are kept.

use bytes::BytesMut;
use kernel::Reported;
use serde_json::{Value, json};
use wire::Protocol;

/// Bytes kept of each edge.
const EDGE: usize = 64 << 10;

/// See the module.
#[derive(Debug)]
pub(crate) struct Edges {
    protocol: Protocol,
    beginning: BytesMut,
    end: BytesMut,
}

impl Edges {
    pub fn new(protocol: Protocol) -> Self {
        Self {
            protocol,
            beginning: BytesMut::new(),
            end: BytesMut::new(),
        }
    }

    /// Looks at the next piece.
    pub fn read(&mut self, piece: &[u8]) {
        let room = EDGE - self.beginning.len();
        self.beginning
            .extend_from_slice(&piece[..piece.len().min(room)]);
        self.end
            .extend_from_slice(&piece[piece.len().saturating_sub(EDGE)..]);
        if self.end.len() > 2 * EDGE {
            let _gone = self.end.split_to(self.end.len() - EDGE);
        }
    }

    /// What was found; nothing where the usage is not.
    pub fn reported(&self) -> Option<Reported> {
        let usage = last_object(&self.end, "\"usage\"")
            .or_else(|| last_object(&self.beginning, "\"usage\""))?;
        let model = places(&self.beginning, "\"model\"")
            .find_map(|at| value_at(&self.beginning, at).filter(Value::is_string));
        let words = json!({"model": model, "usage": usage}).to_string();
        let reported = wire::read_answer(self.protocol, words.as_bytes()).ok()?;
        reported.usage.is_some().then_some(reported)
    }
}

/// The value of the last such key whose value is an object.
fn last_object(bytes: &[u8], key: &str) -> Option<Value> {
    let values = places(bytes, key).filter_map(|at| value_at(bytes, at));
    values.filter(Value::is_object).last()
}

/// Where such keys end. In a text, quotes are escaped, so that no text can hold one.
fn places(bytes: &[u8], key: &str) -> impl Iterator<Item = usize> {
    let found = bytes.windows(key.len()).enumerate();
    found
        .filter(move |(at, word)| *word == key.as_bytes() && (*at == 0 || bytes[at - 1] != b'\\'))
        .map(move |(at, _)| at + key.len())
}

/// The value behind the colon that stands here.
fn value_at(bytes: &[u8], at: usize) -> Option<Value> {
    let rest = bytes[at..].trim_ascii_start().strip_prefix(b":")?;
    serde_json::Deserializer::from_slice(rest)
        .into_iter()
        .next()?
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(answer: &str, piece: usize) -> Option<(Option<String>, u64)> {
        let mut edges = Edges::new(Protocol::Embeddings);
        for piece in answer.as_bytes().chunks(piece) {
            edges.read(piece);
        }
        let reported = edges.reported()?;
        Some((reported.model, reported.usage?.input))
    }

    #[test]
    fn usage_is_found_at_either_end_however_it_is_cut() {
        let data = "0.25,".repeat(100_000);
        let usage = r#""usage": {"prompt_tokens": 80000, "total_tokens": 80000}"#;
        let found = Some((Some("m".to_owned()), 80_000));
        for piece in [1_000, 70_000, 1 << 20] {
            let last = format!(r#"{{"model": "m", "data": [{data}0], {usage}}}"#);
            assert_eq!(seen(&last, piece), found, "{piece}");
            let first = format!(r#"{{{usage}, "model": "m", "data": [{data}0]}}"#);
            assert_eq!(seen(&first, piece), found, "{piece}");
        }
    }

    #[test]
    fn a_text_about_usage_is_none() {
        let text = r#"{"model": "m", "text": "\"usage\": {\"prompt_tokens\": 1}"}"#;
        assert_eq!(seen(text, 10), None);
        assert_eq!(seen(r#"{"model": "m", "usage": null}"#, 10), None);
    }
}
