//! Reports: fields, groups, filters, time zones, tenancy, and what budgets start from.

use std::sync::Arc;

use async_trait::async_trait;
use facts::CallStatus;
use kernel::{Failure, Nano, ProjectId, TestClock};

use super::fixture::{Fixture, KEY, ORG, OTHER_KEY, OTHER_ORG, PROJECT, at, call, now};
use crate::{
    Analytics, AnalyticsConfig, Deps, Freshness, Interval, RetentionConfig, TimeseriesQuery,
    UsageQuery,
};

fn by(group: &[&str]) -> UsageQuery {
    UsageQuery {
        group_by: group.iter().map(|name| (*name).to_owned()).collect(),
        ..UsageQuery::default()
    }
}

#[tokio::test]
async fn every_token_stands_in_one_column() {
    for fixture in Fixture::all().await {
        let mut failed = call(1);
        failed.status = CallStatus::TimedOut;
        failed.cost.estimated = true;
        failed.first_byte_us = None;
        failed.duration_us = 4_000_000;
        let mut unpriced = call(2);
        unpriced.cost.unpriced = true;
        unpriced.cost.nano_usd = Nano(0);
        let mut client = call(3);
        client.cost.billed_by_client = true;
        client.status = CallStatus::ClientGone;
        fixture.deliver(&[call(0), failed, unpriced, client]).await;
        let report = fixture.room.usage(ORG, &by(&["model"])).await.unwrap();
        let [(group, sums)] = &report.rows[..] else {
            panic!("one model");
        };
        assert_eq!(group["model"].as_deref(), Some("gpt-5"));
        assert_eq!((sums.calls, sums.errors), (4, 1));
        assert_eq!(
            (sums.input_tokens, sums.output_tokens, sums.reasoning_tokens),
            (420, 80, 36)
        );
        assert_eq!((sums.cache_read_tokens, sums.cache_write_tokens), (160, 40));
        assert_eq!((sums.estimated_calls, sums.unpriced_calls), (1, 1));
        assert_eq!((sums.cost_nano, sums.client_cost_nano), (3_000, 1_500));
        assert_eq!(
            (sums.duration_us, sums.max_duration_us),
            (10_000_000, 4_000_000)
        );
        assert_eq!((sums.first_byte_us, sums.first_byte_calls), (1_500_000, 3));
        assert_eq!(report.total, *sums);
    }
}

#[tokio::test]
async fn groups_and_filters_tell_calls_apart() {
    for fixture in Fixture::all().await {
        let calls: Vec<_> = (0..12)
            .map(|number| {
                let mut call = call(number);
                if number % 2 == 0 {
                    call.model = "claude-opus-5-5".to_owned();
                    call.requested_model = "house-large".to_owned();
                    call.provider = "anthropic".to_owned();
                    call.surface = facts::Surface::Messages;
                }
                if number % 3 == 0 {
                    call.key = OTHER_KEY;
                    call.project = ProjectId::from_u128(9);
                    call.tags = [("team".to_owned(), "edge".to_owned())].into();
                }
                if number == 11 {
                    call.tags.clear();
                }
                call
            })
            .collect();
        fixture.deliver(&calls).await;
        let rows = async |query: UsageQuery| {
            let report = fixture.room.usage(ORG, &query).await.unwrap();
            let mut rows: Vec<(Vec<Option<String>>, i64)> = report
                .rows
                .into_iter()
                .map(|(group, sums)| (group.into_values().collect(), sums.calls))
                .collect();
            rows.sort();
            rows
        };
        let some = |texts: &[&str]| -> Vec<Option<String>> {
            texts.iter().map(|text| Some((*text).to_owned())).collect()
        };
        assert_eq!(
            rows(by(&["provider"])).await,
            [(some(&["anthropic"]), 6), (some(&["openai"]), 6)]
        );
        assert_eq!(
            rows(by(&["requested_model"])).await,
            [(some(&["gpt-5"]), 6), (some(&["house-large"]), 6)]
        );
        assert_eq!(
            rows(by(&["surface"])).await,
            [(some(&["chat"]), 6), (some(&["messages"]), 6)]
        );
        assert_eq!(
            rows(by(&["key", "model"])).await,
            [
                (some(&[&KEY.to_string(), "claude-opus-5-5"]), 4),
                (some(&[&KEY.to_string(), "gpt-5"]), 4),
                (some(&[&OTHER_KEY.to_string(), "claude-opus-5-5"]), 2),
                (some(&[&OTHER_KEY.to_string(), "gpt-5"]), 2),
            ]
        );
        // What carries no such tag is a row of its own, so that the rows add up to the whole.
        assert_eq!(
            rows(by(&["tag:team"])).await,
            [(vec![None], 1), (some(&["core"]), 7), (some(&["edge"]), 4)]
        );
        assert_eq!(rows(by(&["tag:nobody"])).await, [(vec![None], 12)]);
        let only = UsageQuery {
            tag: Some("team=edge".to_owned()),
            provider: Some("openai".to_owned()),
            ..by(&["model"])
        };
        assert_eq!(rows(only).await, [(some(&["gpt-5"]), 2)]);
        let project = UsageQuery {
            project: Some(PROJECT.to_string()),
            key: Some(KEY.to_string()),
            ..by(&[])
        };
        assert_eq!(rows(project).await, [(vec![], 8)]);
        let nothing = UsageQuery {
            model: Some("none".to_owned()),
            ..by(&[])
        };
        assert_eq!(rows(nothing).await, [(vec![], 0)]);
        let pages = UsageQuery {
            limit: Some(3),
            ..by(&["key", "model"])
        };
        let first = fixture.room.usage(ORG, &pages).await.unwrap();
        assert_eq!((first.rows.len(), first.total.calls), (3, 12));
        let second = UsageQuery {
            cursor: first.next,
            ..pages
        };
        let second = fixture.room.usage(ORG, &second).await.unwrap();
        assert_eq!((second.rows.len(), second.next), (1, None));
    }
}

#[tokio::test]
async fn an_organisation_sees_its_own_only() {
    for fixture in Fixture::all().await {
        let mut other = call(1);
        other.org = OTHER_ORG;
        fixture.deliver(&[call(0), other.clone()]).await;
        for org in [ORG, OTHER_ORG] {
            for group in [&[][..], &["tag:team"]] {
                let report = fixture.room.usage(org, &by(group)).await.unwrap();
                assert_eq!(report.total.calls, 1);
            }
            let page = fixture
                .room
                .calls(org, &crate::CallFilter::default(), None, 10)
                .await;
            assert!(page.unwrap().data.iter().all(|call| call.org == org));
        }
        let foreign = fixture
            .room
            .call(ORG, &other.id.to_string())
            .await
            .unwrap_err();
        assert_eq!(foreign.code(), "CALL_NOT_FOUND");
    }
}

#[tokio::test]
async fn days_are_those_of_the_time_zone() {
    for fixture in Fixture::all().await {
        let starts = [
            "2026-10-24T21:59:59Z",
            "2026-10-24T22:00:00Z",
            "2026-10-25T00:30:00Z",
            "2026-10-25T01:30:00Z",
            "2026-10-25T22:59:59Z",
            "2026-10-25T23:00:00Z",
        ];
        let calls: Vec<_> = starts
            .iter()
            .zip(0..)
            .map(|(start, number)| {
                let mut call = call(number);
                call.started_at = at(start);
                call
            })
            .collect();
        fixture.deliver(&calls).await;
        let query = |interval, zone: &str, from: &str, to: &str| TimeseriesQuery {
            from: Some(from.to_owned()),
            to: Some(to.to_owned()),
            interval,
            time_zone: Some(zone.to_owned()),
            ..TimeseriesQuery::default()
        };
        let points = async |query: TimeseriesQuery| -> Vec<(String, i64)> {
            let report = fixture.room.timeseries(ORG, &query).await.unwrap();
            report
                .points
                .into_iter()
                .map(|point| (point.start_local, point.sums.calls))
                .collect()
        };
        let of = |list: &[(&str, i64)]| -> Vec<(String, i64)> {
            list.iter()
                .map(|(start, calls)| ((*start).to_owned(), *calls))
                .collect()
        };
        assert_eq!(
            points(query(
                Interval::Day,
                "Europe/Berlin",
                "2026-10-24",
                "2026-10-26"
            ))
            .await,
            of(&[
                ("2026-10-24T00:00:00+02:00", 1),
                ("2026-10-25T00:00:00+02:00", 4),
                ("2026-10-26T00:00:00+01:00", 1)
            ])
        );
        assert_eq!(
            points(query(
                Interval::Hour,
                "Europe/Berlin",
                "2026-10-25T00:00:00Z",
                "2026-10-25T03:00:00Z"
            ))
            .await,
            of(&[
                ("2026-10-25T02:00:00+02:00", 1),
                ("2026-10-25T02:00:00+01:00", 1),
                ("2026-10-25T03:00:00+01:00", 0)
            ])
        );
        assert_eq!(
            points(query(Interval::Week, "UTC", "2026-10-19", "2026-11-01")).await,
            of(&[
                ("2026-10-19T00:00:00+00:00", 6),
                ("2026-10-26T00:00:00+00:00", 0)
            ])
        );
        assert_eq!(
            points(query(
                Interval::Month,
                "Asia/Kolkata",
                "2026-10-01",
                "2026-10-31"
            ))
            .await,
            of(&[("2026-10-01T00:00:00+05:30", 6)])
        );
        let grouped = TimeseriesQuery {
            group_by: vec!["model".to_owned()],
            ..query(Interval::Day, "UTC", "2026-10-01", "2026-10-31")
        };
        assert_eq!(
            points(grouped).await,
            of(&[
                ("2026-10-24T00:00:00+00:00", 2),
                ("2026-10-25T00:00:00+00:00", 4)
            ])
        );
    }
}

#[tokio::test]
async fn a_series_begins_with_a_whole_day_and_ends_now() {
    for fixture in Fixture::all().await {
        fixture.deliver(&[call(0)]).await;
        let report = fixture
            .room
            .timeseries(ORG, &TimeseriesQuery::default())
            .await
            .unwrap();
        assert_eq!(report.from, at("2026-10-22T00:00:00Z"));
        assert!(report.to > now());
        assert_eq!(report.points.len(), 31);
        assert_eq!(report.points[30].sums.calls, 1);
    }
}

#[tokio::test]
async fn what_does_not_hold_is_named() {
    let fixture = Fixture::all().await.remove(0);
    let told = async |query: UsageQuery| {
        let error = fixture.room.usage(ORG, &query).await.unwrap_err();
        (error.code(), error.field().map(ToOwned::to_owned))
    };
    let field = |name: &str| ("INVALID_QUERY", Some(name.to_owned()));
    let with = |set: fn(&mut UsageQuery)| {
        let mut query = UsageQuery::default();
        set(&mut query);
        query
    };
    assert_eq!(told(by(&["colour"])).await, field("group_by"));
    assert_eq!(told(by(&["tag:"])).await, field("group_by"));
    assert_eq!(told(by(&["tag:a", "tag:b"])).await, field("group_by"));
    assert_eq!(told(by(&["tag:a", "key"])).await, field("group_by"));
    assert_eq!(
        told(with(|q| q.time_zone = Some("Mars/Base".into()))).await,
        field("time_zone")
    );
    assert_eq!(
        told(with(|q| q.from = Some("yesterday".into()))).await,
        field("from")
    );
    assert_eq!(
        told(with(|q| q.from = Some("2027-01-01".into()))).await,
        field("from")
    );
    assert_eq!(
        told(with(|q| q.surface = Some("fax".into()))).await,
        field("surface")
    );
    assert_eq!(
        told(with(|q| q.key = Some("prj_1".into()))).await,
        field("key")
    );
    assert_eq!(told(with(|q| q.limit = Some(0))).await, field("limit"));
    assert_eq!(
        told(with(|q| q.tag = Some("team".into()))).await,
        field("tag")
    );
    let fine = TimeseriesQuery {
        from: Some("2026-01-01".to_owned()),
        interval: Interval::Quarter,
        ..TimeseriesQuery::default()
    };
    let error = fixture.room.timeseries(ORG, &fine).await.unwrap_err();
    assert_eq!(error.code(), "RESULT_TOO_LARGE");
}

#[tokio::test]
async fn budgets_start_from_what_was_spent() {
    for fixture in Fixture::all().await {
        let mut alias = call(1);
        alias.requested_model = "house-large".to_owned();
        alias.model = "claude-opus-5-5".to_owned();
        let mut client = call(2);
        client.cost.billed_by_client = true;
        let mut other = call(3);
        other.key = OTHER_KEY;
        let mut old = call(4);
        old.started_at = at("2026-11-20T23:59:59Z");
        fixture.deliver(&[call(0), alias, client, other, old]).await;
        let today = at("2026-11-21T00:00:00Z");
        for (since, models, nano) in [
            (today, &[][..], 3_000),
            (at("2026-11-01T00:00:00Z"), &[], 4_500),
            (today, &["gpt-*"], 1_500),
            (today, &["house-*"], 1_500),
            (today, &["claude*", "house*"], 1_500),
            // What answered in the place of the model asked for was not counted when it was admitted.
            (today, &["claude*"], 0),
            (today, &["o3"], 0),
        ] {
            let models: Vec<String> = models.iter().map(|model| (*model).to_owned()).collect();
            let spent = fixture.room.spent(KEY, since, &models).await.unwrap();
            assert_eq!(spent, Nano(nano), "{models:?}");
        }
    }
}

/// Calls that do not come through.
struct Stuck;

#[async_trait]
impl Freshness for Stuck {
    async fn delivered(&self) {
        std::future::pending::<()>().await;
    }
}

#[tokio::test]
async fn who_must_know_whether_all_has_arrived_is_told() {
    for fixture in Fixture::all().await {
        assert!(fixture.room.arrived().await);
        let stuck = Analytics::new(Deps {
            store: fixture.store.clone(),
            clock: Arc::new(TestClock::at(now())),
            freshness: Arc::new(Stuck),
            payloads: fixture.drawer.clone(),
            config: AnalyticsConfig {
                freshness_wait_ms: 1,
                ..AnalyticsConfig::default()
            },
            retention: RetentionConfig::default(),
        });
        assert!(!stuck.arrived().await);
        // A report is given all the same.
        fixture.deliver(&[call(0)]).await;
        let report = stuck.usage(ORG, &UsageQuery::default()).await.unwrap();
        assert_eq!(report.total.calls, 1);
    }
}
