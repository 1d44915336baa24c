//! The way in for very many rows: one transaction, statements whose text stands for ever, and values that go to the
//! database's own driver as they are. It knows no table.
//!
//! Everything else takes SeaORM's way, on which each value is made, copied and dropped once more; with the columns of
//! thousands of calls a second that costs as much as the database itself.

use std::sync::Arc;

use sea_orm::{DbBackend, DbErr, RuntimeErr};
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, Encode, Postgres, Row, Sqlite, Transaction, Type};

use crate::{Store, StoreError};

/// A transaction for many rows; dropping it undoes what it did. On SQLite it holds the only writer.
pub struct Bulk(Open);

enum Open {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// The values of one statement, in the order of its placeholders.
pub struct Values<'a>(Bound<'a>);

enum Bound<'a> {
    Sqlite(&'a mut SqliteArguments),
    Postgres(&'a mut PgArguments),
}

impl Store {
    /// Begins a transaction that writes many rows.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when no connection is free in time.
    pub async fn begin_bulk(&self) -> Result<Bulk, StoreError> {
        let open = match self.backend() {
            DbBackend::Postgres => {
                let pool = self.write().get_postgres_connection_pool();
                Open::Postgres(pool.begin().await.map_err(failed)?)
            }
            _ => {
                let pool = self.write().get_sqlite_connection_pool();
                Open::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?)
            }
        };
        Ok(Bulk(open))
    }
}

impl Bulk {
    /// Which database this is.
    #[must_use]
    pub const fn backend(&self) -> DbBackend {
        match self.0 {
            Open::Sqlite(_) => DbBackend::Sqlite,
            Open::Postgres(_) => DbBackend::Postgres,
        }
    }

    /// Runs a statement of `count` values; says how many rows it wrote.
    ///
    /// # Errors
    /// Whatever the database says; drop the transaction then.
    pub async fn execute(
        &mut self,
        text: &'static str,
        count: usize,
        bind: impl FnOnce(&mut Values<'_>),
    ) -> Result<u64, StoreError> {
        match &mut self.0 {
            Open::Sqlite(transaction) => {
                let arguments = sqlite(count, bind);
                let done = sqlx::query_with(text, arguments)
                    .execute(&mut **transaction)
                    .await;
                done.map(|done| done.rows_affected())
            }
            Open::Postgres(transaction) => {
                let arguments = postgres(count, bind);
                let done = sqlx::query_with(text, arguments)
                    .execute(&mut **transaction)
                    .await;
                done.map(|done| done.rows_affected())
            }
        }
        .map_err(failed)
    }

    /// Runs a statement of `count` values; gives the first column, a text, of every row that comes back.
    ///
    /// # Errors
    /// Whatever the database says; drop the transaction then.
    pub async fn texts(
        &mut self,
        text: &'static str,
        count: usize,
        bind: impl FnOnce(&mut Values<'_>),
    ) -> Result<Vec<String>, StoreError> {
        match &mut self.0 {
            Open::Sqlite(transaction) => {
                let arguments = sqlite(count, bind);
                let rows = sqlx::query_with(text, arguments)
                    .fetch_all(&mut **transaction)
                    .await;
                rows.and_then(|rows| rows.iter().map(|row| row.try_get(0)).collect())
            }
            Open::Postgres(transaction) => {
                let arguments = postgres(count, bind);
                let rows = sqlx::query_with(text, arguments)
                    .fetch_all(&mut **transaction)
                    .await;
                rows.and_then(|rows| rows.iter().map(|row| row.try_get(0)).collect())
            }
        }
        .map_err(failed)
    }

    /// Makes what was written last.
    ///
    /// # Errors
    /// Whatever the database says; nothing was written then.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self.0 {
            Open::Sqlite(transaction) => transaction.commit().await,
            Open::Postgres(transaction) => transaction.commit().await,
        }
        .map_err(failed)
    }

    /// Undoes what was written.
    ///
    /// # Errors
    /// Whatever the database says; nothing was written all the same.
    pub async fn rollback(self) -> Result<(), StoreError> {
        match self.0 {
            Open::Sqlite(transaction) => transaction.rollback().await,
            Open::Postgres(transaction) => transaction.rollback().await,
        }
        .map_err(failed)
    }
}

impl Values<'_> {
    /// Binds a text. SQLite keeps the one that is handed over, so one that stands in many rows is made once.
    pub fn text(&mut self, text: Arc<str>) {
        self.bind(text);
    }

    /// Binds a text or nothing.
    pub fn maybe(&mut self, text: Option<Arc<str>>) {
        self.bind(text);
    }

    /// Binds a number.
    pub fn number(&mut self, number: i64) {
        self.bind(number);
    }

    fn bind<'t, T>(&mut self, value: T)
    where
        T: Encode<'t, Sqlite> + Type<Sqlite> + Encode<'t, Postgres> + Type<Postgres>,
    {
        // Texts and numbers are encoded into memory, which does not fail; if it did, the count of values would not fit and
        // the database would refuse the statement.
        let _ = match &mut self.0 {
            Bound::Sqlite(arguments) => arguments.add(value),
            Bound::Postgres(arguments) => arguments.add(value),
        };
    }
}

fn sqlite(count: usize, bind: impl FnOnce(&mut Values<'_>)) -> SqliteArguments {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(count, 0);
    bind(&mut Values(Bound::Sqlite(&mut arguments)));
    arguments
}

fn postgres(count: usize, bind: impl FnOnce(&mut Values<'_>)) -> PgArguments {
    let mut arguments = PgArguments::default();
    arguments.reserve(count, 0);
    bind(&mut Values(Bound::Postgres(&mut arguments)));
    arguments
}

fn failed(error: sqlx::Error) -> StoreError {
    DbErr::Exec(RuntimeErr::SqlxError(Arc::new(error))).into()
}
