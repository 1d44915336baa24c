//! TOML into nodes with lines and columns.

use std::path::PathBuf;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Node, Value};
use crate::fault::Fault;
use crate::origin::{Lines, Origin};

/// Reads a whole document; every syntax error is a fault. `path` is absent for the compiled-in defaults.
pub(crate) fn from_document(
    text: &str,
    path: Option<&Arc<PathBuf>>,
    faults: &mut Vec<Fault>,
) -> Node {
    let lines = Lines::new(text);
    let place = |offset: usize| match path {
        None => Origin::Default,
        Some(path) => {
            let (line, column) = lines.at(offset);
            Origin::File {
                path: Arc::clone(path),
                line,
                column,
            }
        }
    };
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let origin = place(error.span().map_or(0, |span| span.start));
        faults.push(Fault::new(
            origin,
            String::new(),
            format!("not valid TOML: {}", error.message()),
        ));
    }
    let span = table.span();
    Node::new(table_value(table.into_inner(), &place), place(span.start))
}

fn table_value(table: DeTable<'_>, place: &dyn Fn(usize) -> Origin) -> Value {
    Value::Table(
        table
            .into_iter()
            .map(|(key, value)| {
                let mut node = node(value, place);
                // A key is where people look for a wrong setting; its value may be lines away.
                node.origin = place(key.span().start);
                (key.into_inner().into_owned(), node)
            })
            .collect(),
    )
}

fn node(value: Spanned<DeValue<'_>>, place: &dyn Fn(usize) -> Origin) -> Node {
    let origin = place(value.span().start);
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) => match i128::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::Integer(number),
            Err(_) => Value::Text(number.as_str().to_owned()),
        },
        DeValue::Float(number) => match number.as_str().parse() {
            Ok(number) => Value::Float(number),
            Err(_) => Value::Text(number.as_str().to_owned()),
        },
        DeValue::Boolean(value) => Value::Bool(value),
        DeValue::Datetime(at) => Value::Text(at.to_string()),
        DeValue::Array(items) => Value::List(
            items
                .into_iter()
                .enumerate()
                .map(|(index, item)| Node {
                    index: Some(index),
                    ..node(item, place)
                })
                .collect(),
        ),
        DeValue::Table(table) => table_value(table, place),
    };
    Node::new(value, origin)
}

/// A table of plain TOML values, each with the origin that `place` gives for its path.
pub(crate) fn from_table(table: &toml::Table, place: &dyn Fn(&str) -> Origin) -> Node {
    Node::new(plain_table(table, place), place(""))
}

fn plain_table(table: &toml::Table, place: &dyn Fn(&str) -> Origin) -> Value {
    Value::Table(
        table
            .iter()
            .map(|(key, value)| (key.clone(), plain(value, key, place)))
            .collect(),
    )
}

fn plain(value: &toml::Value, key: &str, place: &dyn Fn(&str) -> Origin) -> Node {
    let shape = match value {
        toml::Value::String(text) => Value::Text(text.clone()),
        toml::Value::Integer(number) => Value::Integer((*number).into()),
        toml::Value::Float(number) => Value::Float(*number),
        toml::Value::Boolean(value) => Value::Bool(*value),
        toml::Value::Datetime(at) => Value::Text(at.to_string()),
        toml::Value::Array(items) => Value::List(
            items
                .iter()
                .enumerate()
                .map(|(index, item)| Node {
                    index: Some(index),
                    ..plain(item, key, place)
                })
                .collect(),
        ),
        toml::Value::Table(table) => plain_table(table, place),
    };
    Node::new(shape, place(key))
}

/// A list or table written in one line of TOML, as an environment variable may hold it.
pub(crate) fn from_value_text(text: &str, origin: &Origin) -> Option<Node> {
    let value = DeValue::parse(text).ok()?;
    Some(node(value, &|_| origin.clone()))
}
