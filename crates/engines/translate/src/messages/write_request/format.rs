//! Structured output: enforced where a schema can be, else asked for in words.

use std::borrow::Cow;

use super::model::Model;
use super::schema::{self, Fit};
use crate::dropped::Dropped;
use crate::neutral::Format;

/// What becomes of a wish for structured output.
#[derive(Debug)]
pub(super) enum Structured<'a> {
    None,
    /// Enforced.
    Schema(Cow<'a, str>),
    /// Asked for in words.
    Words(String),
}

impl Structured<'_> {
    pub(super) fn words(&self) -> Option<&str> {
        match self {
            Self::Words(words) => Some(words),
            _ => None,
        }
    }
}

/// Decides how to ask for it. JSON without a schema is nothing that Claude's provider could enforce.
pub(super) fn decide<'a>(
    format: Option<&Format<'a>>,
    model: Model<'_>,
    dropped: &mut Dropped,
) -> Structured<'a> {
    let schema = match format {
        None => return Structured::None,
        Some(Format::Json) => {
            dropped.note("response_format.json_object");
            return Structured::Words("Answer with one JSON object, and nothing else.".to_owned());
        }
        Some(Format::Schema { schema, .. }) => schema.get(),
    };
    match schema::fit(schema) {
        Fit::AsIs if model.enforces_schemas() => Structured::Schema(Cow::Borrowed(schema)),
        Fit::Changed(schema) if model.enforces_schemas() => Structured::Schema(schema.into()),
        _ => {
            dropped.note("response_format.json_schema");
            Structured::Words(format!(
                "Answer with one JSON object that fits this JSON Schema, and nothing else:\n{schema}"
            ))
        }
    }
}
