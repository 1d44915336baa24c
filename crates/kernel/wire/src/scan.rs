//! A lexical walk over the keys of a JSON text: where each stands, how deep, and what its value begins with. It checks
//! nothing, allocates nothing and costs a few nanoseconds a key, which is why stream events are looked at with it first.

use std::ops::Range;

use memchr::memchr2;

/// A key and the depth it stands at: 1 for the keys of the outermost object, one more for each bracket around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key<'a> {
    pub depth: u32,
    /// As it is written, without quotes; upstreams do not escape the keys that we look for.
    pub name: &'a [u8],
}

/// Walks from key to key.
#[derive(Debug, Clone)]
pub(crate) struct Keys<'a> {
    text: &'a [u8],
    at: usize,
    depth: u32,
}

/// The keys of a JSON text.
pub(crate) fn keys(text: &[u8]) -> Keys<'_> {
    Keys {
        text,
        at: 0,
        depth: 0,
    }
}

impl<'a> Keys<'a> {
    /// Goes on as if the walk had just given a key of that depth whose value begins at `at`.
    pub(crate) fn resume(&mut self, at: usize, depth: u32) {
        self.at = at;
        self.depth = depth;
        self.skip_space();
    }

    /// The next key; the walk then stands before its value.
    pub(crate) fn next(&mut self) -> Option<Key<'a>> {
        loop {
            match *self.text.get(self.at)? {
                b'"' => {
                    let name = self.string()?;
                    self.skip_space();
                    if self.text.get(self.at) == Some(&b':') {
                        self.at += 1;
                        self.skip_space();
                        return Some(Key {
                            depth: self.depth,
                            name,
                        });
                    }
                }
                b'{' | b'[' => {
                    self.depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    self.at += 1;
                }
                _ => self.at += 1,
            }
        }
    }

    /// What is left, beginning with the value.
    pub(crate) fn value(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The string here, still escaped and without quotes, stepped over; nothing when something else stands here.
    pub(crate) fn string(&mut self) -> Option<&'a [u8]> {
        let start = self.at + 1;
        if self.text.get(self.at) != Some(&b'"') {
            return None;
        }
        let mut at = start;
        loop {
            let found = at + memchr2(b'"', b'\\', self.text.get(at..)?)?;
            if self.text[found] == b'"' {
                self.at = found + 1;
                return Some(&self.text[start..found]);
            }
            at = found + 2;
        }
    }

    /// Where the string here stands, quotes included, stepped over; nothing when something else stands here.
    pub(crate) fn span(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        self.string().map(|_| start..self.at)
    }

    /// The whole number here, stepped over.
    pub(crate) fn integer(&mut self) -> Option<u64> {
        let digits = self.value();
        let end = digits
            .iter()
            .position(|byte| !byte.is_ascii_digit())
            .unwrap_or(digits.len());
        let number = std::str::from_utf8(&digits[..end]).ok()?.parse().ok()?;
        self.at += end;
        Some(number)
    }

    /// Whether the value here is an object or an array that is not empty.
    pub(crate) fn is_filled(&self) -> bool {
        let value = self.value();
        if !matches!(value.first(), Some(b'{' | b'[')) {
            return false;
        }
        let inner = value[1..].iter().find(|byte| !is_space(**byte));
        inner.is_some_and(|byte| !matches!(byte, b'}' | b']'))
    }

    /// Whether the value here is an array without elements.
    pub(crate) fn is_empty_array(&self) -> bool {
        self.value().first() == Some(&b'[') && !self.is_filled()
    }

    /// Whether the value here is `null`.
    pub(crate) fn is_null(&self) -> bool {
        self.value().first() == Some(&b'n')
    }

    fn skip_space(&mut self) {
        while self.text.get(self.at).is_some_and(|byte| is_space(*byte)) {
            self.at += 1;
        }
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Reads the one value that a text begins with, whatever follows it.
pub(crate) fn parse<'de, T: serde::Deserialize<'de>>(text: &'de [u8]) -> Option<T> {
    T::deserialize(&mut serde_json::Deserializer::from_slice(text)).ok()
}

/// The text of a string as it is written between its quotes.
pub(crate) fn unescape(raw: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(raw).ok()?;
    if !text.contains('\\') {
        return Some(text.to_owned());
    }
    serde_json::from_str(&format!("\"{text}\"")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(text: &str) -> Vec<(u32, &str)> {
        let mut keys = keys(text.as_bytes());
        std::iter::from_fn(|| keys.next())
            .map(|key| (key.depth, std::str::from_utf8(key.name).unwrap()))
            .collect()
    }

    #[test]
    fn keys_and_their_depth() {
        let text =
            r#" {"a" : 1, "b":[{"c":"d"}, "e", ["f"]], "g\"h":{"i":null}, "j":"k: \"l\":"} "#;
        assert_eq!(
            walk(text),
            [
                (1, "a"),
                (1, "b"),
                (3, "c"),
                (1, "g\\\"h"),
                (2, "i"),
                (1, "j")
            ]
        );
    }

    #[test]
    fn broken_text_ends_the_walk() {
        assert_eq!(walk(r#"{"a":1,"b"#), [(1, "a")]);
        assert_eq!(walk(r#"}}]{"a":"\"#), [(1, "a")]);
        assert_eq!(walk(""), []);
    }

    #[test]
    fn values_are_told_by_how_they_begin() {
        let text = br#"{"a": [ ], "b":{"x":1}, "c":null, "d":"t\u00e9\"", "e":17, "f":[0]}"#;
        let mut keys = keys(text);
        let mut seen = Vec::new();
        while let Some(key) = keys.next() {
            seen.push((
                key.name[0],
                keys.is_empty_array(),
                keys.is_filled(),
                keys.is_null(),
            ));
            match key.name {
                b"d" => {
                    let raw = keys.string().unwrap();
                    assert_eq!(unescape(raw).as_deref(), Some("té\""));
                }
                b"e" => assert_eq!(keys.integer(), Some(17)),
                b"x" => assert_eq!(keys.string(), None),
                _ => {}
            }
        }
        assert_eq!(
            seen,
            [
                (b'a', true, false, false),
                (b'b', false, true, false),
                (b'x', false, false, false),
                (b'c', false, false, true),
                (b'd', false, false, false),
                (b'e', false, false, false),
                (b'f', false, true, false),
            ]
        );
    }

    #[test]
    fn a_walk_goes_on_where_another_stood() {
        let text = br#"{"a":1,"b":{"c":2},"d":3}"#;
        let mut first = keys(text);
        first.next();
        first.next();
        let mut second = keys(text);
        second.resume(text.len() - first.value().len(), 1);
        assert_eq!(second.next(), first.next());
        assert_eq!(
            second.next(),
            Some(Key {
                depth: 1,
                name: b"d"
            })
        );
    }

    #[test]
    fn one_value_is_read_whatever_follows() {
        assert_eq!(parse::<u64>(b"17,\"x\""), Some(17));
        assert_eq!(parse::<u64>(b"x"), None);
    }
}
