//! Reads OpenAI's request for embeddings.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use wire::Protocol;

use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::json::{self, Text};

/// The top-level keys that this reader knows.
#[cfg(test)]
pub(crate) const KNOWN_FIELDS: &[&str] =
    &["model", "input", "dimensions", "encoding_format", "user"];

/// What a request says.
#[derive(Default)]
pub(super) struct Read<'a> {
    pub texts: Vec<Text<'a>>,
    pub dimensions: Option<&'a RawValue>,
    pub encoding: Option<&'a RawValue>,
    pub dropped: Dropped,
    input: Option<&'a RawValue>,
}

/// Reads a request.
pub(super) fn read(body: &str) -> Result<Read<'_>, TranslateError> {
    let broken = |error: serde_json::Error| TranslateError::request(Protocol::Embeddings, &error);
    let mut read: Read<'_> = json::read(body).map_err(broken)?;
    let input = read.input.map_or("null", RawValue::get);
    if let Some(text) = Text::of(input) {
        read.texts.push(text);
        return Ok(read);
    }
    let list: Vec<&RawValue> = json::read(input).map_err(broken)?;
    let texts: Option<Vec<Text<'_>>> = list.iter().map(|raw| Text::of(raw.get())).collect();
    let Some(texts) = texts.filter(|texts| !texts.is_empty()) else {
        return Err(TranslateError::NotTranslatable {
            field: "input",
            why: "token ids are OpenAI's own, and an empty list asks for nothing; send texts",
        });
    };
    read.texts = texts;
    Ok(read)
}

impl<'de: 'a, 'a> Deserialize<'de> for Read<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = Read<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Read<'de>, A::Error> {
                let mut read = Read::default();
                while let Some(key) = map.next_key::<Text<'de>>()? {
                    let key = key.into_decoded();
                    match key.as_ref() {
                        "input" => read.input = Some(map.next_value()?),
                        "dimensions" => read.dimensions = map.next_value()?,
                        "encoding_format" => read.encoding = map.next_value()?,
                        // Neither changes the vectors.
                        "model" | "user" => {
                            map.next_value::<IgnoredAny>()?;
                        }
                        _ => {
                            let value: &RawValue = map.next_value()?;
                            if value.get() != "null" {
                                read.dropped.note_foreign(&key);
                            }
                        }
                    }
                }
                Ok(read)
            }
        }
        deserializer.deserialize_map(Keys)
    }
}
