//! Connections: SQLite with one writer and a pool of readers, PostgreSQL with one pool for both.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use kernel::ExposeSecret;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};
use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};

use crate::options::{StoreOptions, StoreUrl};
use crate::{StoreError, dialect};

/// How long `healthy` waits for an answer.
const HEALTH_WAIT: Duration = Duration::from_secs(1);
/// How long a SQLite statement waits for another process's lock.
const BUSY_WAIT: Duration = Duration::from_secs(5);
/// Bytes of a SQLite page, for new files. A call's record is about a kilobyte: twice the usual size leaves fewer pages to
/// split and to log while many come, and not much more to log where few do.
const PAGE_BYTES: u32 = 8 << 10;
/// PostgreSQL connections idle for longer are tried before use: after an outage the pool holds dead ones.
const TRY_AFTER_IDLE: Duration = Duration::from_secs(1);

/// The store. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    read: DatabaseConnection,
    write: DatabaseConnection,
    file: Option<Arc<Path>>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("backend", &self.backend())
            .field("file", &self.file)
            .finish()
    }
}

impl Store {
    /// Opens the store, making the SQLite file where there is none. Changes no schema.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when no connection comes about in time, [`StoreError::File`] when the folder of the
    /// SQLite file cannot be made.
    pub async fn connect(options: &StoreOptions) -> Result<Self, StoreError> {
        match &options.url {
            StoreUrl::Sqlite(path) => Self::connect_sqlite(options, path).await,
            StoreUrl::Postgres(url) => {
                let pool = postgres(options, url.expose_secret());
                let pool = Database::connect(pool)
                    .await
                    .map_err(StoreError::Unavailable)?;
                Ok(Self {
                    read: pool.clone(),
                    write: pool,
                    file: None,
                })
            }
        }
    }

    async fn connect_sqlite(options: &StoreOptions, path: &Path) -> Result<Self, StoreError> {
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            std::fs::create_dir_all(folder).map_err(|source| StoreError::File {
                doing: "make the folder",
                path: folder.to_owned(),
                source,
            })?;
        }
        let write = Database::connect(sqlite(options, path, Role::Writer))
            .await
            .map_err(StoreError::Unavailable)?;
        let read = Database::connect(sqlite(options, path, Role::Reader))
            .await
            .map_err(StoreError::Unavailable)?;
        Ok(Self {
            read,
            write,
            file: Some(path.into()),
        })
    }

    /// For queries. On SQLite a write through it is refused.
    #[must_use]
    pub const fn read(&self) -> &DatabaseConnection {
        &self.read
    }

    /// For single statements that write. Several that belong together go through [`Self::begin`].
    #[must_use]
    pub const fn write(&self) -> &DatabaseConnection {
        &self.write
    }

    /// Which database this is.
    #[must_use]
    pub fn backend(&self) -> DbBackend {
        self.write.get_database_backend()
    }

    /// Begins a transaction that writes. On SQLite it holds the only writer: keep it short and await nothing else in it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when no connection is free in time.
    pub async fn begin(&self) -> Result<DatabaseTransaction, StoreError> {
        self.begin_as(SqliteTransactionMode::Immediate).await
    }

    pub(crate) async fn begin_as(
        &self,
        mode: SqliteTransactionMode,
    ) -> Result<DatabaseTransaction, StoreError> {
        let options = TransactionOptions {
            sqlite_transaction_mode: (self.backend() == DbBackend::Sqlite).then_some(mode),
            ..TransactionOptions::default()
        };
        Ok(self.write.begin_with_options(options).await?)
    }

    /// Whether the store answers within a second.
    pub async fn healthy(&self) -> bool {
        let probe = Statement::from_string(self.backend(), dialect::probe(self.backend()));
        let answer = tokio::time::timeout(HEALTH_WAIT, self.read.query_one_raw(probe)).await;
        matches!(answer, Ok(Ok(Some(_))))
    }

    /// Closes all connections; on SQLite this also folds the write-ahead log into the file.
    pub async fn close(&self) {
        for pool in [&self.read, &self.write] {
            if let Err(error) = pool.close_by_ref().await {
                tracing::warn!(%error, "closing the store failed");
            }
        }
    }

    pub(crate) fn file(&self) -> Option<PathBuf> {
        self.file.as_deref().map(Path::to_owned)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Writer,
    Reader,
}

fn sqlite(options: &StoreOptions, path: &Path, role: Role) -> ConnectOptions {
    let mut connect = ConnectOptions::new("sqlite::memory:");
    connect
        .max_connections(if role == Role::Writer {
            1
        } else {
            options.readers.max(1)
        })
        .connect_timeout(options.connect_timeout)
        .connect_lazy(role == Role::Reader)
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        .test_before_acquire(false)
        .idle_timeout((role == Role::Reader).then_some(Duration::from_secs(60)))
        .max_lifetime(None);
    let path = path.to_owned();
    connect.map_sqlx_sqlite_opts(move |sqlite| {
        // The name goes in as a path, not through a URL, so that every character is allowed in it.
        let sqlite = sqlite
            .in_memory(false)
            .shared_cache(false)
            .filename(&path)
            .busy_timeout(BUSY_WAIT)
            .foreign_keys(false)
            .statement_cache_capacity(64);
        match role {
            // FULL, because the journal forgets a call once its transaction is committed: a commit must survive the
            // loss of power. With calls delivered in batches that is a few syncs a second.
            Role::Writer => sqlite
                .create_if_missing(true)
                .page_size(PAGE_BYTES)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .pragma("cache_size", "-4096")
                .pragma("journal_size_limit", "67108864"),
            Role::Reader => sqlite
                .create_if_missing(false)
                .pragma("query_only", "ON")
                .pragma("cache_size", "-1024"),
        }
    });
    connect
}

fn postgres(options: &StoreOptions, url: &str) -> ConnectOptions {
    let mut connect = ConnectOptions::new(url);
    connect
        .max_connections(options.pool.max(2))
        .connect_timeout(options.connect_timeout)
        .statement_timeout(options.statement_timeout)
        .set_application_name("switchyard")
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        .test_before_acquire_if_idle_for(TRY_AFTER_IDLE);
    connect
}
