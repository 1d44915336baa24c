//! Stores to test against: SQLite in a temporary folder always, PostgreSQL where a server can be had.

use std::any::Any;

use kernel::SecretString;
use sea_orm_migration::MigrationTrait;

use crate::{Store, StoreOptions, StoreUrl};

/// Keeps what a store stands on until the test is over.
pub struct Guard(#[expect(dead_code, reason = "held for its drop")] Box<dyn Any + Send + Sync>);

/// One store of each kind, empty: `("sqlite", …)` always, `("postgres", …)` where a server can be had.
///
/// # Panics
/// When a store cannot be opened: a test cannot go on then.
#[expect(
    clippy::expect_used,
    reason = "test support: a failure here is the test's"
)]
pub async fn stores() -> Vec<(&'static str, Store, Guard)> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let options = StoreOptions::new(StoreUrl::Sqlite(folder.path().join("switchyard.db")));
    let sqlite = Store::connect(&options).await.expect("a SQLite file");
    let mut stores = vec![("sqlite", sqlite, Guard(Box::new(folder)))];
    if doubles::postgres::available() {
        let url = doubles::postgres::database().await;
        let options = StoreOptions {
            pool: 4,
            ..StoreOptions::new(StoreUrl::Postgres(SecretString::from(url)))
        };
        let store = Store::connect(&options)
            .await
            .expect("a database of its own");
        // The server's own life is the process's; nothing to hold.
        stores.push(("postgres", store, Guard(Box::new(()))));
    }
    stores
}

/// The same, with these migrations applied.
///
/// # Panics
/// As [`stores`], and when a migration fails.
#[expect(
    clippy::expect_used,
    reason = "test support: a failure here is the test's"
)]
pub async fn migrated(
    migrations: impl Fn() -> Vec<Box<dyn MigrationTrait>>,
) -> Vec<(&'static str, Store, Guard)> {
    let stores = stores().await;
    for (_, store, _) in &stores {
        let all = crate::migrations()
            .into_iter()
            .chain(migrations())
            .collect();
        store.migrate(all).await.expect("migrations that apply");
    }
    stores
}
