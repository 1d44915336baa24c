//! Settings in force as TOML or rows, each with its place, secrets left out.

use std::fmt::Write as _;

use serde::Serialize;

use crate::load::Loaded;
use crate::secret::is_reference;
use crate::tree::{Node, Step, Value, path_text};

/// What stands in the place of a secret.
pub const REDACTED: &str = "[redacted]";

/// One setting in force.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// The setting, e.g. `http.listen`.
    pub path: String,
    /// Its value; a secret shows as its reference or as `[redacted]`.
    pub value: serde_json::Value,
    /// Where it was written.
    pub origin: String,
}

impl<T> Loaded<T> {
    /// The settings in force as TOML; a comment tells where each that is no default was written.
    #[must_use]
    pub fn show(&self) -> String {
        let mut out = String::new();
        if let Value::Table(entries) = &self.tree.value {
            self.table(&mut out, &mut Vec::new(), entries);
        }
        out
    }

    /// The settings in force as rows, one for each value that is no table.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        let mut rows = Vec::new();
        self.collect(&mut rows, &mut Vec::new(), &self.tree);
        rows
    }

    fn collect(&self, rows: &mut Vec<Entry>, path: &mut Vec<Step>, node: &Node) {
        let children: Vec<(Step, &Node)> = match &node.value {
            Value::Table(entries) => entries
                .iter()
                .map(|(key, node)| (Step::Key(key.clone()), node))
                .collect(),
            Value::List(items) if is_table_list(items) => items
                .iter()
                .enumerate()
                .map(|(index, node)| (Step::Index(index), node))
                .collect(),
            _ => {
                rows.push(Entry {
                    path: path_text(path),
                    value: self.json(path, node),
                    origin: node.origin.to_string(),
                });
                return;
            }
        };
        for (step, child) in children {
            path.push(step);
            self.collect(rows, path, child);
            path.pop();
        }
    }

    fn table(&self, out: &mut String, path: &mut Vec<Step>, entries: &[(String, Node)]) {
        let (plain, nested): (Vec<_>, Vec<_>) = entries.iter().partition(|(_, node)| {
            !matches!(&node.value, Value::Table(_))
                && !matches!(&node.value, Value::List(items) if is_table_list(items))
        });
        for (key, node) in plain {
            path.push(Step::Key(key.clone()));
            let value = self.toml(path, node);
            path.pop();
            let _ = write!(out, "{} = {value}", toml_key(key));
            if node.origin != crate::Origin::Default {
                let _ = write!(out, "  # {}", node.origin);
            }
            out.push('\n');
        }
        for (key, node) in nested {
            path.push(Step::Key(key.clone()));
            match &node.value {
                Value::Table(entries) => {
                    let _ = writeln!(out, "\n[{}]", header(path));
                    self.table(out, path, entries);
                }
                Value::List(items) => {
                    for (index, item) in items.iter().enumerate() {
                        let _ = writeln!(out, "\n[[{}]]  # {}", header(path), item.origin);
                        path.push(Step::Index(index));
                        if let Value::Table(entries) = &item.value {
                            self.table(out, path, entries);
                        }
                        path.pop();
                    }
                }
                _ => {}
            }
            path.pop();
        }
    }

    fn toml(&self, path: &mut Vec<Step>, node: &Node) -> String {
        match &node.value {
            Value::Null => "\"\"".to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Integer(number) => number.to_string(),
            Value::Float(number) => toml::Value::Float(*number).to_string(),
            Value::Text(text) | Value::Lenient(text) => {
                toml::Value::String(self.visible(path, text)).to_string()
            }
            Value::List(items) => {
                let items: Vec<String> = items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| {
                        path.push(Step::Index(index));
                        let text = self.toml(path, item);
                        path.pop();
                        text
                    })
                    .collect();
                format!("[{}]", items.join(", "))
            }
            Value::Table(entries) => {
                let entries: Vec<String> = entries
                    .iter()
                    .map(|(key, node)| {
                        path.push(Step::Key(key.clone()));
                        let text = format!("{} = {}", toml_key(key), self.toml(path, node));
                        path.pop();
                        text
                    })
                    .collect();
                format!("{{ {} }}", entries.join(", "))
            }
        }
    }

    fn json(&self, path: &mut Vec<Step>, node: &Node) -> serde_json::Value {
        match &node.value {
            Value::Text(text) | Value::Lenient(text) => self.visible(path, text).into(),
            Value::Bool(value) => (*value).into(),
            Value::Integer(number) => match i64::try_from(*number) {
                Ok(number) => number.into(),
                Err(_) => number.to_string().into(),
            },
            Value::Float(number) => (*number).into(),
            Value::Null => serde_json::Value::Null,
            Value::List(items) => items
                .iter()
                .enumerate()
                .map(|(index, item)| {
                    path.push(Step::Index(index));
                    let value = self.json(path, item);
                    path.pop();
                    value
                })
                .collect(),
            Value::Table(_) => self.toml(path, node).into(),
        }
    }

    /// A text as it may be shown.
    fn visible(&self, path: &[Step], text: &str) -> String {
        if self.secrets.contains(&path_text(path)) {
            let shown = if is_reference(text) { text } else { REDACTED };
            return shown.to_owned();
        }
        without_userinfo(text)
    }
}

/// A list whose items are tables of their own.
fn is_table_list(items: &[Node]) -> bool {
    !items.is_empty()
        && items
            .iter()
            .all(|item| matches!(item.value, Value::Table(_)))
}

/// A URL without the user and password it may carry, whatever type the setting has.
fn without_userinfo(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://{REDACTED}{}", &rest[at..]),
        None => text.to_owned(),
    }
}

/// The head of a table; an index stands for the list's newest item in TOML and is not written.
fn header(path: &[Step]) -> String {
    let keys: Vec<String> = path
        .iter()
        .filter_map(|step| match step {
            Step::Key(key) => Some(toml_key(key)),
            Step::Index(_) => None,
        })
        .collect();
    keys.join(".")
}

fn toml_key(key: &str) -> String {
    let bare = !key.is_empty()
        && key
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if bare {
        key.to_owned()
    } else {
        toml::Value::String(key.to_owned()).to_string()
    }
}
