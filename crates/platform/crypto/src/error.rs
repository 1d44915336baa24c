//! What can go wrong with keys and secrets. No message holds one.

use std::path::PathBuf;

use kernel::{Failure, Kind};

use crate::KeyTag;

/// A failure of keys or secrets.
#[derive(Debug, thiserror::Error)]
pub enum CryptoError {
    /// Others can read a file that holds a secret.
    #[error("{path} holds a secret but has mode {mode:03o}; run `chmod 600 {path}`", path = .path.display())]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// A file that holds a secret cannot be used.
    #[error("cannot {doing} {path}: {source}", path = .path.display())]
    File {
        /// What was tried.
        doing: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// The secret is too easy to guess.
    #[error(
        "{name} has {got} characters; it needs at least {least}, for instance from `openssl rand -base64 32`"
    )]
    TooShort {
        /// Where it comes from.
        name: String,
        /// Its length.
        got: usize,
        /// The least length.
        least: usize,
    },
    /// Something was sealed with a key that is not at hand.
    #[error(
        "sealed with key {sealed_with}, but only {at_hand} is at hand; give the secret key that it was sealed with"
    )]
    OtherKey {
        /// The key that it was sealed with.
        sealed_with: KeyTag,
        /// The key at hand.
        at_hand: KeyTag,
    },
    /// Sealed bytes that are damaged, cut, or belong elsewhere.
    #[error("sealed bytes are damaged or belong elsewhere")]
    Damaged,
}

impl Failure for CryptoError {
    fn kind(&self) -> Kind {
        Kind::Internal
    }

    fn code(&self) -> &'static str {
        match self {
            Self::OpenToOthers { .. } => "SECRET_FILE_OPEN_TO_OTHERS",
            Self::File { .. } => "SECRET_FILE_FAILED",
            Self::TooShort { .. } => "SECRET_TOO_SHORT",
            Self::OtherKey { .. } => "SECRET_KEY_MISMATCH",
            Self::Damaged => "SEALED_DATA_DAMAGED",
        }
    }
}
