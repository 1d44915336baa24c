//! JSON as this crate handles it: strings that stay as they were escaped, objects written straight into a buffer,
//! and whether a text that arrives in pieces is complete. What the JSON means is the sides' business.

mod balance;
mod escape;
mod text;
mod write;

pub(crate) use balance::Balance;
pub(crate) use escape::escape;
pub(crate) use text::Text;
pub(crate) use write::{Array, Object};

use serde::Deserialize;
use serde_json::value::RawValue;

/// The one value that a text holds, borrowed from it.
pub(crate) fn read<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, serde_json::Error> {
    serde_json::from_str(text)
}

/// A list that may be written as a single string, as a list, or be absent.
#[derive(Debug, Clone)]
pub(crate) enum StringOr<'a, T> {
    /// A single string.
    Text(Text<'a>),
    /// The list.
    List(Vec<T>),
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for StringOr<'a, T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The raw text first: a string keeps its escapes, so it is never decoded and encoded again.
        let raw = <&'de RawValue>::deserialize(deserializer)?;
        Self::of(raw).map_err(|error| serde::de::Error::custom(inner(&error)))
    }
}

impl<'a, T> StringOr<'a, T> {
    /// What a raw value says.
    pub(crate) fn of<'de: 'a>(raw: &'de RawValue) -> Result<Self, serde_json::Error>
    where
        T: Deserialize<'de>,
    {
        match Text::of(raw.get()) {
            Some(text) => Ok(Self::Text(text)),
            None => read(raw.get()).map(Self::List),
        }
    }
}

/// What a nested reader says, without the place: that is counted from the nested value's beginning.
fn inner(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let end = text.find(" at line ").unwrap_or(text.len());
    text[..end].to_owned()
}

/// Whether a raw value is an object.
pub(crate) fn is_object(raw: &str) -> bool {
    raw.trim_ascii_start().starts_with('{')
}
