//! A year of rollups is read in one sitting.

use kernel::Timestamp;

use super::fixture::{Fixture, KEY, ORG, OTHER_KEY, PROJECT, at, now};
use crate::model::{RollupKey, Sums};
use crate::store::ingest::add_rollups;
use crate::{Interval, TimeseriesQuery, UsageQuery};

const QUARTER: i64 = 900_000_000;

#[tokio::test]
async fn a_year_adds_up_in_any_zone() {
    for fixture in Fixture::all().await {
        let first = at("2025-11-21T00:00:00Z");
        let buckets = (now().0 - first.0) / QUARTER;
        let sums = Sums {
            calls: 1,
            cost_nano: 3,
            ..Sums::default()
        };
        let mut bulk = fixture.store.begin_bulk().await.unwrap();
        for start in (0..buckets).step_by(500) {
            let rows: Vec<_> = (start..(start + 500).min(buckets))
                .flat_map(|bucket| {
                    [KEY, OTHER_KEY].map(|key| RollupKey {
                        bucket: Timestamp(first.0 + bucket * QUARTER).0,
                        org: ORG,
                        project: PROJECT,
                        key,
                        requested_model: "gpt-5",
                        model: "gpt-5",
                        provider: "openai",
                        surface: facts::Surface::Chat,
                    })
                })
                .map(|key| (key, sums))
                .collect();
            add_rollups(&mut bulk, &rows).await.unwrap();
        }
        bulk.commit().await.unwrap();
        for zone in ["UTC", "America/New_York", "Asia/Kathmandu"] {
            for (interval, points) in [(Interval::Day, 365..=367), (Interval::Month, 13..=13)] {
                let query = TimeseriesQuery {
                    from: Some(first.to_string()),
                    interval,
                    time_zone: Some(zone.to_owned()),
                    ..TimeseriesQuery::default()
                };
                let begun = std::time::Instant::now();
                let report = fixture.room.timeseries(ORG, &query).await.unwrap();
                eprintln!(
                    "{} {zone} {interval:?}: {:?}",
                    fixture.database,
                    begun.elapsed()
                );
                assert!(points.contains(&report.points.len()), "{zone}");
                let calls: i64 = report.points.iter().map(|point| point.sums.calls).sum();
                assert_eq!(calls, buckets * 2);
            }
        }
        let query = UsageQuery {
            from: Some(first.to_string()),
            group_by: vec!["key".to_owned()],
            ..UsageQuery::default()
        };
        let report = fixture.room.usage(ORG, &query).await.unwrap();
        assert_eq!(report.rows.len(), 2);
        assert_eq!(report.total.cost_nano, buckets * 6);
    }
}
