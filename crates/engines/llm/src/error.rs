//! What can go wrong between us and a provider. How it looks to a caller is the gateway's business.

use kernel::{Failure, Kind};

/// A failure on the way to or from a provider.
#[derive(Debug, thiserror::Error)]
pub enum LlmError {
    /// The connection could not be made.
    #[error("provider {provider} could not be reached: {reason}")]
    Unreachable {
        /// The provider's configured name.
        provider: String,
        /// What failed, without addresses of callers or secrets.
        reason: String,
    },
    /// The connection broke before the answer was whole.
    #[error("provider {provider} broke off: {reason}")]
    BrokenOff {
        /// The provider's configured name.
        provider: String,
        /// What failed.
        reason: String,
    },
    /// No connection in time.
    #[error(
        "provider {provider} did not accept a connection within {limit_ms} ms (timeouts.connect_ms)"
    )]
    ConnectTimeout {
        /// The provider's configured name.
        provider: String,
        /// The limit.
        limit_ms: u64,
    },
    /// No head of an answer in time.
    #[error("provider {provider} did not answer within {limit_ms} ms (timeouts.first_byte_ms)")]
    FirstByteTimeout {
        /// The provider's configured name.
        provider: String,
        /// The limit.
        limit_ms: u64,
    },
    /// Silence in the middle of an answer.
    #[error(
        "provider {provider} was silent for {limit_ms} ms in the middle of its answer (timeouts.idle_ms)"
    )]
    IdleTimeout {
        /// The provider's configured name.
        provider: String,
        /// The limit.
        limit_ms: u64,
    },
    /// The whole call took too long.
    #[error("the call to provider {provider} took longer than {limit_ms} ms (timeouts.total_ms)")]
    TotalTimeout {
        /// The provider's configured name.
        provider: String,
        /// The limit.
        limit_ms: u64,
    },
    /// No credential could be had for the call; nothing was sent.
    #[error("no credential for provider {provider}: {reason}")]
    Credential {
        /// The provider's configured name.
        provider: String,
        /// What failed, in the words of whoever gives it out.
        reason: String,
    },
    /// The call cannot be put into the provider's envelope; nothing was sent.
    #[error("the call cannot be sent to provider {provider}: {reason}")]
    Unsendable {
        /// The provider's configured name.
        provider: String,
        /// Why not.
        reason: String,
    },
    /// A setting cannot work.
    #[error("{path}: {reason}")]
    Setting {
        /// The setting's path, e.g. `providers[2].base_url`.
        path: String,
        /// What is wrong and what to do.
        reason: String,
    },
}

/// Codes of this crate, for docs/errors.md.
pub const CODES: &[(&str, Kind, &str)] = &[
    (
        "UPSTREAM_UNREACHABLE",
        Kind::Upstream,
        "the provider could not be reached",
    ),
    (
        "UPSTREAM_BROKE_OFF",
        Kind::Upstream,
        "the provider broke off in the middle of its answer",
    ),
    (
        "UPSTREAM_TIMEOUT",
        Kind::UpstreamTimeout,
        "the provider did not answer within a time limit",
    ),
    (
        "UPSTREAM_CREDENTIAL",
        Kind::Upstream,
        "no credential could be had for the provider; nothing was sent",
    ),
    (
        "CALL_NOT_SENDABLE",
        Kind::Invalid,
        "the call cannot be put into the provider's envelope; nothing was sent",
    ),
    (
        "INVALID_SETTING",
        Kind::Invalid,
        "a provider or model setting cannot work",
    ),
];

impl Failure for LlmError {
    fn kind(&self) -> Kind {
        match self {
            Self::Unreachable { .. } | Self::BrokenOff { .. } | Self::Credential { .. } => {
                Kind::Upstream
            }
            Self::ConnectTimeout { .. }
            | Self::FirstByteTimeout { .. }
            | Self::IdleTimeout { .. }
            | Self::TotalTimeout { .. } => Kind::UpstreamTimeout,
            Self::Setting { .. } | Self::Unsendable { .. } => Kind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "UPSTREAM_UNREACHABLE",
            Self::BrokenOff { .. } => "UPSTREAM_BROKE_OFF",
            Self::ConnectTimeout { .. }
            | Self::FirstByteTimeout { .. }
            | Self::IdleTimeout { .. }
            | Self::TotalTimeout { .. } => "UPSTREAM_TIMEOUT",
            Self::Credential { .. } => "UPSTREAM_CREDENTIAL",
            Self::Unsendable { .. } => "CALL_NOT_SENDABLE",
            Self::Setting { .. } => "INVALID_SETTING",
        }
    }
}
