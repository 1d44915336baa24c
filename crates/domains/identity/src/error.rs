//! What can go wrong with keys. No message holds a secret.

use crypto::CryptoError;
use kernel::{Failure, Kind};
use store::StoreError;

use crate::ports::BoxError;

/// A failure of this room.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// No such key in the caller's organisation.
    #[error("no key {0}; `GET /v1/keys` lists them")]
    KeyNotFound(String),
    /// No such project in the caller's organisation.
    #[error("project: no project {0}; give a name to make one, or the id of one that exists")]
    ProjectNotFound(String),
    /// A field breaks a rule.
    #[error("{field}: {reason}")]
    InvalidField {
        /// The field by its path.
        field: String,
        /// The rule and the remedy.
        reason: String,
    },
    /// A parameter of a query breaks a rule.
    #[error("{field}: {problem}")]
    InvalidQuery {
        /// The parameter.
        field: &'static str,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// A maker gives more than it has.
    #[error(
        "scopes: your own key does not hold {missing}, so it cannot grant it; leave it out or use a key that holds it"
    )]
    ScopeNotHeld {
        /// The scopes that the maker lacks, comma-separated.
        missing: String,
    },
    /// Only a key that holds all scopes of an administrator's key may touch it.
    #[error("{0} administers; only a key that holds all of its scopes may do this")]
    Administrator(String),
    /// The key is revoked.
    #[error("key {0} is revoked; make a new one")]
    KeyRevoked(String),
    /// Too many rotations overlap.
    #[error(
        "key {0} has {1} secrets that still hold; wait until one has run out, or rotate with overlap_seconds 0"
    )]
    TooManySecrets(String, usize),
    /// `SWITCHYARD_ADMIN_KEY` can be guessed.
    #[error(
        "SWITCHYARD_ADMIN_KEY has {got} characters; it needs at least {least}, for instance from `openssl rand -base64 32`"
    )]
    AdminKeyTooShort {
        /// Its length.
        got: usize,
        /// The least length.
        least: usize,
    },
    /// `SWITCHYARD_ADMIN_KEY` is the secret of an ordinary key.
    #[error("SWITCHYARD_ADMIN_KEY is already the secret of another key; choose a new one")]
    AdminKeyTaken,
    /// The keys in the store are wrapped with another secret.
    #[error(
        "the keys in the store cannot be unwrapped: {0}. If SECRET_KEY was changed, start with the old one, or re-wrap with `switchyard keys rewrap`"
    )]
    Keyring(#[source] CryptoError),
    /// A secret or its file.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// What was spent is not known now.
    #[error("what the key has spent cannot be read now; try again soon")]
    SpentUnknown(#[source] BoxError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl IdentityError {
    pub(crate) fn field(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::InvalidField {
            field: field.into(),
            reason: reason.into(),
        }
    }

    pub(crate) fn query(field: &'static str, problem: impl Into<String>) -> Self {
        Self::InvalidQuery {
            field,
            problem: problem.into(),
        }
    }
}

impl From<sea_orm::DbErr> for IdentityError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Store(error.into())
    }
}

impl Failure for IdentityError {
    fn kind(&self) -> Kind {
        match self {
            Self::KeyNotFound(_) => Kind::NotFound,
            Self::ProjectNotFound(_)
            | Self::InvalidField { .. }
            | Self::InvalidQuery { .. }
            | Self::AdminKeyTooShort { .. }
            | Self::AdminKeyTaken => Kind::Invalid,
            Self::ScopeNotHeld { .. } | Self::Administrator(_) => Kind::Forbidden,
            Self::KeyRevoked(_) | Self::TooManySecrets(..) => Kind::Conflict,
            Self::Keyring(_) => Kind::Internal,
            Self::Crypto(error) => error.kind(),
            Self::SpentUnknown(_) => Kind::Unavailable,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::KeyNotFound(_) => "KEY_NOT_FOUND",
            Self::ProjectNotFound(_) => "PROJECT_NOT_FOUND",
            Self::InvalidField { .. } => "INVALID_FIELD",
            Self::InvalidQuery { .. } => "INVALID_QUERY",
            Self::ScopeNotHeld { .. } => "SCOPE_NOT_HELD",
            Self::Administrator(_) => "ADMINISTRATOR_KEY",
            Self::KeyRevoked(_) => "KEY_REVOKED",
            Self::TooManySecrets(..) => "TOO_MANY_SECRETS",
            Self::AdminKeyTooShort { .. } => "ADMIN_KEY_TOO_SHORT",
            Self::AdminKeyTaken => "ADMIN_KEY_TAKEN",
            Self::Keyring(_) => "KEYRING_LOCKED",
            Self::Crypto(error) => error.code(),
            Self::SpentUnknown(_) => "SPEND_UNAVAILABLE",
            Self::Store(error) => error.code(),
        }
    }

    fn field(&self) -> Option<&str> {
        match self {
            Self::InvalidField { field, .. } => Some(field),
            Self::InvalidQuery { field, .. } => Some(field),
            Self::ProjectNotFound(_) => Some("project"),
            Self::ScopeNotHeld { .. } => Some("scopes"),
            _ => None,
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::SpentUnknown(_) => Some(2),
            Self::Store(error) => error.retry_after_s(),
            _ => None,
        }
    }
}

/// The codes that this room answers with, for docs/errors.md: code, kind, meaning.
pub const CODES: &[(&str, Kind, &str)] = &[
    (
        "KEY_NOT_FOUND",
        Kind::NotFound,
        "no such key, or none that the caller may see",
    ),
    (
        "PROJECT_NOT_FOUND",
        Kind::Invalid,
        "the project id in the body does not exist",
    ),
    (
        "SCOPE_NOT_HELD",
        Kind::Forbidden,
        "a key can grant only scopes that it holds itself",
    ),
    (
        "ADMINISTRATOR_KEY",
        Kind::Forbidden,
        "only a key with all of its scopes may change or revoke an administrator's key",
    ),
    (
        "KEY_REVOKED",
        Kind::Conflict,
        "a revoked key cannot be changed or rotated",
    ),
    (
        "TOO_MANY_SECRETS",
        Kind::Conflict,
        "too many rotations of the key overlap",
    ),
    (
        "ADMIN_KEY_TOO_SHORT",
        Kind::Invalid,
        "SWITCHYARD_ADMIN_KEY has fewer than 32 characters",
    ),
    (
        "ADMIN_KEY_TAKEN",
        Kind::Invalid,
        "SWITCHYARD_ADMIN_KEY is the secret of another key",
    ),
    (
        "KEYRING_LOCKED",
        Kind::Internal,
        "the keys in the store are wrapped with another SECRET_KEY",
    ),
    (
        "SPEND_UNAVAILABLE",
        Kind::Unavailable,
        "what the key has spent cannot be read now",
    ),
    (
        "RATE_LIMITED",
        Kind::RateLimited,
        "a limit of the key is used up; details name the setting",
    ),
    (
        "BUDGET_EXHAUSTED",
        Kind::BudgetExhausted,
        "a hard budget of the key is used up; details name it",
    ),
];
