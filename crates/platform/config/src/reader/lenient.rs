//! Texts that stand for other kinds: how the environment and query strings spell numbers, lists and tables.

use crate::tree::{Node, Value, from_value_text};

/// `true`, `yes`, `on`, `1` and their opposites.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// A finite decimal number; `inf` and `nan` are names, not numbers.
pub(crate) fn decimal(text: &str) -> Option<f64> {
    let starts = text
        .trim_start_matches(['-', '+'])
        .starts_with(|first: char| first.is_ascii_digit() || first == '.');
    text.parse::<f64>()
        .ok()
        .filter(|number| starts && number.is_finite())
}

/// A list or table in one line of TOML that opens with `opening`.
pub(crate) fn structure(text: &str, opening: char, node: &Node) -> Option<Node> {
    text.trim_start()
        .starts_with(opening)
        .then(|| from_value_text(text.trim(), &node.origin))
        .flatten()
}

/// A TOML list, or texts with commas between; spaces around them do not count.
pub(crate) fn list(text: &str, node: &Node) -> Vec<Node> {
    if let Some(Value::List(items)) = structure(text, '[', node).map(|list| list.value) {
        return items;
    }
    text.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .enumerate()
        .map(|(index, item)| Node {
            value: Value::Lenient(item.to_owned()),
            origin: node.origin.clone(),
            index: Some(index),
        })
        .collect()
}

/// The kind that a text looks like, where nobody says what is asked for. A text that looks like nothing else stays as it is.
pub(crate) fn guess(text: &str, node: &Node) -> Node {
    let trimmed = text.trim();
    if let Some(found) = structure(text, '[', node).or_else(|| structure(text, '{', node)) {
        return found;
    }
    let value = match trimmed {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => match (trimmed.parse::<i64>(), decimal(trimmed)) {
            (Ok(number), _) => Value::Integer(number.into()),
            (_, Some(number)) => Value::Float(number),
            _ => Value::Lenient(text.to_owned()),
        },
    };
    Node::new(value, node.origin.clone())
}
