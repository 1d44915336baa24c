//! JSON into nodes: one pass, a key that stands twice refused.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{Node, Value};

/// Why a text is no JSON that we take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonFault {
    /// Not JSON; the message names line and column.
    #[error("the body is not valid JSON: {0}")]
    Syntax(String),
    /// A key stands twice in one object.
    #[error("the key {0:?} stands twice in one object; send it once")]
    DuplicateKey(String),
}

const TWICE: &str = "\u{1}twice\u{1}";

/// Reads one JSON text.
pub fn from_json(body: &[u8]) -> Result<Node, JsonFault> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let node = Seed
        .deserialize(&mut reader)
        .and_then(|node| reader.end().map(|()| node));
    node.map_err(|error| {
        let text = error.to_string();
        match text.split(TWICE).nth(1) {
            Some(key) => JsonFault::DuplicateKey(key.to_owned()),
            None => JsonFault::Syntax(text),
        }
    })
}

struct Seed;

impl<'de> DeserializeSeed<'de> for Seed {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed {
    type Value = Node;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        Ok(Node::inline(Value::Null))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Node, E> {
        Ok(Node::inline(Value::Bool(value)))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Node, E> {
        Ok(Node::inline(Value::Integer(value.into())))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Node, E> {
        Ok(Node::inline(Value::Integer(value.into())))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
        Ok(Node::inline(Value::Float(value)))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Node, E> {
        Ok(Node::inline(Value::Text(value.to_owned())))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Node, E> {
        Ok(Node::inline(Value::Text(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(mut item) = items.next_element_seed(Self)? {
            item.index = Some(list.len());
            list.push(item);
        }
        Ok(Node::inline(Value::List(list)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut table = Vec::new();
        let mut seen = std::collections::HashSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            if !seen.insert(key.clone()) {
                return Err(A::Error::custom(format!("{TWICE}{key}{TWICE}")));
            }
            table.push((key, entries.next_value_seed(Self)?));
        }
        Ok(Node::inline(Value::Table(table)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twofold_keys_are_refused_escaped_too() {
        let body = br#"{"a":{"b":1,"\u0062":2}}"#;
        assert_eq!(from_json(body), Err(JsonFault::DuplicateKey("b".into())));
        assert!(matches!(from_json(b"{"), Err(JsonFault::Syntax(_))));
        assert!(matches!(from_json(b"{} x"), Err(JsonFault::Syntax(_))));
    }

    #[test]
    fn deep_nesting_is_an_error_and_no_crash() {
        let body = "[".repeat(100_000);
        assert!(from_json(body.as_bytes()).is_err());
    }
}
