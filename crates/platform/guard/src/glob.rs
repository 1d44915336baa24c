//! Patterns for model names: `*` stands for any run of characters, slashes included; nothing else is special.

use std::fmt;

/// One pattern, split once so that matching does no work but comparing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob {
    text: Box<str>,
    /// Where the stars stand.
    stars: Box<[usize]>,
}

impl Glob {
    /// Reads a pattern; every text is one.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self {
            stars: text.match_indices('*').map(|(at, _)| at).collect(),
            text: text.into(),
        }
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the whole of `name` fits.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        let (Some(first), Some(last)) = (self.stars.first(), self.stars.last()) else {
            return *self.text == *name;
        };
        let (head, tail) = (&self.text[..*first], &self.text[last + 1..]);
        if name.len() < head.len() + tail.len() || !name.starts_with(head) || !name.ends_with(tail)
        {
            return false;
        }
        // Between head and tail the leftmost fit of each piece is as good as any other.
        let mut rest = &name[head.len()..name.len() - tail.len()];
        for pair in self.stars.windows(2) {
            let piece = &self.text[pair[0] + 1..pair[1]];
            match rest.find(piece) {
                Some(at) => rest = &rest[at + piece.len()..],
                None => return false,
            }
        }
        true
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn stars_stand_for_any_run() {
        for (pattern, fits, fits_not) in [
            ("*", vec!["", "a", "a/b"], vec![]),
            ("claude*", vec!["claude", "claude-opus"], vec!["a-claude"]),
            ("*-mini", vec!["gpt-5-mini"], vec!["gpt-5-mini-2"]),
            ("a*a", vec!["aa", "aba"], vec!["a"]),
            ("gpt-*-20*", vec!["gpt-5-2026"], vec!["gpt-5"]),
            ("exact", vec!["exact"], vec!["exactly", "exac"]),
        ] {
            let glob = Glob::new(pattern);
            assert!(fits.iter().all(|name| glob.matches(name)), "{pattern}");
            assert!(!fits_not.iter().any(|name| glob.matches(name)), "{pattern}");
        }
    }

    /// The textbook recursion, as slow as it is plain.
    fn oracle(pattern: &[u8], name: &[u8]) -> bool {
        match pattern.split_first() {
            None => name.is_empty(),
            Some((b'*', rest)) => (0..=name.len()).any(|skip| oracle(rest, &name[skip..])),
            Some((byte, rest)) => name.first() == Some(byte) && oracle(rest, &name[1..]),
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_textbook(pattern in "[ab*]{0,8}", name in "[ab]{0,10}") {
            prop_assert_eq!(Glob::new(&pattern).matches(&name), oracle(pattern.as_bytes(), name.as_bytes()));
        }
    }
}
