//! The names of what a request asks for and the upstream has no place for; shown to the caller in a header.

use std::borrow::Cow;

/// More names than this are not kept; the list then ends in `…`.
const MAX_NAMES: usize = 32;
/// Longer names are cut.
const MAX_NAME_BYTES: usize = 64;

/// Names of dropped fields, each once, in the order they were met. Visible ASCII only, so that they fit a header.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dropped {
    names: Vec<Cow<'static, str>>,
    more: bool,
}

impl Dropped {
    /// The names.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let more = self.more.then_some("...");
        self.names.iter().map(AsRef::as_ref).chain(more)
    }

    /// Whether everything found its place.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Keeps a name that this crate spells.
    pub(crate) fn note(&mut self, name: &'static str) {
        self.keep(Cow::Borrowed(name));
    }

    /// Keeps a name that has a caller's words in it.
    pub(crate) fn note_foreign(&mut self, name: &str) {
        let visible = name.bytes().filter(u8::is_ascii_graphic);
        let visible = visible.filter(|byte| !b",;\"".contains(byte));
        self.keep(Cow::Owned(
            visible.take(MAX_NAME_BYTES).map(char::from).collect(),
        ));
    }

    fn keep(&mut self, name: Cow<'static, str>) {
        if name.is_empty() || self.names.contains(&name) {
            return;
        }
        if self.names.len() < MAX_NAMES {
            self.names.push(name);
        } else {
            self.more = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kept_once_clean_and_few() {
        let mut dropped = Dropped::default();
        dropped.note("seed");
        dropped.note("seed");
        dropped.note_foreign("a b\r\nc,é");
        assert_eq!(dropped.iter().collect::<Vec<_>>(), ["seed", "abc"]);
        for number in 0..50 {
            dropped.note_foreign(&format!("x{number}"));
        }
        assert_eq!(dropped.iter().count(), MAX_NAMES + 1);
        assert_eq!(dropped.iter().last(), Some("..."));
    }
}
