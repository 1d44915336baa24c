//! Schema changes: in order, once, all or none, under a lock, with a copy before.

use sea_orm::{ConnectionTrait, DbErr, Statement};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};
use store::testing::stores;
use store::{Store, StoreError, schema, sea_orm, sea_orm_migration};

struct Step(&'static str, &'static str);

impl MigrationName for Step {
    fn name(&self) -> &str {
        self.0
    }
}

#[expect(
    elided_lifetimes_in_paths,
    reason = "the trait's own signature leaves it out"
)]
#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        schema::execute(manager, self.1).await
    }
}

fn steps(steps: &[(&'static str, &'static str)]) -> Vec<Box<dyn MigrationTrait>> {
    steps
        .iter()
        .map(|(name, sql)| Box::new(Step(name, sql)) as Box<dyn MigrationTrait>)
        .collect()
}

const MAKE: (&str, &str) = (
    "m20260101_000001_make",
    "CREATE TABLE t (id {id} PRIMARY KEY, n {int} NOT NULL); INSERT INTO t (id, n) VALUES ('a', 1)",
);
const DOUBLE: (&str, &str) = ("m20260101_000002_double", "UPDATE t SET n = n * 2");
const ADD: (&str, &str) = ("m20260201_000001_add", "UPDATE t SET n = n + 10");
const WRONG: (&str, &str) = ("m20260301_000001_wrong", "UPDATE t SET missing = 1");

async fn n(store: &Store) -> i64 {
    let statement = Statement::from_string(store.backend(), "SELECT n FROM t");
    let row = store
        .read()
        .query_one_raw(statement)
        .await
        .unwrap()
        .unwrap();
    row.try_get_by_index(0).unwrap()
}

#[tokio::test]
async fn they_are_applied_by_name_and_once() {
    for (name, store, _guard) in stores().await {
        // Handed over in any order, by several rooms.
        assert_eq!(
            store.migrate(steps(&[ADD, MAKE, DOUBLE])).await.unwrap(),
            3,
            "{name}"
        );
        assert_eq!(n(&store).await, 12, "{name}");
        assert_eq!(
            store.migrate(steps(&[ADD, MAKE, DOUBLE])).await.unwrap(),
            0,
            "{name}"
        );
        // An older version runs on this schema.
        assert_eq!(store.migrate(steps(&[MAKE])).await.unwrap(), 0, "{name}");
        assert_eq!(n(&store).await, 12, "{name}");
    }
}

#[tokio::test]
async fn one_that_fails_undoes_its_whole_run() {
    for (name, store, _guard) in stores().await {
        store.migrate(steps(&[MAKE])).await.unwrap();
        let failed = store
            .migrate(steps(&[MAKE, DOUBLE, ADD, WRONG]))
            .await
            .unwrap_err();
        assert!(
            matches!(&failed, StoreError::Migration { name, .. } if name == WRONG.0),
            "{name}: {failed:?}"
        );
        assert_eq!(n(&store).await, 1, "{name}");
        assert_eq!(
            store.migrate(steps(&[MAKE, DOUBLE, ADD])).await.unwrap(),
            2,
            "{name}"
        );
        assert_eq!(n(&store).await, 12, "{name}");
    }
}

#[tokio::test]
async fn processes_that_start_together_apply_each_once() {
    for (name, store, _guard) in stores().await {
        let starts: Vec<_> = (0..4)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move { store.migrate(steps(&[MAKE, DOUBLE, ADD])).await })
            })
            .collect();
        let mut applied = 0;
        for start in starts {
            applied += start.await.unwrap().unwrap();
        }
        assert_eq!((applied, n(&store).await), (3, 12), "{name}");
    }
}

#[tokio::test]
async fn a_sqlite_file_with_tables_is_copied_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let options = store::StoreOptions::new(store::StoreUrl::Sqlite(path));
    let store = Store::connect(&options).await.unwrap();
    store.migrate(steps(&[MAKE])).await.unwrap();
    let copies = || {
        let names = std::fs::read_dir(folder.path()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names
            .filter(|name| name.contains(".before-"))
            .collect::<Vec<_>>()
    };
    assert!(copies().is_empty(), "an empty file needs no copy");
    store.migrate(steps(&[MAKE, DOUBLE, ADD])).await.unwrap();
    assert_eq!(copies(), ["a.db.before-m20260101_000002_double"]);
    let copy = folder.path().join(&copies()[0]);
    let options = store::StoreOptions::new(store::StoreUrl::Sqlite(copy));
    let copy = Store::connect(&options).await.unwrap();
    assert_eq!((n(&copy).await, n(&store).await), (1, 12));
}

#[tokio::test]
async fn names_that_do_not_sort_are_refused() {
    for (name, store, _guard) in stores().await {
        for wrong in [steps(&[MAKE, MAKE]), steps(&[("later", "")])] {
            let refused = store.migrate(wrong).await.unwrap_err();
            assert!(matches!(refused, StoreError::MigrationName(_)), "{name}");
        }
    }
}

#[tokio::test]
async fn the_stores_own_tables_are_alike_on_both() {
    let mut shapes = Vec::new();
    for (_, store, _guard) in stores().await {
        store.migrate(store::migrations()).await.unwrap();
        let sql = match store.backend() {
            sea_orm::DbBackend::Postgres => {
                "SELECT table_name::text || '.' || column_name::text FROM information_schema.columns \
                 WHERE table_schema = 'public'"
            }
            _ => {
                "SELECT m.name || '.' || c.name FROM sqlite_master m, pragma_table_info(m.name) c \
                 WHERE m.type = 'table'"
            }
        };
        let statement = Statement::from_string(store.backend(), sql);
        let rows = store.read().query_all_raw(statement).await.unwrap();
        let mut columns: Vec<String> = rows
            .iter()
            .map(|row| row.try_get_by_index(0).unwrap())
            .collect();
        columns.sort();
        shapes.push(columns);
    }
    assert!(shapes[0].contains(&"changes.sequence".to_owned()));
    assert!(
        shapes.windows(2).all(|pair| pair[0] == pair[1]),
        "{shapes:?}"
    );
}
