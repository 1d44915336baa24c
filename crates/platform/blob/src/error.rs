//! Why an object was not read, written or deleted.

use kernel::{Failure, Kind};

/// A failure of the object store.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The object store refused.
    #[error("the object store failed")]
    Store(#[from] object_store::Error),
    /// Its folder cannot be used.
    #[error("cannot use the folder of the object store")]
    Folder(#[source] std::io::Error),
    /// An object is not what was written there.
    #[error("a stored payload cannot be read")]
    Damaged(#[source] std::io::Error),
    /// A payload has no JSON form.
    #[error("a payload cannot be written as JSON")]
    Encode(#[source] serde_json::Error),
}

impl Failure for BlobError {
    fn kind(&self) -> Kind {
        match self {
            Self::Store(_) => Kind::Unavailable,
            Self::Folder(_) | Self::Damaged(_) | Self::Encode(_) => Kind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Store(_) => "OBJECT_STORE_UNAVAILABLE",
            Self::Folder(_) => "OBJECT_STORE_FOLDER_FAILED",
            Self::Damaged(_) | Self::Encode(_) => "PAYLOAD_UNREADABLE",
        }
    }
}
