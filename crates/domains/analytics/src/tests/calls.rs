//! Calls found one by one: every filter, whole pages, exports, payloads.

use facts::{CallClosed, CallStatus, Surface};
use futures_util::TryStreamExt;
use kernel::{Failure, Nano, ProjectId, RequestId};

use super::fixture::{Fixture, KEY, ORG, OTHER_KEY, call, now};
use crate::CallFilter;

async fn numbers(fixture: &Fixture, calls: &[CallClosed], filter: &CallFilter) -> Vec<usize> {
    let page = fixture.room.calls(ORG, filter, None, 500).await.unwrap();
    let mut numbers: Vec<usize> = page
        .data
        .iter()
        .map(|found| calls.iter().position(|call| call == found).unwrap())
        .collect();
    numbers.sort_unstable();
    numbers
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[tokio::test]
async fn each_filter_finds_its_call() {
    let mut calls: Vec<CallClosed> = (0..12).map(call).collect();
    calls[1].requested_model = "house-large".to_owned();
    calls[1].model = "claude-opus-5-5".to_owned();
    calls[1].provider = "anthropic".to_owned();
    calls[2].key = OTHER_KEY;
    calls[2].project = ProjectId::from_u128(9);
    calls[3].surface = Surface::Messages;
    calls[3].session = text("ses-1");
    calls[4].status = CallStatus::UpstreamError;
    calls[4].http_status = 529;
    calls[4].error_code = text("UPSTREAM_OVERLOADED");
    calls[4].error = text("50% of_it is Overloaded");
    calls[5].status = CallStatus::ClientGone;
    calls[5].end_user = text("user-7");
    calls[6].client = text("claude-cli");
    calls[7].cost.nano_usd = Nano(9_000_000_000);
    calls[8].duration_us = 45_000_000;
    let begun_ms = u128::try_from(calls[11].started_at.millis()).unwrap();
    calls[11].request = RequestId::from_u128((begun_ms << 80) + 7);
    calls[9].tags = [
        ("team".to_owned(), "a=b".to_owned()),
        ("Env".to_owned(), "prod".to_owned()),
    ]
    .into();
    for fixture in Fixture::all().await {
        fixture.deliver(&calls).await;
        let none = CallFilter::default();
        let tags = |tags: &[(&str, &str)]| CallFilter {
            tags: tags
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            ..CallFilter::default()
        };
        let cases = [
            (none.clone(), (0..12).collect()),
            (
                CallFilter {
                    model: text("claude-opus-5-5"),
                    ..none.clone()
                },
                vec![1],
            ),
            (
                CallFilter {
                    model: text("house-large"),
                    ..none.clone()
                },
                vec![1],
            ),
            (
                CallFilter {
                    provider: text("anthropic"),
                    ..none.clone()
                },
                vec![1],
            ),
            (
                CallFilter {
                    key: Some(OTHER_KEY),
                    ..none.clone()
                },
                vec![2],
            ),
            (
                CallFilter {
                    project: Some(ProjectId::from_u128(9)),
                    ..none.clone()
                },
                vec![2],
            ),
            (
                CallFilter {
                    surface: Some(Surface::Messages),
                    ..none.clone()
                },
                vec![3],
            ),
            (
                CallFilter {
                    session: text("ses-1"),
                    ..none.clone()
                },
                vec![3],
            ),
            (
                CallFilter {
                    status: Some(CallStatus::UpstreamError),
                    ..none.clone()
                },
                vec![4],
            ),
            (
                CallFilter {
                    failed: Some(true),
                    ..none.clone()
                },
                vec![4],
            ),
            (
                CallFilter {
                    http_status: Some(529),
                    ..none.clone()
                },
                vec![4],
            ),
            (
                CallFilter {
                    error: text("overloaded"),
                    ..none.clone()
                },
                vec![4],
            ),
            (
                CallFilter {
                    error: text("50% of_it"),
                    ..none.clone()
                },
                vec![4],
            ),
            (
                CallFilter {
                    error: text("50%it"),
                    ..none.clone()
                },
                vec![],
            ),
            (
                CallFilter {
                    status: Some(CallStatus::ClientGone),
                    failed: Some(false),
                    ..none.clone()
                },
                vec![5],
            ),
            (
                CallFilter {
                    end_user: text("user-7"),
                    ..none.clone()
                },
                vec![5],
            ),
            (
                CallFilter {
                    client: text("claude-cli"),
                    ..none.clone()
                },
                vec![6],
            ),
            (
                CallFilter {
                    min_cost: Some(Nano(9_000_000_000)),
                    ..none.clone()
                },
                vec![7],
            ),
            (
                CallFilter {
                    min_duration_us: Some(45_000_000),
                    ..none.clone()
                },
                vec![8],
            ),
            (
                CallFilter {
                    request: Some(calls[11].request),
                    ..none.clone()
                },
                vec![11],
            ),
            (
                CallFilter {
                    request: Some(RequestId::from_u128((begun_ms << 80) + 8)),
                    ..none.clone()
                },
                vec![],
            ),
            (tags(&[("team", "a=b")]), vec![9]),
            (tags(&[("team", "a=b"), ("Env", "prod")]), vec![9]),
            (tags(&[("env", "prod")]), vec![]),
            (tags(&[("team", "cor")]), vec![]),
            (
                CallFilter {
                    from: Some(calls[11].started_at),
                    to: Some(calls[9].started_at),
                    key: Some(KEY),
                    ..none.clone()
                },
                vec![10, 11],
            ),
        ];
        for (filter, expected) in cases {
            assert_eq!(
                numbers(&fixture, &calls, &filter).await,
                expected,
                "{} {filter:?}",
                fixture.database
            );
        }
    }
}

#[tokio::test]
async fn pages_give_every_call_once_newest_first() {
    for fixture in Fixture::all().await {
        let mut calls: Vec<CallClosed> = (0..57).map(call).collect();
        // Many begun in the same microsecond: the id decides.
        for call in &mut calls[10..40] {
            call.started_at = now();
        }
        fixture.deliver(&calls).await;
        let mut found: Vec<CallClosed> = Vec::new();
        let mut cursor = None;
        loop {
            let page = fixture
                .room
                .calls(ORG, &CallFilter::default(), cursor.as_deref(), 7)
                .await
                .unwrap();
            found.extend(page.data);
            match page.next_cursor {
                Some(next) => cursor = Some(next.0),
                None => break,
            }
        }
        let order: Vec<_> = found
            .iter()
            .map(|call| (call.started_at, call.id))
            .collect();
        let mut sorted = order.clone();
        sorted.sort_unstable_by(|a, b| b.cmp(a));
        assert_eq!(order, sorted, "{}", fixture.database);
        assert_eq!(found.len(), calls.len());
    }
}

#[tokio::test]
async fn an_export_gives_all_that_fit_up_to_its_bound() {
    for fixture in Fixture::all().await {
        let calls: Vec<CallClosed> = (0..1_203).map(call).collect();
        fixture.deliver(&calls).await;
        for (most, expected) in [
            (None, 1_203),
            (Some(700), 700),
            (Some(500), 500),
            (Some(0), 0),
        ] {
            let pages: Vec<Vec<CallClosed>> = fixture
                .room
                .export(ORG, CallFilter::default(), most)
                .try_collect()
                .await
                .unwrap();
            assert!(pages.iter().all(|page| page.len() <= 500));
            assert_eq!(pages.concat(), calls[..expected]);
        }
    }
}

#[tokio::test]
async fn a_payload_is_there_only_where_it_was_captured() {
    for fixture in Fixture::all().await {
        fixture.deliver(&[call(0), call(1)]).await;
        fixture.drawer.put(&call(0), r#"{"request":{}}"#);
        let payload = fixture
            .room
            .payload(ORG, &call(0).id.to_string())
            .await
            .unwrap();
        assert_eq!(payload, r#"{"request":{}}"#);
        let absent = fixture
            .room
            .payload(ORG, &call(1).id.to_string())
            .await
            .unwrap_err();
        assert_eq!(absent.code(), "PAYLOAD_NOT_FOUND");
        let unknown = fixture.room.payload(ORG, "call_x").await.unwrap_err();
        assert_eq!(unknown.code(), "CALL_NOT_FOUND");
    }
}
