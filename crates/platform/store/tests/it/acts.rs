//! The record of acts: with the act or not at all, and read page by page.

use facts::Act;
use kernel::{KeyId, OrgId, RequestId, Timestamp};
use store::acts::{ActQuery, list, record};
use store::testing::migrated;

fn act(number: i64, action: &str, target: &str) -> Act {
    Act {
        at: Timestamp::from_secs(1_000 + number / 2),
        org: OrgId::from_u128(1),
        actor: (number % 2 == 0).then(|| KeyId::from_u128(9)),
        request: (number % 3 == 0).then(|| RequestId::from_u128(8)),
        action: action.into(),
        target: target.into(),
        change: serde_json::json!({"number": number, "name": "naïve \u{1f600}"}),
    }
}

fn query() -> ActQuery {
    ActQuery {
        org: OrgId::from_u128(1),
        action: None,
        target: None,
        cursor: None,
        limit: 3,
    }
}

#[tokio::test]
async fn pages_hold_every_act_once_newest_first() {
    for (name, store, _guard) in migrated(Vec::new).await {
        let mut written = Vec::new();
        for number in 0..10 {
            let transaction = store.begin().await.unwrap();
            let act = act(number, "key.create", &format!("key_{number}"));
            record(&transaction, &act).await.unwrap();
            transaction.commit().await.unwrap();
            written.push(act);
        }
        let lost = store.begin().await.unwrap();
        record(&lost, &act(99, "key.create", "key_99"))
            .await
            .unwrap();
        lost.rollback().await.unwrap();

        let mut read = Vec::new();
        let mut query = query();
        loop {
            let page = list(store.read(), &query).await.unwrap();
            assert!(page.data.len() <= 3, "{name}");
            read.extend(page.data.into_iter().map(|row| row.act));
            query.cursor = page.next_cursor;
            if query.cursor.is_none() {
                break;
            }
        }
        written.reverse();
        assert_eq!(read, written, "{name}");
    }
}

#[tokio::test]
async fn filters_hold_and_tenants_see_their_own() {
    for (name, store, _guard) in migrated(Vec::new).await {
        for (number, action, target) in [
            (0, "key.create", "a"),
            (1, "key.revoke", "a"),
            (2, "key.create", "b"),
        ] {
            record(store.write(), &act(number, action, target))
                .await
                .unwrap();
        }
        let count = async |query: ActQuery| list(store.read(), &query).await.unwrap().data.len();
        let (create, a) = (Some("key.create".to_owned()), Some("a".to_owned()));
        assert_eq!(
            count(ActQuery {
                action: create.clone(),
                ..query()
            })
            .await,
            2,
            "{name}"
        );
        assert_eq!(
            count(ActQuery {
                target: a.clone(),
                ..query()
            })
            .await,
            2,
            "{name}"
        );
        assert_eq!(
            count(ActQuery {
                action: create,
                target: a,
                ..query()
            })
            .await,
            1,
            "{name}"
        );
        let other = OrgId::from_u128(2);
        assert_eq!(
            count(ActQuery {
                org: other,
                ..query()
            })
            .await,
            0,
            "{name}"
        );
    }
}
