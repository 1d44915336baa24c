//! One spelling of a table for both databases, for the migrations of every room.

use sea_orm::{ConnectionTrait, DbBackend, DbErr};
use sea_orm_migration::SchemaManager;

/// Runs statements of data definition, parted by semicolons, in which the types are written
/// `{id}` (text that compares byte by byte), `{text}`, `{int}` (64 bits: counts, money, times in microseconds) and
/// `{bool}` (an integer 0 or 1).
///
/// # Errors
/// Whatever the database says.
pub async fn execute(manager: &SchemaManager<'_>, statements: &str) -> Result<(), DbErr> {
    let spelled = spell(manager.get_database_backend(), statements);
    manager
        .get_connection()
        .execute_unprepared(&spelled)
        .await?;
    Ok(())
}

fn spell(backend: DbBackend, statements: &str) -> String {
    let (id, int) = match backend {
        DbBackend::Postgres => ("TEXT COLLATE \"C\"", "BIGINT"),
        _ => ("TEXT", "INTEGER"),
    };
    statements
        .replace("{id}", id)
        .replace("{text}", "TEXT")
        .replace("{int}", int)
        .replace("{bool}", int)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_compare_byte_by_byte_everywhere() {
        let table = "CREATE TABLE t (id {id} PRIMARY KEY, at {int} NOT NULL)";
        assert_eq!(
            spell(DbBackend::Postgres, table),
            "CREATE TABLE t (id TEXT COLLATE \"C\" PRIMARY KEY, at BIGINT NOT NULL)"
        );
        assert_eq!(
            spell(DbBackend::Sqlite, table),
            "CREATE TABLE t (id TEXT PRIMARY KEY, at INTEGER NOT NULL)"
        );
    }
}
