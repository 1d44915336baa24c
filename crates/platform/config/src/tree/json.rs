//! JSON into nodes: one pass, a key that stands twice refused.

use std::cell::RefCell;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{Node, Step, Value, path_text};

/// Why a text is no JSON that we take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonFault {
    /// Not JSON; the message names line and column.
    #[error("the body is not valid JSON: {0}")]
    Syntax(String),
    /// A key stands twice in one object; its path.
    #[error("{0}: stands twice in one object; send it once")]
    DuplicateKey(String),
}

/// Marks the one fault that is not of JSON's grammar; no fault of the grammar holds such letters.
const TWICE: &str = "\u{1}twice\u{1}";

/// Reads one JSON text.
pub fn from_json(body: &[u8]) -> Result<Node, JsonFault> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let path = RefCell::default();
    let node = Seed { path: &path }
        .deserialize(&mut reader)
        .and_then(|node| reader.end().map(|()| node));
    node.map_err(|error| {
        let text = error.to_string();
        if text.contains(TWICE) {
            JsonFault::DuplicateKey(path_text(&path.borrow()))
        } else {
            JsonFault::Syntax(text)
        }
    })
}

/// Reads one value. `path` leads to it, and stays where a fault ends the reading.
#[derive(Clone, Copy)]
struct Seed<'p> {
    path: &'p RefCell<Vec<Step>>,
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
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
        loop {
            self.path.borrow_mut().push(Step::Index(list.len()));
            let item = items.next_element_seed(self)?;
            self.path.borrow_mut().pop();
            let Some(mut item) = item else { break };
            item.index = Some(list.len());
            list.push(item);
        }
        Ok(Node::inline(Value::List(list)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut table = Vec::new();
        let mut seen = std::collections::HashSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            self.path.borrow_mut().push(Step::Key(key.clone()));
            if !seen.insert(key.clone()) {
                return Err(A::Error::custom(TWICE));
            }
            let value = entries.next_value_seed(self)?;
            self.path.borrow_mut().pop();
            table.push((key, value));
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
        assert_eq!(from_json(body), Err(JsonFault::DuplicateKey("a.b".into())));
        let body = br#"{"x":1,"list":[{"y":{}},{"z":1,"z":2}]}"#;
        let fault = from_json(body).unwrap_err();
        assert_eq!(
            fault.to_string(),
            "list[1].z: stands twice in one object; send it once"
        );
        assert!(matches!(from_json(b"{"), Err(JsonFault::Syntax(_))));
        assert!(matches!(from_json(b"{} x"), Err(JsonFault::Syntax(_))));
    }

    #[test]
    fn deep_nesting_is_an_error_and_no_crash() {
        let body = "[".repeat(100_000);
        assert!(from_json(body.as_bytes()).is_err());
    }
}
