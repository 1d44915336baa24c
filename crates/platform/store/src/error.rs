//! What can go wrong with the store. Messages name no data and no address; the cause stays in `source`.

use std::path::PathBuf;

use kernel::{Failure, Kind};
use sea_orm::{DbErr, RuntimeErr, SqlErr, SqlxError};

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No connection, or it broke; trying again may help.
    #[error("the store cannot be reached")]
    Unavailable(#[source] DbErr),
    /// A row of the same key exists.
    #[error("a row of the same key exists")]
    Duplicate(#[source] DbErr),
    /// A statement was refused.
    #[error("the store refused a statement")]
    Refused(#[source] DbErr),
    /// A row holds what this version cannot read.
    #[error("{what} in the store cannot be read by this version")]
    Unreadable {
        /// Table and column.
        what: &'static str,
    },
    /// A schema change failed; everything of that run was rolled back.
    #[error("migration {name} failed; the schema is as before")]
    Migration {
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: DbErr,
    },
    /// Two schema changes have one name, or a name that does not sort.
    #[error("migration name {0:?} stands twice or is not of the form m20261121_000001_what")]
    MigrationName(String),
    /// The file or its folder cannot be used.
    #[error("cannot {doing} {path}", path = path.display())]
    File {
        /// What was tried.
        doing: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        if is_connection(&error) {
            Self::Unavailable(error)
        } else if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) {
            Self::Duplicate(error)
        } else {
            Self::Refused(error)
        }
    }
}

/// Whether the connection is at fault rather than the statement.
fn is_connection(error: &DbErr) -> bool {
    let cause = match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => return true,
        DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) => {
            cause
        }
        _ => return false,
    };
    match &**cause {
        SqlxError::Io(_)
        | SqlxError::Tls(_)
        | SqlxError::Protocol(_)
        | SqlxError::PoolTimedOut
        | SqlxError::PoolClosed
        | SqlxError::WorkerCrashed => true,
        // PostgreSQL classes 08 (connection), 53 (out of something), 57P (shutting down); SQLite busy, locked, full, I/O.
        SqlxError::Database(cause) => cause.code().is_some_and(|code| {
            ["08", "53", "57P"]
                .iter()
                .any(|class| code.starts_with(class))
                || sqlite_primary(&code).is_some_and(|code| [5, 6, 10, 13, 14].contains(&code))
        }),
        _ => false,
    }
}

/// SQLite's primary result code, from an extended one in decimal; PostgreSQL's codes have five characters.
fn sqlite_primary(code: &str) -> Option<u32> {
    (code.len() < 5)
        .then(|| code.parse::<u32>().ok())
        .flatten()
        .map(|code| code & 0xff)
}

impl StoreError {
    /// Whether trying the same again later makes sense.
    #[must_use]
    pub const fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl Failure for StoreError {
    fn kind(&self) -> Kind {
        match self {
            Self::Unavailable(_) => Kind::Unavailable,
            Self::Duplicate(_) => Kind::Conflict,
            Self::Refused(_)
            | Self::Unreadable { .. }
            | Self::Migration { .. }
            | Self::MigrationName(_)
            | Self::File { .. } => Kind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => "STORE_UNAVAILABLE",
            Self::Duplicate(_) => "ALREADY_EXISTS",
            Self::Refused(_) | Self::Unreadable { .. } => "STORE_FAILED",
            Self::Migration { .. } | Self::MigrationName(_) => "STORE_MIGRATION_FAILED",
            Self::File { .. } => "STORE_FILE_FAILED",
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        self.is_unavailable().then_some(1)
    }
}
