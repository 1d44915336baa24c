//! What can go wrong when calls and usage are read.

use ::store::StoreError;
use kernel::{Failure, Kind};

use crate::ports::BoxError;

/// Every code of this room, for docs/errors.md: code, kind, meaning. `INVALID_QUERY` is shared with `web`, which lists it; the store lists
/// its own.
pub const CODES: &[(&str, Kind, &str)] = &[
    (
        "RESULT_TOO_LARGE",
        Kind::Invalid,
        "the answer would hold more rows than one may; narrow the range or the groups",
    ),
    (
        "CALL_NOT_FOUND",
        Kind::NotFound,
        "no such call in the caller's organisation, or its record is past its retention",
    ),
    (
        "PAYLOAD_NOT_FOUND",
        Kind::NotFound,
        "the payload was not captured or is past its retention",
    ),
    (
        "PAYLOADS_UNAVAILABLE",
        Kind::Unavailable,
        "the payload store does not answer",
    ),
    (
        "RECORD_UNREADABLE",
        Kind::Internal,
        "a stored record cannot be read",
    ),
];

/// A failure of this room.
#[derive(Debug, thiserror::Error)]
pub enum AnalyticsError {
    /// A parameter of the query does not hold.
    #[error("{field}: {problem}")]
    InvalidQuery {
        /// The parameter, as the caller spelled it.
        field: &'static str,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// More rows than one answer may hold.
    #[error(
        "more than {limit} {what}; narrow the time range, add a filter or take a longer interval"
    )]
    ResultTooLarge {
        /// What there are too many of.
        what: &'static str,
        /// The bound.
        limit: usize,
    },
    /// No such call in the caller's organisation.
    #[error("no call {id} in this organisation, or its record is past retention.calls_days")]
    CallNotFound {
        /// The id as it was asked for.
        id: String,
    },
    /// The call has no captured payload.
    #[error(
        "the payload of {id} was not captured or is past retention.payloads_days; capture is switched on per key"
    )]
    PayloadNotFound {
        /// The id as it was asked for.
        id: String,
    },
    /// The payload store failed.
    #[error("the payload store does not answer; try again")]
    Payloads(#[source] BoxError),
    /// The store failed; shown under the store's own kind and code.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A record in the store cannot be read.
    #[error("a stored record cannot be read")]
    Record(#[from] serde_json::Error),
}

impl AnalyticsError {
    /// A parameter that does not hold.
    pub(crate) fn query(field: &'static str, problem: impl Into<String>) -> Self {
        Self::InvalidQuery {
            field,
            problem: problem.into(),
        }
    }
}

impl From<sea_orm::DbErr> for AnalyticsError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Store(error.into())
    }
}

impl Failure for AnalyticsError {
    fn kind(&self) -> Kind {
        match self {
            Self::InvalidQuery { .. } | Self::ResultTooLarge { .. } => Kind::Invalid,
            Self::CallNotFound { .. } | Self::PayloadNotFound { .. } => Kind::NotFound,
            Self::Payloads(_) => Kind::Unavailable,
            Self::Store(error) => error.kind(),
            Self::Record(_) => Kind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::InvalidQuery { .. } => "INVALID_QUERY",
            Self::ResultTooLarge { .. } => "RESULT_TOO_LARGE",
            Self::CallNotFound { .. } => "CALL_NOT_FOUND",
            Self::PayloadNotFound { .. } => "PAYLOAD_NOT_FOUND",
            Self::Payloads(_) => "PAYLOADS_UNAVAILABLE",
            Self::Store(error) => error.code(),
            Self::Record(_) => "RECORD_UNREADABLE",
        }
    }

    fn field(&self) -> Option<&str> {
        match self {
            Self::InvalidQuery { field, .. } => Some(field),
            _ => None,
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        (self.kind() == Kind::Unavailable).then_some(1)
    }
}
