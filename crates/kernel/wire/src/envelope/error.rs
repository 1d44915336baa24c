//! Why a request body is refused before anything is sent.

use kernel::{Failure, Kind};

/// What is wrong with a request body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// No byte but white space.
    #[error("the body is empty; send a JSON object with at least `model`")]
    Empty,
    /// Not JSON.
    #[error("the body is not valid JSON: {reason} at line {line} column {column}")]
    InvalidJson {
        /// What the reader stumbled over.
        reason: String,
        /// Line, from 1.
        line: usize,
        /// Column in bytes, from 1.
        column: usize,
    },
    /// JSON, but no object.
    #[error("the body must be a JSON object with at least `model`")]
    NotAnObject,
    /// A key that readers would understand differently.
    #[error("`{0}` stands twice in the body; send it once")]
    DuplicateKey(&'static str),
    /// A key that is needed is absent.
    #[error("`{0}` is missing; expected {1}")]
    MissingField(&'static str, &'static str),
    /// A key holds something else than it must.
    #[error("`{0}` must be {1}")]
    InvalidField(&'static str, &'static str),
}

impl EnvelopeError {
    pub(super) fn json(body: &[u8], error: &serde_json::Error) -> Self {
        let text = error.to_string();
        let reason = text.split(" at line ").next().unwrap_or_default();
        // The parser gives 0 for "at the end".
        if error.line() == 0 {
            return Self::invalid_json(body, reason);
        }
        Self::InvalidJson {
            reason: reason.to_owned(),
            line: error.line(),
            column: error.column().max(1),
        }
    }

    /// A fault at the very end of the body.
    pub(super) fn invalid_json(body: &[u8], reason: &str) -> Self {
        let line = 1 + memchr::memchr_iter(b'\n', body).count();
        let column = body.len() - memchr::memrchr(b'\n', body).map_or(0, |at| at + 1);
        Self::InvalidJson {
            reason: reason.to_owned(),
            line,
            column: column.max(1),
        }
    }
}

impl Failure for EnvelopeError {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Empty | Self::InvalidJson { .. } => "INVALID_JSON",
            Self::NotAnObject => "NOT_AN_OBJECT",
            Self::DuplicateKey(_) => "DUPLICATE_KEY",
            Self::MissingField(..) => "MISSING_FIELD",
            Self::InvalidField(..) => "INVALID_FIELD",
        }
    }

    fn field(&self) -> Option<&str> {
        match self {
            Self::DuplicateKey(field)
            | Self::MissingField(field, _)
            | Self::InvalidField(field, _) => Some(field),
            Self::Empty | Self::InvalidJson { .. } | Self::NotAnObject => None,
        }
    }
}
