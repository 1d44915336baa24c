//! Forward-only schema changes: gathered from all rooms, applied in the order of their names, all or none.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, SqliteTransactionMode, Statement};
use sea_orm_migration::{MigrationTrait, SchemaManager};

use crate::{Store, StoreError, dialect, schema};

/// What was applied, in one table for all rooms.
const TABLE: &str = "schema_migrations";

impl Store {
    /// Applies what is not applied yet, in one transaction under a lock that other processes wait for, and says how
    /// many that was. A SQLite file that already holds tables is copied beside itself first (`NAME.before-MIGRATION`).
    ///
    /// Migrations that the store holds and `migrations` does not are left alone: a later version made them, and
    /// this one runs on its schema.
    ///
    /// # Errors
    /// [`StoreError::MigrationName`] for a name that stands twice or does not sort, [`StoreError::Migration`] when one
    /// fails; nothing is changed then.
    pub async fn migrate(
        &self,
        mut migrations: Vec<Box<dyn MigrationTrait>>,
    ) -> Result<usize, StoreError> {
        migrations.sort_by(|a, b| a.name().cmp(b.name()));
        check_names(&migrations)?;
        // Looked at once without the lock: usually there is nothing to do.
        let applied = applied(self.read(), self.backend()).await?;
        let Some(first) = migrations
            .iter()
            .find(|migration| !applied.contains(migration.name()))
        else {
            return Ok(0);
        };
        self.back_up(first.name()).await?;
        let transaction = self.begin_as(SqliteTransactionMode::Exclusive).await?;
        let count = apply(&transaction, &migrations).await?;
        transaction.commit().await?;
        Ok(count)
    }

    /// Copies a SQLite file that holds tables, so that a failed upgrade can be undone by hand.
    async fn back_up(&self, before: &str) -> Result<(), StoreError> {
        let Some(file) = self.file() else {
            return Ok(());
        };
        let backend = self.backend();
        let filled = Statement::from_string(backend, dialect::has_tables(backend));
        if self.write().query_one_raw(filled).await?.is_none() {
            return Ok(());
        }
        let mut name = file.into_os_string();
        name.push(format!(".before-{before}"));
        let copy = PathBuf::from(name);
        if copy.exists() {
            return Ok(());
        }
        // Under a name of its own until it is whole: other processes may start at the same moment, and one that dies
        // here must not leave half a copy behind under the name of a whole one.
        let mut partial = copy.clone().into_os_string();
        partial.push(format!(".{}", uuid::Uuid::new_v4()));
        let partial = PathBuf::from(partial);
        let statement = Statement::from_sql_and_values(
            backend,
            "VACUUM INTO $1",
            [partial.to_string_lossy().into_owned().into()],
        );
        self.write().execute_raw(statement).await?;
        keep_first(&partial, &copy).map_err(|source| StoreError::File {
            doing: "keep a copy of the store as",
            path: copy.clone(),
            source,
        })?;
        tracing::info!(copy = %copy.display(), "copied the store before a schema change");
        Ok(())
    }
}

/// Gives a finished copy its name, unless another process was first: its copy was made no later than the change.
fn keep_first(partial: &Path, copy: &Path) -> std::io::Result<()> {
    match std::fs::hard_link(partial, copy) {
        // A disk without links: the last of two wins there.
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            std::fs::rename(partial, copy)
        }
        _ => std::fs::remove_file(partial),
    }
}

async fn apply(
    transaction: &DatabaseTransaction,
    migrations: &[Box<dyn MigrationTrait>],
) -> Result<usize, StoreError> {
    let backend = transaction.get_database_backend();
    for lock in dialect::lock_for_migration(backend) {
        transaction.execute_unprepared(&lock).await?;
    }
    let manager = SchemaManager::new(transaction);
    schema::execute(
        &manager,
        &format!("CREATE TABLE IF NOT EXISTS {TABLE} (name {{id}} PRIMARY KEY)"),
    )
    .await?;
    let applied = applied(transaction, backend).await?;
    let mut count = 0;
    for migration in migrations {
        let name = migration.name();
        if applied.contains(name) {
            continue;
        }
        migration
            .up(&manager)
            .await
            .map_err(|source| StoreError::Migration {
                name: name.to_owned(),
                source,
            })?;
        let record = Statement::from_sql_and_values(
            backend,
            format!("INSERT INTO {TABLE} (name) VALUES ($1)"),
            [name.into()],
        );
        transaction.execute_raw(record).await?;
        tracing::info!(migration = name, "schema changed");
        count += 1;
    }
    Ok(count)
}

async fn applied<C: ConnectionTrait>(
    conn: &C,
    backend: DbBackend,
) -> Result<BTreeSet<String>, StoreError> {
    let exists =
        Statement::from_sql_and_values(backend, dialect::has_table(backend), [TABLE.into()]);
    if conn.query_one_raw(exists).await?.is_none() {
        return Ok(BTreeSet::new());
    }
    let names = Statement::from_string(backend, format!("SELECT name FROM {TABLE}"));
    let mut applied = BTreeSet::new();
    for row in conn.query_all_raw(names).await? {
        applied.insert(row.try_get_by_index(0)?);
    }
    Ok(applied)
}

fn check_names(sorted: &[Box<dyn MigrationTrait>]) -> Result<(), StoreError> {
    let mut last = "";
    for migration in sorted {
        let name = migration.name();
        if name == last || !sorts(name) {
            return Err(StoreError::MigrationName(name.to_owned()));
        }
        last = name;
    }
    Ok(())
}

/// `m20261121_000001_what`: a letter, a date, a number, a word.
fn sorts(name: &str) -> bool {
    let mut parts = name.splitn(3, '_');
    let digits = |text: &str, count: usize| {
        text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    parts
        .next()
        .and_then(|date| date.strip_prefix('m'))
        .is_some_and(|date| digits(date, 8))
        && parts.next().is_some_and(|number| digits(number, 6))
        && parts.next().is_some_and(|what| !what.is_empty())
}

#[cfg(test)]
mod tests {
    use super::sorts;

    #[test]
    fn names_sort_by_date_and_number() {
        assert!(sorts("m20261121_000001_keys"));
        for wrong in [
            "keys",
            "m2026_000001_keys",
            "m20261121_1_keys",
            "m20261121_000001_",
            "20261121_000001_keys",
        ] {
            assert!(!sorts(wrong), "{wrong}");
        }
    }
}
