//! Why a call cannot be translated. What an upstream itself refuses is no error here but an answer (`fault`).

use kernel::{Failure, Kind};

use crate::dialect::Upstream;

/// A request, an answer or a stream that cannot be put into the other protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TranslateError {
    /// The body is not what its protocol asks for.
    #[error("the body is not a {protocol} request: {reason}")]
    NotARequest {
        /// The caller's protocol.
        protocol: wire::Protocol,
        /// What the reader stumbled over.
        reason: String,
    },
    /// Something without which the request would mean something else.
    #[error("`{field}` cannot be sent to this model's provider: {why}")]
    NotTranslatable {
        /// The field, as the caller spells its path.
        field: &'static str,
        /// Why not, and what to do instead.
        why: &'static str,
    },
    /// The upstream promised success and sent something else.
    #[error("the upstream's {upstream} answer cannot be read: {reason}")]
    NotAnAnswer {
        /// The upstream's protocol.
        upstream: Upstream,
        /// What the reader stumbled over.
        reason: String,
    },
    /// The upstream sent its error with a status of success.
    #[error("the upstream answered with an error: {message}")]
    UpstreamError {
        /// The sort of failure that it stands for.
        kind: Kind,
        /// The upstream's words.
        message: String,
    },
    /// More of an answer would have to be held back than may be.
    #[error(
        "the answer's {what} came out of order and grew over {limit_bytes} bytes while they were put in order"
    )]
    BufferFull {
        /// What was held.
        what: &'static str,
        /// The bound.
        limit_bytes: usize,
    },
    /// An answer with more tool calls than anybody means.
    #[error("the upstream began more than {0} tool calls in one answer")]
    TooManyCalls(usize),
    /// The model began a tool call that its provider could not read; the same call may succeed.
    #[error("the model made a tool call that its provider could not read; try again")]
    MalformedCall,
}

impl TranslateError {
    pub(crate) fn request(protocol: wire::Protocol, error: &serde_json::Error) -> Self {
        Self::NotARequest {
            protocol,
            reason: error.to_string(),
        }
    }

    pub(crate) fn answer(upstream: Upstream, error: &serde_json::Error) -> Self {
        Self::NotAnAnswer {
            upstream,
            reason: error.to_string(),
        }
    }
}

impl Failure for TranslateError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotARequest { .. } => Kind::Invalid,
            Self::NotTranslatable { .. } => Kind::NotSupported,
            Self::UpstreamError { kind, .. } => *kind,
            Self::NotAnAnswer { .. }
            | Self::BufferFull { .. }
            | Self::TooManyCalls(_)
            | Self::MalformedCall => Kind::Upstream,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotARequest { .. } => "INVALID_FIELD",
            Self::NotTranslatable { .. } => "NOT_TRANSLATABLE",
            Self::NotAnAnswer { .. } => "UPSTREAM_INVALID_JSON",
            Self::UpstreamError { .. } => "UPSTREAM_ERROR",
            Self::BufferFull { .. } => "TRANSLATION_BUFFER_FULL",
            Self::TooManyCalls(_) => "UPSTREAM_TOO_MANY_CALLS",
            Self::MalformedCall => "UPSTREAM_MALFORMED_CALL",
        }
    }

    fn field(&self) -> Option<&str> {
        match self {
            Self::NotTranslatable { field, .. } => Some(field),
            _ => None,
        }
    }
}
