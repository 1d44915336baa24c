//! Everything the gateway itself refuses or reports, with the remedy in words. Upstream's own errors pass through
//! unchanged and never become one of these.

use std::fmt;

use guard::budget::BudgetExceeded;
use guard::limits::LimitExceeded;
use kernel::{CallId, Failure, Kind, Nano};
use llm::LlmError;
use translate::TranslateError;
use web::AuthError;
use wire::encoding::EncodingError;
use wire::envelope::EnvelopeError;

/// Longer ids are cut in an error: callers may write anything into one.
const SHOWN_ID_CHARS: usize = 200;

/// A model call that we end ourselves.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The credential does not hold.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// The key lacks the permission.
    #[error("this key may not do this; it needs the scope {0}")]
    Forbidden(&'static str),
    /// The key's allow-list leaves the model out.
    #[error("this key may not use the model {0:?}; its allow-list is shown by GET /v1/keys/{{id}}")]
    ModelNotAllowed(String),
    /// The body is not what its protocol asks for.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// The body's encoding cannot be undone.
    #[error(transparent)]
    Encoding(#[from] EncodingError),
    /// The body is over the bound.
    #[error("the request body is larger than {limit_bytes} bytes (gateway.max_body_bytes)")]
    BodyTooLarge {
        /// The bound.
        limit_bytes: usize,
    },
    /// The body did not arrive.
    #[error("the request body did not arrive whole within {limit_ms} ms (gateway.body_read_ms)")]
    BodyTimeout {
        /// The limit.
        limit_ms: u64,
    },
    /// The caller broke off while sending.
    #[error("the request body broke off before it was whole")]
    BodyBroken,
    /// Nobody serves this id.
    #[error("no provider serves the model {0:?}; GET /v1/models lists what there is")]
    UnknownModel(String),
    /// No provider of this name.
    #[error("there is no provider named {0:?}; the settings' [[providers]] entries name them")]
    UnknownProvider(String),
    /// The model's provider cannot do what the surface is for.
    #[error(
        "the model {model:?} is served by {provider:?} ({kind}), which offers nothing that {surface} could be translated to; route it to another provider in a [[models]] entry"
    )]
    OtherProtocol {
        /// The asked model.
        model: String,
        /// The provider's name.
        provider: String,
        /// Its kind.
        kind: &'static str,
        /// The path asked.
        surface: &'static str,
    },
    /// The model has no price and the key's budget is hard.
    #[error(
        "the model {0:?} has no known price, and this key has a hard budget; set `price` in a [[models]] entry for it"
    )]
    Unpriced(String),
    /// A native route that cannot be priced, on a key with a hard budget or an allow-list.
    #[error(
        "native routes without a known price are off for keys with a hard budget or a model allow-list"
    )]
    NativeNotAllowed,
    /// A limit is used up.
    #[error(transparent)]
    Limit(#[from] LimitExceeded),
    /// The budget is used up.
    #[error(transparent)]
    Budget(#[from] BudgetExceeded),
    /// The provider's breaker is open.
    #[error(
        "provider {provider} failed too often and is left alone for {retry_after_s} s more (gateway.breaker_open_ms)"
    )]
    BreakerOpen {
        /// The provider's name.
        provider: String,
        /// Seconds until it is tried again.
        retry_after_s: u64,
    },
    /// The provider's concurrency bound is reached.
    #[error("provider {provider} already serves as many requests as it may (max_concurrent)")]
    Overloaded {
        /// The provider's name.
        provider: String,
    },
    /// The provider takes the caller's own credential, and none was sent.
    #[error(
        "provider {0} is called with your own credential: send it as Authorization or x-api-key, and your Switchyard key as x-switchyard-key"
    )]
    ClientCredentialMissing(String),
    /// Tags that break the rules.
    #[error(
        "x-switchyard-tags: {0}; expected at most 10 pairs k=v, separated by commas, 64 characters each at most"
    )]
    Tags(&'static str),
    /// A WebSocket upgrade where only HTTP is spoken.
    #[error("this route speaks HTTP with server-sent events, not WebSocket")]
    NoWebSocket,
    /// A method that the path does not take.
    #[error("this path takes {allow} only")]
    Method {
        /// The methods it takes.
        allow: &'static str,
    },
    /// No such path.
    #[error("there is no such path; GET /docs lists what there is")]
    NoSuchPath,
    /// No response of this id was made here for the caller's organisation.
    #[error(
        "no response {id:?} was made here for your organisation at a provider that is still configured; use the id as its answer gave it, or send the conversation itself"
    )]
    UnknownResponse {
        /// The id asked for, cut.
        id: String,
        /// Where it stands in a request.
        field: Option<&'static str>,
    },
    /// The previous response lies at a provider that this call cannot go to.
    #[error(
        "the previous response is kept by provider {provider}, which serves the model {model:?} to this key no longer; ask for {provider}/{model}, or send the conversation itself"
    )]
    KeptElsewhere {
        /// The provider that keeps it.
        provider: String,
        /// The asked model.
        model: String,
    },
    /// A response id of no known provider.
    #[error("no provider here serves stored responses; configure one of kind openai or azure")]
    NoResponsesProvider,
    /// The journal cannot take the call.
    #[error("calls cannot be recorded at the moment, so none is made: {0}")]
    Journal(String),
    /// Going down.
    #[error("this server is shutting down; try again elsewhere or in a moment")]
    Draining,
    /// The way to or from the provider failed.
    #[error(transparent)]
    Upstream(#[from] LlmError),
    /// The call cannot be put into the provider's words, or the answer into the caller's.
    #[error(transparent)]
    Translate(#[from] TranslateError),
    /// The stream held an event over the bound.
    #[error("the provider sent an event larger than {limit_bytes} bytes (gateway.max_event_bytes)")]
    EventTooLarge {
        /// The bound.
        limit_bytes: usize,
    },
    /// Of a call that is on record.
    #[error(transparent)]
    Recorded(Box<Recorded>),
    /// The stream ended without its protocol's end.
    #[error("provider {0} ended the stream in the middle of its answer")]
    EndedEarly(String),
}

/// How a call on record failed, and where the record is.
#[derive(Debug, thiserror::Error)]
pub struct Recorded {
    /// How its last try ended.
    pub error: GatewayError,
    /// The call.
    pub call: CallId,
    /// What it cost all the same, where that is known.
    pub cost: Option<Nano>,
    /// How many tries there were.
    pub tries: usize,
}

impl fmt::Display for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.tries {
            0 | 1 => self.error.fmt(f),
            tries => write!(f, "{} (after {tries} tries)", self.error),
        }
    }
}

impl GatewayError {
    /// The failure itself, without what is on record of it.
    pub(crate) fn cause(&self) -> &Self {
        match self {
            Self::Recorded(recorded) => recorded.error.cause(),
            own => own,
        }
    }

    /// No response of this id for this caller.
    pub(crate) fn unknown_response(id: &str, field: Option<&'static str>) -> Self {
        let id = id.chars().take(SHOWN_ID_CHARS).collect();
        Self::UnknownResponse { id, field }
    }
}

/// Codes of this room, for docs/errors.md.
pub const CODES: &[(&str, Kind, &str)] = &[
    (
        "PERMISSION_DENIED",
        Kind::Forbidden,
        "the key lacks the scope that the route needs",
    ),
    (
        "MODEL_NOT_ALLOWED",
        Kind::Forbidden,
        "the key's allow-list leaves the model out",
    ),
    (
        "BODY_TOO_LARGE",
        Kind::TooLarge,
        "the request body is over gateway.max_body_bytes",
    ),
    (
        "BODY_TIMEOUT",
        Kind::Invalid,
        "the request body did not arrive in time or broke off",
    ),
    (
        "MODEL_NOT_FOUND",
        Kind::NotFound,
        "no provider serves the model",
    ),
    (
        "PROVIDER_NOT_FOUND",
        Kind::NotFound,
        "no provider has this name",
    ),
    (
        "PROTOCOL_NOT_SERVED",
        Kind::NotSupported,
        "the model's provider offers nothing that the surface could be translated to",
    ),
    (
        "MODEL_UNPRICED",
        Kind::Forbidden,
        "the model has no price and the key's budget is hard",
    ),
    (
        "NATIVE_NOT_ALLOWED",
        Kind::Forbidden,
        "unpriced native routes are off for this key",
    ),
    (
        "BREAKER_OPEN",
        Kind::Unavailable,
        "the provider failed too often and is left alone for a while",
    ),
    (
        "PROVIDER_OVERLOADED",
        Kind::Unavailable,
        "the provider's concurrency bound is reached",
    ),
    (
        "CLIENT_CREDENTIAL_MISSING",
        Kind::Unauthenticated,
        "the provider takes the caller's own credential",
    ),
    (
        "INVALID_TAGS",
        Kind::Invalid,
        "x-switchyard-tags breaks the rules",
    ),
    (
        "UPGRADE_REQUIRED",
        Kind::UpgradeRequired,
        "the route speaks HTTP, not WebSocket",
    ),
    (
        "METHOD_NOT_ALLOWED",
        Kind::MethodNotAllowed,
        "the path does not take this method",
    ),
    ("NOT_FOUND", Kind::NotFound, "no such path"),
    (
        "RESPONSE_NOT_FOUND",
        Kind::NotFound,
        "no response of this id was made here for the caller's organisation",
    ),
    (
        "RESPONSE_KEPT_ELSEWHERE",
        Kind::Invalid,
        "the previous response is kept by a provider that this call cannot go to",
    ),
    (
        "JOURNAL_UNAVAILABLE",
        Kind::Unavailable,
        "calls cannot be recorded, so none is made",
    ),
    ("DRAINING", Kind::Unavailable, "the server is shutting down"),
    (
        "EVENT_TOO_LARGE",
        Kind::Upstream,
        "the provider sent an event over gateway.max_event_bytes",
    ),
    (
        "UPSTREAM_ENDED_EARLY",
        Kind::Upstream,
        "the provider ended a stream without its protocol's end",
    ),
];

impl Failure for GatewayError {
    fn kind(&self) -> Kind {
        match self {
            Self::Auth(inner) => inner.kind(),
            Self::Envelope(inner) => inner.kind(),
            Self::Encoding(inner) => inner.kind(),
            Self::Limit(inner) => inner.kind(),
            Self::Budget(inner) => inner.kind(),
            Self::Upstream(inner) => inner.kind(),
            Self::Recorded(inner) => inner.error.kind(),
            Self::Translate(inner) => inner.kind(),
            own => CODES
                .iter()
                .find(|(code, ..)| *code == own.code())
                .map_or(Kind::Internal, |(_, kind, _)| *kind),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Auth(inner) => inner.code(),
            Self::Envelope(inner) => inner.code(),
            Self::Encoding(inner) => inner.code(),
            Self::Limit(inner) => inner.code(),
            Self::Budget(inner) => inner.code(),
            Self::Upstream(inner) => inner.code(),
            Self::Recorded(inner) => inner.error.code(),
            Self::Translate(inner) => inner.code(),
            Self::Forbidden(_) => "PERMISSION_DENIED",
            Self::ModelNotAllowed(_) => "MODEL_NOT_ALLOWED",
            Self::BodyTooLarge { .. } => "BODY_TOO_LARGE",
            Self::BodyTimeout { .. } | Self::BodyBroken => "BODY_TIMEOUT",
            Self::UnknownModel(_) => "MODEL_NOT_FOUND",
            Self::UnknownProvider(_) => "PROVIDER_NOT_FOUND",
            Self::OtherProtocol { .. } | Self::NoResponsesProvider => "PROTOCOL_NOT_SERVED",
            Self::Unpriced(_) => "MODEL_UNPRICED",
            Self::NativeNotAllowed => "NATIVE_NOT_ALLOWED",
            Self::BreakerOpen { .. } => "BREAKER_OPEN",
            Self::Overloaded { .. } => "PROVIDER_OVERLOADED",
            Self::ClientCredentialMissing(_) => "CLIENT_CREDENTIAL_MISSING",
            Self::Tags(_) => "INVALID_TAGS",
            Self::NoWebSocket => "UPGRADE_REQUIRED",
            Self::Method { .. } => "METHOD_NOT_ALLOWED",
            Self::NoSuchPath => "NOT_FOUND",
            Self::UnknownResponse { .. } => "RESPONSE_NOT_FOUND",
            Self::KeptElsewhere { .. } => "RESPONSE_KEPT_ELSEWHERE",
            Self::Journal(_) => "JOURNAL_UNAVAILABLE",
            Self::Draining => "DRAINING",
            Self::EventTooLarge { .. } => "EVENT_TOO_LARGE",
            Self::EndedEarly(_) => "UPSTREAM_ENDED_EARLY",
        }
    }

    fn field(&self) -> Option<&str> {
        match self {
            Self::Envelope(inner) => inner.field(),
            Self::Recorded(inner) => inner.error.field(),
            Self::Translate(inner) => inner.field(),
            Self::UnknownResponse { field, .. } => *field,
            Self::KeptElsewhere { .. } => Some("previous_response_id"),
            Self::UnknownModel(_)
            | Self::ModelNotAllowed(_)
            | Self::Unpriced(_)
            | Self::OtherProtocol { .. } => Some("model"),
            _ => None,
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Auth(inner) => inner.retry_after_s(),
            Self::Limit(inner) => inner.retry_after_s(),
            Self::Budget(inner) => inner.retry_after_s(),
            Self::Recorded(inner) => inner.error.retry_after_s(),
            Self::BreakerOpen { retry_after_s, .. } => Some(*retry_after_s),
            Self::Overloaded { .. } | Self::Journal(_) | Self::Draining => Some(1),
            _ => None,
        }
    }
}
