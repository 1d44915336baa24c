//! What can go wrong here.

use kernel::{Failure, Kind};

/// Failures of this room.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpsError {
    /// No such breaker.
    #[error("no breaker is named {0:?}; GET /v1/circuit-breakers lists them")]
    NoBreaker(String),
    /// No such file of the documentation page.
    #[error("the documentation page has no file {0:?}; open /docs/")]
    NoFile(String),
    /// The API document is not there yet.
    #[error("the API document is not assembled yet; try again in a second")]
    NoDocument,
    /// One profile at a time.
    #[error("a CPU profile is being taken already; wait until it is done")]
    ProfileRunning,
}

impl Failure for OpsError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoBreaker(_) | Self::NoFile(_) => Kind::NotFound,
            Self::NoDocument => Kind::Unavailable,
            Self::ProfileRunning => Kind::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoBreaker(_) => "BREAKER_NOT_FOUND",
            Self::NoFile(_) => "FILE_NOT_FOUND",
            Self::NoDocument => "DOCUMENT_NOT_READY",
            Self::ProfileRunning => "PROFILE_RUNNING",
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        matches!(self, Self::NoDocument).then_some(1)
    }
}
