//! Values with the place where each was written. Settings, request bodies and query strings are read through it, so that a
//! mistake in any of them is told in the same words.

mod json;
mod toml;

pub use json::{JsonFault, from_json};
pub(crate) use toml::{from_document, from_table, from_value_text};

use crate::origin::Origin;

/// One value and where it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it (or, in a table, its key) was written.
    pub origin: Origin,
    /// Its index in the list as it was written; kept when neighbours are taken out.
    pub index: Option<usize>,
}

/// A value of any kind that TOML, JSON, an environment variable or a query string can hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// JSON's null.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i128),
    /// A number with a fraction.
    Float(f64),
    /// A text, or a date in RFC 3339.
    Text(String),
    /// A text that may stand for any kind: an environment variable or a query parameter.
    Lenient(String),
    /// A list.
    List(Vec<Node>),
    /// Keys in the order they were written.
    Table(Vec<(String, Node)>),
}

/// One step on the way to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Into a table.
    Key(String),
    /// Into a list.
    Index(usize),
}

impl Node {
    /// A value written nowhere in particular.
    #[must_use]
    pub const fn inline(value: Value) -> Self {
        Self::new(value, Origin::Inline)
    }

    /// A value with its place.
    #[must_use]
    pub const fn new(value: Value, origin: Origin) -> Self {
        Self {
            value,
            origin,
            index: None,
        }
    }

    /// A table of texts that each may stand for any kind, as a query string has them. A name given twice becomes a list.
    #[must_use]
    pub fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut entries: Vec<(String, Self)> = Vec::new();
        for (name, text) in pairs {
            let node = Self::inline(Value::Lenient(text));
            match entries.iter_mut().find(|(known, _)| *known == name) {
                None => entries.push((name, node)),
                Some((_, known)) => match &mut known.value {
                    Value::List(items) => items.push(node),
                    _ => {
                        let first = std::mem::replace(known, Self::inline(Value::Null));
                        known.value = Value::List(vec![first, node]);
                    }
                },
            }
        }
        Self::inline(Value::Table(entries))
    }

    /// The node of a key, where this is a table that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.value {
            Value::Table(entries) => entries
                .iter()
                .find(|(known, _)| known == key)
                .map(|(_, node)| node),
            _ => None,
        }
    }

    /// The node one step further.
    #[must_use]
    pub fn step(&self, step: &Step) -> Option<&Self> {
        match (step, &self.value) {
            (Step::Key(key), Value::Table(_)) => self.get(key),
            (Step::Index(index), Value::List(items)) => items.get(*index),
            _ => None,
        }
    }

    /// The node at the end of a path.
    #[must_use]
    pub fn at(&self, path: &[Step]) -> Option<&Self> {
        path.iter().try_fold(self, |node, step| node.step(step))
    }

    pub(crate) fn at_mut(&mut self, path: &[Step]) -> Option<&mut Self> {
        path.iter()
            .try_fold(self, |node, step| match (step, &mut node.value) {
                (Step::Key(_), Value::Table(entries)) => entries
                    .iter_mut()
                    .find(|(known, _)| matches!(step, Step::Key(key) if key == known))
                    .map(|(_, found)| found),
                (Step::Index(index), Value::List(items)) => items.get_mut(*index),
                _ => None,
            })
    }

    /// Takes the node at the end of a path out of its table or list.
    pub(crate) fn remove(&mut self, path: &[Step]) -> Option<Self> {
        let (last, parent) = path.split_last()?;
        match (last, &mut self.at_mut(parent)?.value) {
            (Step::Key(key), Value::Table(entries)) => {
                let at = entries.iter().position(|(known, _)| known == key)?;
                Some(entries.remove(at).1)
            }
            (Step::Index(index), Value::List(items)) if *index < items.len() => {
                Some(items.remove(*index))
            }
            _ => None,
        }
    }

    /// The path with list indices as they were written.
    pub(crate) fn written_path(&self, path: &[Step]) -> Vec<Step> {
        let mut node = Some(self);
        path.iter()
            .map(|step| {
                node = node.and_then(|at| at.step(step));
                match (step, node) {
                    (Step::Index(index), Some(found)) => Step::Index(found.index.unwrap_or(*index)),
                    _ => step.clone(),
                }
            })
            .collect()
    }

    /// What kind of value this is, in the words of messages.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "null",
            Value::Bool(_) => "true or false",
            Value::Integer(_) => "a whole number",
            Value::Float(_) => "a number",
            Value::Text(_) | Value::Lenient(_) => "a text",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }
}

/// A path as people write it: `providers[0].base_url`.
#[must_use]
pub fn path_text(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Key(key) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(key);
            }
            Step::Index(index) => {
                text.push_str(&format!("[{index}]"));
            }
        }
    }
    text
}
