//! What is past its days goes; what is summed stays.

use kernel::Timestamp;

use super::fixture::{Fixture, ORG, OTHER_ORG, call, now};
use crate::jobs::retention::Purged;
use crate::{CallFilter, UsageQuery};

const DAY: i64 = 86_400_000_000;

#[tokio::test]
async fn calls_and_payloads_go_apart_and_rollups_stay() {
    for fixture in Fixture::all().await {
        let calls: Vec<_> = (0..1_300)
            .map(|number| {
                let mut call = call(number);
                let days = if number < 1_100 { 91 } else { 40 };
                call.started_at = Timestamp(now().0 - days * DAY);
                call.org = if number % 2 == 0 { ORG } else { OTHER_ORG };
                call
            })
            .collect();
        fixture.deliver(&calls).await;
        fixture.drawer.put(&calls[1_299], "{}");
        let purged = fixture.room.purge().await.unwrap();
        let expected = Purged {
            calls: 1_100,
            payloads: 1,
        };
        assert_eq!(purged, expected, "{}", fixture.database);
        let left = fixture
            .room
            .calls(ORG, &CallFilter::default(), None, 500)
            .await
            .unwrap();
        assert_eq!(left.data.len(), 100);
        let all = UsageQuery {
            from: Some("2026-01-01".to_owned()),
            ..UsageQuery::default()
        };
        assert_eq!(
            fixture.room.usage(ORG, &all).await.unwrap().total.calls,
            650
        );
        assert_eq!(fixture.room.purge().await.unwrap(), Purged::default());
    }
}
