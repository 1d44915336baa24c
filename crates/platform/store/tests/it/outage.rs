//! A PostgreSQL that goes away and comes back.

use std::time::Duration;

use doubles::postgres::{Postgres, available};
use store::changes::{Feed, bump};
use store::{Store, StoreOptions, StoreUrl};

#[tokio::test]
async fn the_store_and_its_feed_outlive_an_outage() {
    if !available() {
        return;
    }
    let server = Postgres::private().await.unwrap();
    let options = StoreOptions {
        connect_timeout: Duration::from_millis(500),
        ..StoreOptions::new(StoreUrl::parse(&server.database().await).unwrap())
    };
    let store = Store::connect(&options).await.unwrap();
    store.migrate(store::migrations()).await.unwrap();
    let feed = Feed::start(&store, Duration::from_millis(50))
        .await
        .unwrap();
    let mut keys = feed.subscribe("keys");
    assert!(store.healthy().await);

    server.stop().await;
    assert!(!store.healthy().await);
    let refused = store.begin().await.map(|_| ());
    assert!(
        refused
            .as_ref()
            .is_err_and(store::StoreError::is_unavailable),
        "{refused:?}"
    );
    feed.refresh().await;

    server.start().await;
    // Dead connections of the pool are found out one by one.
    let written = async {
        loop {
            let Ok(transaction) = store.begin().await else {
                continue;
            };
            let bumped = bump(&transaction, "keys", "a").await;
            if bumped.is_ok() && transaction.commit().await.is_ok() {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), written)
        .await
        .unwrap();
    let heard = tokio::time::timeout(Duration::from_secs(30), keys.recv()).await;
    assert_eq!(heard.unwrap().unwrap(), "a");
    assert!(store.healthy().await);
}
