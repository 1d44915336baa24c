//! Rules beyond types: each settings type checks itself and names what is wrong.

use crate::load::parse_path;
use crate::tree::{Node, Step, Value, path_text};

/// A settings type that checks what its types cannot say. All faults are told, not only the first.
pub trait Validate {
    /// Adds a fault for everything that is wrong.
    fn validate(&self, check: &mut Check);
}

/// Collects faults under the path that is being checked.
#[derive(Debug, Default)]
pub struct Check {
    path: Vec<Step>,
    pub(crate) found: Vec<(Vec<Step>, String)>,
    /// Lists from which unreadable items were taken out, each with what is left of the item.
    partial: Vec<(String, Node)>,
}

impl Check {
    /// A check of a whole value, for tests of rules.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn of_partial(partial: Vec<(String, Node)>) -> Self {
        Self {
            partial,
            ..Self::default()
        }
    }

    /// Checks a part below `key`.
    pub fn at(&mut self, key: &str, part: impl FnOnce(&mut Self)) {
        self.under(Step::Key(key.to_owned()), part);
    }

    /// Checks each item of the list at `key`.
    pub fn each<T>(&mut self, key: &str, items: &[T], mut part: impl FnMut(&T, &mut Self)) {
        self.at(key, |check| {
            for (index, item) in items.iter().enumerate() {
                check.under(Step::Index(index), |check| part(item, check));
            }
        });
    }

    /// Checks a settings part that has rules of its own below `key`.
    pub fn part(&mut self, key: &str, part: &impl Validate) {
        self.at(key, |check| part.validate(check));
    }

    fn under(&mut self, step: Step, part: impl FnOnce(&mut Self)) {
        self.path.push(step);
        part(self);
        self.path.pop();
    }

    /// A fault of the setting `key` (or `part.key`) below the current path; an empty key means the path itself. The message says what
    /// is expected, e.g. `must be 1 or more`.
    pub fn fault(&mut self, key: &str, message: impl Into<String>) {
        let mut path = self.path.clone();
        path.extend(parse_path(key));
        self.found.push((path, message.into()));
    }

    /// A fault where `holds` is false.
    pub fn require(&mut self, holds: bool, key: &str, message: &str) {
        if !holds {
            self.fault(key, message);
        }
    }

    /// Whether an item was taken out of the list at this full path because it could not be read: then a name that is not found
    /// in the list may be in the part that is missing.
    #[must_use]
    pub fn is_partial(&self, path: &str) -> bool {
        self.partial.iter().any(|(known, _)| known == path)
    }

    /// The text under `key` of each item that was taken out of the list at this full path, `None` for one that has none there:
    /// by such a name others may refer to it.
    #[must_use]
    pub fn lost(&self, path: &str, key: &str) -> Vec<Option<String>> {
        let items = self.partial.iter().filter(|(known, _)| known == path);
        items
            .map(|(_, item)| match &item.get(key)?.value {
                Value::Text(text) | Value::Lenient(text) => Some(text.clone()),
                _ => None,
            })
            .collect()
    }

    /// What was found so far, as `path: message`; for tests of rules.
    #[must_use]
    pub fn messages(&self) -> Vec<String> {
        self.found
            .iter()
            .map(|(path, message)| format!("{}: {message}", path_text(path)))
            .collect()
    }
}
