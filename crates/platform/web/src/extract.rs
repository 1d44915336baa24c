//! What a request carries, read strictly: every rejection names the field and what is expected there.

mod json;
mod path;
mod query;

use config::mistake::{Mistake, What};
use kernel::{Failure, Kind};

pub use json::Json;
pub use path::Path;
pub use query::Query;

/// Why a request could not be read. Values are never quoted: they may be secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRequest {
    /// The body is not declared as JSON.
    #[error("expected a JSON body; send `content-type: application/json`")]
    ContentType,
    /// The body is no JSON, or has a key twice.
    #[error("{0}")]
    Json(config::tree::JsonFault),
    /// The body is longer than its bound.
    #[error("the body is longer than http.max_body_bytes ({0} bytes); send less")]
    TooLarge(usize),
    /// The connection broke off within the body.
    #[error("the body ended before it was complete; send it again")]
    Interrupted,
    /// A part of the body does not fit.
    #[error("{}", in_words(.0, "the body"))]
    Body(Mistake, String),
    /// A query parameter does not fit.
    #[error("{}", in_words(.0, "the query"))]
    Query(Mistake, String),
    /// A part of the path does not fit.
    #[error("{1}: {0}")]
    Path(String, String),
}

impl BadRequest {
    fn body(mistake: Mistake) -> Self {
        let field = mistake.field();
        Self::Body(mistake, field)
    }

    fn query(mistake: Mistake) -> Self {
        let field = mistake.field();
        Self::Query(mistake, field)
    }
}

/// A mistake in a sentence; `whole` stands for the field where none is named.
fn in_words(mistake: &Mistake, whole: &str) -> String {
    let field = mistake.field();
    if field.is_empty() {
        return format!("{whole}: {}", mistake.message());
    }
    match &mistake.what {
        What::Missing { .. } => format!("{field} is missing; send it"),
        _ => format!("{field}: {}", mistake.message()),
    }
}

impl Failure for BadRequest {
    fn kind(&self) -> Kind {
        match self {
            Self::TooLarge(_) => Kind::TooLarge,
            _ => Kind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::ContentType => "UNSUPPORTED_CONTENT_TYPE",
            Self::Json(config::tree::JsonFault::Syntax(_)) => "INVALID_JSON",
            Self::Json(config::tree::JsonFault::DuplicateKey(_)) => "DUPLICATE_KEY",
            Self::TooLarge(_) => "BODY_TOO_LARGE",
            Self::Interrupted => "BODY_INTERRUPTED",
            Self::Body(mistake, _) => match mistake.what {
                What::Missing { .. } => "MISSING_FIELD",
                What::Unknown { .. } => "UNKNOWN_FIELD",
                _ => "INVALID_FIELD",
            },
            Self::Query(..) => "INVALID_QUERY",
            Self::Path(..) => "INVALID_PATH",
        }
    }

    fn field(&self) -> Option<&str> {
        match self {
            Self::Body(_, field) | Self::Query(_, field) | Self::Path(_, field) => {
                Some(field.as_str()).filter(|field| !field.is_empty())
            }
            Self::Json(config::tree::JsonFault::DuplicateKey(field)) => Some(field),
            _ => None,
        }
    }
}
