//! A string out of a JSON text. It stays escaped as it came wherever nobody has to look into it, so that prompts and
//! deltas are copied, not decoded and encoded.

use std::borrow::Cow;

use serde::de::{Deserialize, Deserializer, Error, Unexpected};
use serde_json::value::RawValue;

use super::escape::{escape, unescape};

/// A string, escaped as in the JSON that it comes from, or plain.
#[derive(Debug, Clone)]
pub(crate) enum Text<'a> {
    /// What stood between the quotes.
    Raw(&'a str),
    /// The string itself.
    Plain(Cow<'a, str>),
}

impl<'a> Text<'a> {
    /// The empty string.
    pub(crate) const EMPTY: Self = Self::Raw("");

    /// The string that a raw JSON value is; `None` where it is something else.
    pub(crate) fn of(raw: &'a str) -> Option<Self> {
        let inside = raw.strip_prefix('"')?.strip_suffix('"')?;
        Some(Self::Raw(inside))
    }

    /// A string of our own or an already decoded one.
    pub(crate) fn plain(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Plain(text.into())
    }

    /// Whether it is empty.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Raw(text) => text.is_empty(),
            Self::Plain(text) => text.is_empty(),
        }
    }

    /// How many bytes it has as it stands here; what buffers are counted by.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Raw(text) => text.len(),
            Self::Plain(text) => text.len(),
        }
    }

    /// The string itself, borrowed where nothing in it is escaped.
    pub(crate) fn decoded(&self) -> Cow<'_, str> {
        match self {
            Self::Raw(text) => unescape(text),
            Self::Plain(text) => Cow::Borrowed(text),
        }
    }

    /// The string itself.
    pub(crate) fn into_decoded(self) -> Cow<'a, str> {
        match self {
            Self::Raw(text) => unescape(text),
            Self::Plain(text) => text,
        }
    }

    /// Whether it is that word. Words that matter here are never escaped.
    pub(crate) fn is(&self, word: &str) -> bool {
        match self {
            Self::Raw(text) => *text == word,
            Self::Plain(text) => text == word,
        }
    }

    /// Whether it begins with these ASCII characters, none of which JSON escapes.
    pub(crate) fn starts_with(&self, beginning: &str) -> bool {
        match self {
            Self::Raw(text) => text.starts_with(beginning),
            Self::Plain(text) => text.starts_with(beginning),
        }
    }

    /// It as it stands between quotes: what is kept for later, so that half a surrogate pair finds its other half.
    pub(crate) fn escaped(&self) -> Cow<'_, str> {
        match self {
            Self::Raw(text) => Cow::Borrowed(text),
            Self::Plain(text) => {
                let mut out = Vec::new();
                escape(text, &mut out);
                Cow::Owned(String::from_utf8(out).unwrap_or_default())
            }
        }
    }

    /// Writes it escaped, without quotes.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Raw(text) => out.extend_from_slice(text.as_bytes()),
            Self::Plain(text) => escape(text, out),
        }
    }

    /// Writes it as a JSON string.
    pub(crate) fn write_quoted(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        self.write(out);
        out.push(b'"');
    }

    /// The same string, free of what it was borrowed from.
    pub(crate) fn into_owned(self) -> Text<'static> {
        Text::Plain(Cow::Owned(self.into_decoded().into_owned()))
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.decoded() == other.decoded()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?;
        Self::of(raw.get())
            .ok_or_else(|| D::Error::invalid_type(Unexpected::Other("another value"), &"a string"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_keeps_its_escapes_until_somebody_looks() {
        let text: Text<'_> = serde_json::from_str(r#" "a\u00e9\n\"b\" \/" "#).unwrap();
        assert!(matches!(text, Text::Raw(r#"a\u00e9\n\"b\" \/"#)));
        assert_eq!(text.decoded(), "aé\n\"b\" /");
        let mut out = Vec::new();
        text.write_quoted(&mut out);
        assert_eq!(out, br#""a\u00e9\n\"b\" \/""#);
    }

    #[test]
    fn other_values_are_refused_and_null_is_nothing() {
        assert!(serde_json::from_str::<Text<'_>>("5").is_err());
        let none: Option<Text<'_>> = serde_json::from_str("null").unwrap();
        assert!(none.is_none());
    }

    #[test]
    fn plain_and_raw_compare_by_what_they_say() {
        assert_eq!(Text::Raw(r"a\nb"), Text::plain("a\nb"));
        assert_eq!(Text::Raw(r"a\nb").into_owned(), Text::plain("a\nb"));
    }
}
