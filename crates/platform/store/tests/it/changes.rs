//! The change sequence: without gaps, in the order of commits, and nobody misses one unknowingly.

use std::time::Duration;

use sea_orm::{ConnectionTrait, Statement};
use store::changes::{Feed, bump};
use store::testing::migrated;
use store::{Store, sea_orm};
use tokio::sync::broadcast::error::RecvError;

/// So long that only `refresh` looks.
const NEVER: Duration = Duration::from_secs(3_600);

async fn announce(store: &Store, topic: &str, subject: &str) {
    let transaction = store.begin().await.unwrap();
    bump(&transaction, topic, subject).await.unwrap();
    transaction.commit().await.unwrap();
}

async fn sequences(store: &Store) -> Vec<i64> {
    let sql = "SELECT sequence FROM changes ORDER BY sequence";
    let statement = Statement::from_string(store.backend(), sql);
    let rows = store.read().query_all_raw(statement).await.unwrap();
    rows.iter()
        .map(|row| row.try_get_by_index(0).unwrap())
        .collect()
}

#[tokio::test]
async fn numbers_have_no_gaps_whoever_rolls_back() {
    for (name, store, _guard) in migrated(Vec::new).await {
        let tasks: Vec<_> = (0..30)
            .map(|number| {
                let store = store.clone();
                tokio::spawn(async move {
                    let transaction = store.begin().await.unwrap();
                    bump(&transaction, "keys", &number.to_string())
                        .await
                        .unwrap();
                    if number % 3 == 0 {
                        transaction.rollback().await.unwrap();
                    } else {
                        transaction.commit().await.unwrap();
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(
            sequences(&store).await,
            (1..=20).collect::<Vec<_>>(),
            "{name}"
        );
    }
}

#[tokio::test]
async fn subscribers_hear_their_topic_in_order_from_their_start() {
    for (name, store, _guard) in migrated(Vec::new).await {
        announce(&store, "keys", "before").await;
        let feed = Feed::start(&store, NEVER).await.unwrap();
        let mut keys = feed.subscribe("keys");
        let mut prices = feed.subscribe("prices");
        for (topic, subject) in [
            ("keys", "a"),
            ("prices", "x"),
            ("keys", "b"),
            ("other", "y"),
        ] {
            announce(&store, topic, subject).await;
        }
        feed.refresh().await;
        assert_eq!(keys.recv().await.unwrap(), "a", "{name}");
        assert_eq!(keys.recv().await.unwrap(), "b", "{name}");
        assert_eq!(prices.recv().await.unwrap(), "x", "{name}");
        drop(feed);
        assert_eq!(keys.recv().await.unwrap_err(), RecvError::Closed, "{name}");
    }
}

#[tokio::test]
async fn another_process_is_heard_by_polling() {
    for (name, store, _guard) in migrated(Vec::new).await {
        let feed = Feed::start(&store, Duration::from_millis(10))
            .await
            .unwrap();
        let mut keys = feed.subscribe("keys");
        announce(&store, "keys", "a").await;
        let heard = tokio::time::timeout(Duration::from_secs(20), keys.recv()).await;
        assert_eq!(heard.unwrap().unwrap(), "a", "{name}");
    }
}

#[tokio::test]
async fn a_batch_larger_than_one_read_arrives_whole() {
    for (name, store, _guard) in migrated(Vec::new).await {
        let feed = Feed::start(&store, NEVER).await.unwrap();
        let mut keys = feed.subscribe("keys");
        let transaction = store.begin().await.unwrap();
        for number in 0..1_020 {
            let topic = if number % 2 == 0 { "keys" } else { "other" };
            bump(&transaction, topic, &number.to_string())
                .await
                .unwrap();
        }
        transaction.commit().await.unwrap();
        feed.refresh().await;
        for number in (0..1_020).step_by(2) {
            assert_eq!(keys.recv().await.unwrap(), number.to_string(), "{name}");
        }
    }
}

#[tokio::test]
async fn a_feed_that_missed_changes_says_reload_everything() {
    for (name, store, _guard) in migrated(Vec::new).await {
        let feed = Feed::start(&store, NEVER).await.unwrap();
        let mut keys = feed.subscribe("keys");
        for subject in ["a", "b", "c"] {
            announce(&store, "keys", subject).await;
        }
        // What is cleared while a feed lags.
        store
            .write()
            .execute_unprepared("DELETE FROM changes WHERE sequence < 3")
            .await
            .unwrap();
        feed.refresh().await;
        assert!(
            matches!(keys.recv().await, Err(RecvError::Lagged(_))),
            "{name}"
        );
        announce(&store, "keys", "d").await;
        feed.refresh().await;
        assert_eq!(keys.recv().await.unwrap(), "d", "{name}");
        // A store put back to an older state.
        store
            .write()
            .execute_unprepared("DELETE FROM changes; UPDATE change_head SET sequence = 1")
            .await
            .unwrap();
        feed.refresh().await;
        assert!(
            matches!(keys.recv().await, Err(RecvError::Lagged(_))),
            "{name}"
        );
    }
}

#[tokio::test]
async fn old_changes_are_cleared() {
    for (name, store, _guard) in migrated(Vec::new).await {
        let jump = "UPDATE change_head SET sequence = 20478";
        announce(&store, "keys", "old").await;
        store.write().execute_unprepared(jump).await.unwrap();
        announce(&store, "keys", "kept").await;
        announce(&store, "keys", "clears").await;
        assert_eq!(sequences(&store).await, [20_479, 20_480], "{name}");
    }
}
