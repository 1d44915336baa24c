//! Lays one layer of settings over another: tables grow together, everything else is replaced.

use crate::fault::Fault;
use crate::origin::Origin;
use crate::reader::lenient;
use crate::tree::{Node, Value};

/// Lays `over` over `base`.
pub(crate) fn merge(base: &mut Node, over: Node) {
    match (&mut base.value, over.value) {
        (Value::Table(known), Value::Table(entries)) => {
            for (key, node) in entries {
                match known.iter_mut().find(|(name, _)| *name == key) {
                    Some((_, slot)) => merge(slot, node),
                    None => known.push((key, node)),
                }
            }
            if !matches!(over.origin, Origin::Flag(_)) {
                base.origin = over.origin;
            }
        }
        (slot, value) => {
            *slot = value;
            base.origin = over.origin;
        }
    }
}

/// Sets one setting from a text of the environment. A number among the steps is an index into a list that is there.
pub(crate) fn set_text<'a>(
    root: &mut Node,
    steps: impl Iterator<Item = &'a str>,
    text: &str,
    origin: &Origin,
    faults: &mut Vec<Fault>,
) {
    let mut node = root;
    let mut walked = String::new();
    for step in steps {
        let separator = if walked.is_empty() { "" } else { "." };
        walked = format!("{walked}{separator}{step}");
        let kind = node.kind();
        let next = match (&mut node.value, step.parse::<usize>()) {
            (Value::List(items), Ok(index)) => {
                let count = items.len();
                items
                    .get_mut(index)
                    .ok_or_else(|| format!("the list has {count} items, counted from 0"))
            }
            (Value::Table(entries), _) => Ok(enter(entries, step, origin)),
            _ => Err(format!("{kind} stands where a table is expected")),
        };
        node = match next {
            Ok(next) => next,
            Err(message) => {
                faults.push(Fault::new(origin.clone(), walked, message));
                return;
            }
        };
    }
    node.value = typed(text, node);
    node.origin = origin.clone();
}

/// The entry of a table, made where it is not there.
fn enter<'a>(entries: &'a mut Vec<(String, Node)>, key: &str, origin: &Origin) -> &'a mut Node {
    let at = entries
        .iter()
        .position(|(name, _)| name == key)
        .unwrap_or_else(|| {
            let empty = Node::new(Value::Table(Vec::new()), origin.clone());
            entries.push((key.to_owned(), empty));
            entries.len() - 1
        });
    &mut entries[at].1
}

/// The text in the kind of the value that it replaces, so that it is shown in that kind. A text that does not fit stays as it
/// is and is told as a fault when it is read.
fn typed(text: &str, replaced: &Node) -> Value {
    let fit = match &replaced.value {
        Value::Text(_) => Some(Value::Text(text.to_owned())),
        Value::Bool(_) => lenient::boolean(text).map(Value::Bool),
        Value::Integer(_) => text.trim().parse().ok().map(Value::Integer),
        Value::Float(_) => lenient::decimal(text.trim()).map(Value::Float),
        Value::List(_) => Some(Value::List(lenient::list(text, replaced))),
        _ => None,
    };
    fit.unwrap_or_else(|| Value::Lenient(text.to_owned()))
}
