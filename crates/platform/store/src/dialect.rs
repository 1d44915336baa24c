//! Every statement that locks, and the few that the two databases spell apart, side by side.

use sea_orm::DbBackend;

/// PostgreSQL's advisory lock that schema changes are made under: "switchyd" as a number.
const MIGRATION_LOCK: i64 = 0x7377_6974_6368_7964;

/// Run first in the transaction of schema changes: one process at a time; the others wait for it.
pub(crate) fn lock_for_migration(backend: DbBackend) -> Vec<String> {
    match backend {
        DbBackend::Postgres => vec![
            // A schema change may take longer than any query, and so may the wait for another process's.
            "SET LOCAL statement_timeout = 0".to_owned(),
            format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"),
        ],
        // The transaction is begun EXCLUSIVE, which is the lock.
        _ => Vec::new(),
    }
}

/// Whether the database holds any table yet.
pub(crate) const fn has_tables(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => {
            "SELECT 1 FROM information_schema.tables WHERE table_schema = current_schema() LIMIT 1"
        }
        _ => "SELECT 1 FROM sqlite_master WHERE type = 'table' LIMIT 1",
    }
}

/// Whether a table of the name `$1` exists.
pub(crate) const fn has_table(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => {
            "SELECT 1 FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = $1"
        }
        _ => "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1",
    }
}

/// A statement that fails when the database cannot be read.
pub(crate) const fn probe(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => "SELECT 1",
        // `SELECT 1` would not look at the file.
        _ => "PRAGMA schema_version",
    }
}

/// Takes the next number of the change sequence. The row's lock is held to the end of the transaction, so numbers
/// are given in the order of commits and none is left out by a rollback. Both databases spell it alike.
pub(crate) const NEXT_CHANGE: &str =
    "UPDATE change_head SET sequence = sequence + 1 WHERE id = 1 RETURNING sequence";
