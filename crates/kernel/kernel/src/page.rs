//! Keyset pages: a cursor that a client hands back unread, and the envelope every list answers in.

use serde::{Deserialize, Serialize};

/// Where the next page starts: the sort key of the last row shown. Opaque to clients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub String);

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The rows, in the order of the list.
    pub data: Vec<T>,
    /// Hand this back as `cursor` for the next page; `null` on the last one.
    pub next_cursor: Option<Cursor>,
}

impl<T> Page<T> {
    /// Cuts rows that were asked for with one more than `limit` into a page; `key` gives a row's sort key.
    #[must_use]
    pub fn cut(mut rows: Vec<T>, limit: usize, key: impl Fn(&T) -> String) -> Self {
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = if more {
            rows.last().map(|row| Cursor(key(row)))
        } else {
            None
        };
        Self {
            data: rows,
            next_cursor,
        }
    }

    /// The same page with its rows in another shape.
    #[must_use]
    pub fn map<U>(self, shape: impl FnMut(T) -> U) -> Page<U> {
        Page {
            data: self.data.into_iter().map(shape).collect(),
            next_cursor: self.next_cursor,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_has_no_cursor() {
        let page = Page::cut(vec![1, 2, 3], 2, ToString::to_string);
        assert_eq!(
            (page.data, page.next_cursor),
            (vec![1, 2], Some(Cursor("2".into())))
        );
        let page = Page::cut(vec![1, 2], 2, ToString::to_string);
        assert_eq!(page.next_cursor, None);
    }
}
