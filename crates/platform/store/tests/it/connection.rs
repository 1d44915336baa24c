//! What a room may count on, whichever database it runs on.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use store::sea_orm;
use store::testing::stores;
use store::{Store, StoreError, StoreOptions, StoreUrl};

async fn number(store: &Store, sql: &str) -> i64 {
    let statement = Statement::from_string(store.backend(), sql);
    let row = store
        .read()
        .query_one_raw(statement)
        .await
        .unwrap()
        .unwrap();
    row.try_get_by_index(0).unwrap()
}

fn insert(store: &Store, id: &str, amount: i64) -> Statement {
    Statement::from_sql_and_values(
        store.backend(),
        "INSERT INTO t (id, amount) VALUES ($1, $2)",
        [id.into(), amount.into()],
    )
}

async fn table(store: &Store) {
    let id = match store.backend() {
        DbBackend::Postgres => "TEXT COLLATE \"C\"",
        _ => "TEXT",
    };
    let sql = format!("CREATE TABLE t (id {id} PRIMARY KEY, amount BIGINT NOT NULL)");
    store.write().execute_unprepared(&sql).await.unwrap();
}

#[tokio::test]
async fn a_transaction_is_all_or_nothing_and_seen_when_committed() {
    for (name, store, _guard) in stores().await {
        table(&store).await;
        let dropped = store.begin().await.unwrap();
        dropped.execute_raw(insert(&store, "a", 1)).await.unwrap();
        drop(dropped);
        let kept = store.begin().await.unwrap();
        kept.execute_raw(insert(&store, "b", 1 << 40))
            .await
            .unwrap();
        assert_eq!(number(&store, "SELECT COUNT(*) FROM t").await, 0, "{name}");
        kept.commit().await.unwrap();
        assert_eq!(
            number(&store, "SELECT CAST(SUM(amount) AS BIGINT) FROM t").await,
            1 << 40,
            "{name}"
        );
    }
}

#[tokio::test]
async fn ids_sort_byte_by_byte() {
    for (name, store, _guard) in stores().await {
        table(&store).await;
        for id in ["b", "a", "B", "_", "10", "9"] {
            store
                .write()
                .execute_raw(insert(&store, id, 0))
                .await
                .unwrap();
        }
        let sql = Statement::from_string(store.backend(), "SELECT id FROM t ORDER BY id");
        let rows = store.read().query_all_raw(sql).await.unwrap();
        let ids: Vec<String> = rows
            .iter()
            .map(|row| row.try_get_by_index(0).unwrap())
            .collect();
        assert_eq!(ids, ["10", "9", "B", "_", "a", "b"], "{name}");
    }
}

#[tokio::test]
async fn a_twofold_key_is_told_from_other_refusals() {
    for (name, store, _guard) in stores().await {
        table(&store).await;
        store
            .write()
            .execute_raw(insert(&store, "a", 0))
            .await
            .unwrap();
        let twofold = store.write().execute_raw(insert(&store, "a", 0)).await;
        let error = StoreError::from(twofold.unwrap_err());
        assert!(
            matches!(error, StoreError::Duplicate(_)),
            "{name}: {error:?}"
        );
        let wrong = store.write().execute_unprepared("SELEC").await;
        let error = StoreError::from(wrong.unwrap_err());
        assert!(matches!(error, StoreError::Refused(_)), "{name}: {error:?}");
    }
}

#[tokio::test]
async fn writers_wait_for_each_other() {
    for (name, store, _guard) in stores().await {
        table(&store).await;
        store
            .write()
            .execute_raw(insert(&store, "sum", 0))
            .await
            .unwrap();
        let tasks: Vec<_> = (0..20)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move {
                    let transaction = store.begin().await.unwrap();
                    transaction
                        .execute_unprepared("UPDATE t SET amount = amount + 1 WHERE id = 'sum'")
                        .await
                        .unwrap();
                    transaction.commit().await.unwrap();
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(number(&store, "SELECT amount FROM t").await, 20, "{name}");
    }
}

#[tokio::test]
async fn health_says_whether_it_answers() {
    for (name, store, _guard) in stores().await {
        assert!(store.healthy().await, "{name}");
        store.close().await;
        assert!(!store.healthy().await, "{name}");
    }
}

#[tokio::test]
async fn the_sqlite_file_is_made_and_kept_and_its_readers_only_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/folder/odd name?#%.db");
    let options = StoreOptions::new(StoreUrl::Sqlite(path.clone()));
    let store = Store::connect(&options).await.unwrap();
    table(&store).await;
    store
        .write()
        .execute_raw(insert(&store, "a", 5))
        .await
        .unwrap();
    assert!(
        store
            .read()
            .execute_raw(insert(&store, "b", 5))
            .await
            .is_err()
    );
    store.close().await;
    assert!(path.is_file());
    let store = Store::connect(&options).await.unwrap();
    assert_eq!(number(&store, "SELECT amount FROM t").await, 5);
    let mode = Statement::from_string(store.backend(), "PRAGMA journal_mode");
    let row = store.write().query_one_raw(mode).await.unwrap().unwrap();
    assert_eq!(row.try_get_by_index::<String>(0).unwrap(), "wal");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable_in_time() {
    let url = StoreUrl::parse("postgres://nobody@127.0.0.1:1/none").unwrap();
    let options = StoreOptions {
        connect_timeout: Duration::from_millis(200),
        ..StoreOptions::new(url)
    };
    let error = Store::connect(&options).await.unwrap_err();
    assert!(error.is_unavailable(), "{error:?}");
}
