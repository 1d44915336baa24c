//! Why a fact was not taken, or a journal not opened.

use std::path::PathBuf;
use std::sync::Arc;

use kernel::{Failure, Kind};

use crate::sink::BoxError;

/// A failure of the journal.
#[derive(Debug, Clone, thiserror::Error)]
pub enum JournalError {
    /// The bound is reached: calls that are open can end, new ones are refused until the store has caught up.
    #[error("the journal is full; calls are admitted again once the store has taken what waits")]
    Full,
    /// The file cannot be written or synced.
    #[error("the journal cannot be written to its disk")]
    Disk(#[source] Arc<std::io::Error>),
    /// A fact is larger than any fact may be.
    #[error("the record of the call would be {bytes} bytes, more than the journal takes")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// A fact has no JSON form.
    #[error("the record of the call cannot be written as JSON")]
    Encode(#[source] Arc<serde_json::Error>),
    /// Another process uses the folder.
    #[error("the journal in {path} is in use by another process", path = .0.display())]
    Locked(PathBuf),
    /// The folder or a file in it cannot be used.
    #[error("cannot {doing} {path}", path = path.display())]
    File {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: Arc<std::io::Error>,
    },
    /// The sink did not take a batch of a replay.
    #[error("the store did not take what the journal holds; nothing is lost, run it again")]
    Sink(#[source] Arc<BoxError>),
}

impl JournalError {
    pub(crate) fn file(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File {
            doing,
            path,
            source: Arc::new(source),
        }
    }
}

impl Failure for JournalError {
    fn kind(&self) -> Kind {
        match self {
            Self::Full | Self::Disk(_) | Self::Locked(_) | Self::Sink(_) => Kind::Unavailable,
            Self::TooLarge { .. } => Kind::TooLarge,
            Self::Encode(_) | Self::File { .. } => Kind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Full => "JOURNAL_FULL",
            Self::Disk(_) => "JOURNAL_DISK_FAILED",
            Self::TooLarge { .. } => "JOURNAL_FACT_TOO_LARGE",
            Self::Encode(_) => "JOURNAL_FACT_UNWRITABLE",
            Self::Locked(_) => "JOURNAL_LOCKED",
            Self::File { .. } => "JOURNAL_FILE_FAILED",
            Self::Sink(_) => "JOURNAL_NOT_DELIVERED",
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Full | Self::Disk(_) => Some(5),
            _ => None,
        }
    }
}
