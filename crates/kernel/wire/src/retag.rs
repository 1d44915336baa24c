//! Where in a body stands what belongs to one account: ids of responses and sealed contents. Looked for by bytes: a
//! quote within a string is escaped, so what stands between two bare quotes is a string of its own.

use std::ops::Range;

use memchr::memmem::{self, Finder};

use crate::scan;

/// The string under which reasoning travels sealed.
const CONTENT: &[u8] = b"\"encrypted_content\"";

/// One id, to be found again and again.
#[derive(Debug, Clone)]
pub struct QuotedId(Finder<'static>);

impl QuotedId {
    /// Ids are words; `None` for any other text, and for none.
    #[must_use]
    pub fn new(id: &str) -> Option<Self> {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        (!id.is_empty() && id.bytes().all(is_word))
            .then(|| Self(Finder::new(&format!("\"{id}\"")).into_owned()))
    }

    /// Where it ends wherever it stands as a string of its own.
    pub fn ends<'t>(&'t self, text: &'t [u8]) -> impl Iterator<Item = usize> + 't {
        let to_end = self.0.needle().len() - 1;
        self.0.find_iter(text).map(move |at| at + to_end)
    }
}

/// The `id` of the outermost object, as it is written.
#[must_use]
pub fn top_id(body: &[u8]) -> Option<&str> {
    let mut keys = scan::keys(body);
    while let Some(key) = keys.next() {
        if (key.depth, key.name) == (1, b"id") {
            return std::str::from_utf8(keys.string()?).ok();
        }
    }
    None
}

/// Where the ids stand that a response or, at depth 2, the responses of a block of events go on from.
pub fn previous_ids(text: &[u8], depth: u32) -> impl Iterator<Item = Range<usize>> {
    let mut keys = scan::keys(text);
    std::iter::from_fn(move || {
        while let Some(key) = keys.next() {
            if (key.depth, key.name) == (depth, b"previous_response_id")
                && let Some(quoted) = keys.span()
            {
                return Some(inner(quoted));
            }
        }
        None
    })
}

/// Where the values of `encrypted_content` stand that are strings, without their quotes.
pub fn encrypted_contents(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    memmem::find_iter(text, CONTENT).filter_map(move |at| {
        let mut after = scan::keys(text);
        after.resume(at + CONTENT.len(), 0);
        if after.value().first() != Some(&b':') {
            return None;
        }
        let colon = text.len() - after.value().len();
        after.resume(colon + 1, 0);
        after.span().map(inner)
    })
}

fn inner(quoted: Range<usize>) -> Range<usize> {
    quoted.start + 1..quoted.end - 1
}

#[cfg(test)]
mod tests;
