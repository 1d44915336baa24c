//! Every call is counted once, whatever is delivered how often.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use facts::{CallClosed, CallStatus, Fact};
use journal::{Journal, Options, Sink};
use kernel::{SystemClock, Timestamp};
use proptest::prelude::*;

use super::fixture::{Fixture, KEY, ORG, OTHER_KEY, call, delivery};
use crate::model::Sums;
use crate::store::rollups::{Group, RollupFilter, sums};
use crate::{CallFilter, UsageQuery};

const EVER: (Timestamp, Timestamp) = (Timestamp(0), Timestamp(i64::MAX / 2));

async fn by_model_and_key(fixture: &Fixture) -> BTreeMap<Vec<String>, Sums> {
    let groups = [Group::Model, Group::Key];
    let filter = RollupFilter::default();
    let rows = sums(fixture.store.read(), ORG, EVER, &filter, &groups, None).await;
    rows.unwrap()
        .into_iter()
        .map(|row| (row.group, row.sums))
        .collect()
}

fn expected<'a>(calls: impl IntoIterator<Item = &'a CallClosed>) -> BTreeMap<Vec<String>, Sums> {
    let mut sums: BTreeMap<Vec<String>, Sums> = BTreeMap::new();
    for call in calls {
        sums.entry(vec![call.model.clone(), call.key.to_string()])
            .or_default()
            .add(&Sums::of(call));
    }
    sums
}

/// A call that differs from others in what is summed and grouped.
fn varied(number: u64) -> CallClosed {
    let mut call = call(number);
    call.model = format!("model-{}", number % 3);
    call.key = if number.is_multiple_of(2) {
        KEY
    } else {
        OTHER_KEY
    };
    call.usage.input = number;
    call.duration_us = 1_000 * (number % 7);
    call.cost.nano_usd = kernel::Nano(i64::try_from(number).unwrap() * 11);
    call.cost.billed_by_client = number.is_multiple_of(5);
    call.cost.estimated = number.is_multiple_of(4);
    call.client = number.is_multiple_of(3).then(|| "claude-cli".to_owned());
    if number.is_multiple_of(9) {
        call.status = CallStatus::UpstreamError;
    }
    call
}

#[tokio::test]
async fn a_batch_of_any_size_is_written_and_summed() {
    for fixture in Fixture::all().await {
        let calls: Vec<_> = (0..333).map(varied).collect();
        fixture.deliver(&calls).await;
        assert_eq!(
            by_model_and_key(&fixture).await,
            expected(&calls),
            "{}",
            fixture.database
        );
        fixture.deliver(&calls[100..200]).await;
        assert_eq!(
            by_model_and_key(&fixture).await,
            expected(&calls),
            "{}",
            fixture.database
        );
    }
}

/// Calls of one lot, of several that add to one rollup, and single ones: each row holds what is its own and what it shares.
#[tokio::test]
async fn a_row_holds_its_call_however_it_was_written() {
    for fixture in Fixture::all().await {
        let mut calls: Vec<_> = (0..300).map(varied).collect();
        for call in &mut calls[..20] {
            call.requested_model = "house-large".to_owned();
        }
        for (number, call) in (0u64..).zip(&mut calls[290..]) {
            call.client = Some(format!("client-{number}"));
            call.session = Some(format!("session-{number}"));
            call.error = Some("broken".to_owned());
            call.tags = [("team".to_owned(), format!("team-{number}"))].into();
        }
        fixture.deliver(&calls).await;
        for call in &calls {
            let found = fixture.room.call(ORG, &call.id.to_string()).await.unwrap();
            assert_eq!(&found, call, "{}", fixture.database);
        }
        let filters = [
            (
                CallFilter {
                    model: Some("house-large".to_owned()),
                    ..CallFilter::default()
                },
                20,
            ),
            (
                CallFilter {
                    client: Some("client-3".to_owned()),
                    ..CallFilter::default()
                },
                1,
            ),
            (
                CallFilter {
                    status: Some(CallStatus::UpstreamError),
                    ..CallFilter::default()
                },
                calls.iter().filter(|call| call.status.is_error()).count(),
            ),
        ];
        for (filter, count) in filters {
            let page = fixture.room.calls(ORG, &filter, None, 500).await.unwrap();
            assert_eq!(page.data.len(), count, "{}: {filter:?}", fixture.database);
        }
    }
}

/// What a crash leaves: calls are in the store, and how far it came is not noted.
#[tokio::test]
async fn calls_that_come_again_behind_an_old_checkpoint_change_nothing() {
    for fixture in Fixture::all().await {
        let folder = tempfile::tempdir().unwrap();
        let calls: Vec<_> = (0..90).map(varied).collect();
        for (round, end) in [50, 90].into_iter().enumerate() {
            let options = Options::new(folder.path().to_owned());
            let (journal, recovery) = Journal::open(options, Arc::new(SystemClock::new())).unwrap();
            assert_eq!(recovery.pending, 50 * round, "all of the first round again");
            for call in &calls[50 * round..end] {
                let fact = Fact::Closed(Box::new(call.clone()));
                journal.append(&fact).unwrap();
            }
            let running = journal.start(Arc::new(fixture.room.sink()));
            journal.delivered().await;
            running.stop().await;
            assert_eq!(
                by_model_and_key(&fixture).await,
                expected(&calls[..end]),
                "{}",
                fixture.database
            );
            std::fs::remove_file(folder.path().join("checkpoint")).unwrap();
        }
    }
}

#[tokio::test]
async fn a_failed_batch_leaves_nothing_behind() {
    for fixture in Fixture::all().await {
        let conn = fixture.store.write();
        let hide = "ALTER TABLE usage_tag_rollups RENAME TO hidden";
        sea_orm::ConnectionTrait::execute_unprepared(conn, hide)
            .await
            .unwrap();
        let batch: Vec<_> = (0..40).map(|number| delivery(&varied(number))).collect();
        fixture.room.sink().deliver(&batch).await.unwrap_err();
        assert!(
            by_model_and_key(&fixture).await.is_empty(),
            "{}",
            fixture.database
        );
        let back = "ALTER TABLE hidden RENAME TO usage_tag_rollups";
        sea_orm::ConnectionTrait::execute_unprepared(conn, back)
            .await
            .unwrap();
        fixture.room.sink().deliver(&batch).await.unwrap();
        assert_eq!(
            by_model_and_key(&fixture)
                .await
                .values()
                .map(|s| s.calls)
                .sum::<i64>(),
            40
        );
    }
}

#[tokio::test]
async fn no_text_of_a_caller_holds_up_a_delivery() {
    for fixture in Fixture::all().await {
        let mut odd = call(0);
        odd.model = "m\0".repeat(4_000);
        odd.requested_model = "é".repeat(4_000);
        odd.session = Some("s\0".repeat(9_000));
        odd.end_user = Some("\0".to_owned());
        odd.error = Some("broken\0here".to_owned());
        odd.tags = [("t\0".to_owned(), "v".repeat(10_000))].into();
        odd.usage.input = u64::MAX;
        odd.usage.audio_in = u64::MAX;
        odd.cost.nano_usd = kernel::Nano(i64::MAX);
        odd.duration_us = u64::MAX;
        fixture.deliver(&[odd.clone(), call(1)]).await;
        let found = fixture.room.call(ORG, &odd.id.to_string()).await.unwrap();
        assert_eq!(found, odd, "the record keeps the whole");
        let filter = CallFilter {
            error: Some("HERE".to_owned()),
            ..CallFilter::default()
        };
        let page = fixture.room.calls(ORG, &filter, None, 10).await.unwrap();
        assert_eq!(page.data.len(), 1, "{}", fixture.database);
        let report = fixture
            .room
            .usage(ORG, &UsageQuery::default())
            .await
            .unwrap();
        assert_eq!(report.total.calls, 2);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_overlapping_batches_counts_each_call_once(
        batches in prop::collection::vec(prop::collection::vec(0u64..60, 1..80), 1..8)
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            for fixture in Fixture::all().await {
                let mut seen: BTreeMap<u64, CallClosed> = BTreeMap::new();
                for batch in &batches {
                    // The journal hands over each call once; in a later batch it may come again.
                    let batch: BTreeSet<u64> = batch.iter().copied().collect();
                    let calls: Vec<_> = batch.iter().map(|number| varied(*number)).collect();
                    fixture.deliver(&calls).await;
                    seen.extend(batch.iter().zip(calls).map(|(number, call)| (*number, call)));
                    assert_eq!(by_model_and_key(&fixture).await, expected(seen.values()));
                }
                let tagged = RollupFilter { tag: Some(("team".to_owned(), None)), ..RollupFilter::default() };
                let rows = sums(fixture.store.read(), ORG, EVER, &tagged, &[], None).await.unwrap();
                assert_eq!(rows[0].sums.calls, i64::try_from(seen.len()).unwrap());
                fixture.store.close().await;
            }
        });
    }
}
