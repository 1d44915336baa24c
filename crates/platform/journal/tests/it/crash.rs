//! Any end of the process or the disk: everything whole is there, once.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use facts::{CallStatus, Fact};
use kernel::CallId;
use proptest::prelude::*;

use super::support::{
    self, Recorder, closed, drain, id, open, opened, options, progress, segments,
};

/// What a test appends, and where its frame lies.
#[derive(Debug, Clone)]
struct Written {
    fact: Fact,
    segment: usize,
    start: usize,
    end: usize,
}

/// Appends a history of calls: each is opened, some make progress, some close.
fn write(dir: &Path, history: &[(u64, u8)]) -> Vec<Written> {
    let (journal, _) = open(journal::Options {
        segment_bytes: support::SMALL_SEGMENT,
        ..options(dir)
    });
    let mut stage: BTreeMap<u64, u64> = BTreeMap::new();
    let mut written = Vec::new();
    for (number, step) in history {
        let at = stage.entry(*number).or_default();
        let fact = match (*at, step % 3) {
            (0, _) => opened(*number),
            (u64::MAX, _) => continue,
            (steps, 0 | 1) => progress(*number, steps),
            _ => closed(*number),
        };
        *at = if matches!(fact, Fact::Closed(_)) {
            u64::MAX
        } else {
            *at + 1
        };
        let before = segments(dir).len();
        let start = fs::metadata(segments(dir).last().unwrap()).unwrap().len();
        journal.append(&fact).unwrap();
        let paths = segments(dir);
        let end = fs::metadata(paths.last().unwrap()).unwrap().len();
        written.push(Written {
            fact,
            segment: paths.len() - 1,
            start: if paths.len() == before {
                usize::try_from(start).unwrap()
            } else {
                0
            },
            end: usize::try_from(end).unwrap(),
        });
    }
    written
}

/// The calls that must be in the store when only these facts are whole.
fn expected<'a>(whole: impl Iterator<Item = &'a Written>) -> BTreeMap<CallId, (CallStatus, u64)> {
    let mut calls = BTreeMap::new();
    let mut progressed = BTreeMap::new();
    for written in whole {
        match &written.fact {
            Fact::Opened(fact) => {
                calls.insert(fact.id, (CallStatus::Interrupted, 0));
            }
            Fact::Progress(fact) => {
                progressed.insert(fact.id, fact.usage.output);
            }
            Fact::Closed(fact) => {
                calls.insert(fact.id, (CallStatus::Ok, fact.usage.output));
            }
        }
    }
    for (call, output) in progressed {
        if let Some(known) = calls.get_mut(&call)
            && known.0 == CallStatus::Interrupted
        {
            known.1 = output;
        }
    }
    calls
}

fn check(dir: &Path, expected: &BTreeMap<CallId, (CallStatus, u64)>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let sink = Recorder::new();
        let recovery = drain(options(dir), &sink).await;
        let stored: BTreeMap<_, _> = sink
            .calls()
            .into_iter()
            .map(|(call, fact)| (call, (fact.status, fact.usage.output)))
            .collect();
        assert_eq!(&stored, expected);
        assert_eq!(recovery.pending, expected.len());
        assert_eq!(sink.again(), 0);
        // A second start finds nothing left, and nothing comes twice.
        let recovery = drain(options(dir), &sink).await;
        assert_eq!(
            (recovery.pending, recovery.interrupted, sink.again()),
            (0, 0, 0)
        );
    });
}

fn history() -> impl Strategy<Value = Vec<(u64, u8)>> {
    prop::collection::vec((0..6u64, any::<u8>()), 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_file_cut_anywhere_keeps_all_that_was_whole(history in history(), cut in any::<prop::sample::Index>()) {
        let dir = tempfile::tempdir().unwrap();
        let written = write(dir.path(), &history);
        let last = segments(dir.path()).len() - 1;
        let path = &segments(dir.path())[last];
        let bytes = fs::read(path).unwrap();
        let cut = cut.index(bytes.len() + 1);
        fs::write(path, &bytes[..cut]).unwrap();
        let whole = written.iter().filter(|fact| fact.segment < last || fact.end <= cut);
        check(dir.path(), &expected(whole));
    }

    #[test]
    fn damaged_bytes_cost_only_the_facts_they_lie_in(
        history in history(),
        at in any::<prop::sample::Index>(),
        damage in prop::collection::vec(1..=u8::MAX, 1..12),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let written = write(dir.path(), &history);
        let last = segments(dir.path()).len() - 1;
        let path = &segments(dir.path())[last];
        let mut bytes = fs::read(path).unwrap();
        let at = at.index(bytes.len());
        let end = bytes.len().min(at + damage.len());
        for (byte, flip) in bytes[at..end].iter_mut().zip(&damage) {
            *byte ^= flip;
        }
        fs::write(path, &bytes).unwrap();
        let whole = written
            .iter()
            .filter(|fact| fact.segment < last || fact.end <= at || fact.start >= end);
        check(dir.path(), &expected(whole));
    }
}

#[test]
fn a_tail_of_zeros_is_no_fact() {
    let dir = tempfile::tempdir().unwrap();
    let written = write(dir.path(), &[(0, 0), (0, 2), (1, 0)]);
    let path = segments(dir.path()).pop().unwrap();
    let mut bytes = fs::read(&path).unwrap();
    bytes.extend([0; 70_000]);
    fs::write(&path, bytes).unwrap();
    check(dir.path(), &expected(written.iter()));
}

#[test]
fn an_interrupted_call_is_priced_by_what_was_last_known() {
    let dir = tempfile::tempdir().unwrap();
    {
        let (journal, _) = open(options(dir.path()));
        for fact in [opened(0), opened(1), progress(1, 5), progress(1, 9)] {
            journal.append(&fact).unwrap();
        }
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let sink = Recorder::new();
    let recovery = runtime.block_on(drain(options(dir.path()), &sink));
    assert_eq!((recovery.pending, recovery.interrupted), (2, 2));
    let calls = sink.calls();
    let (silent, streaming) = (&calls[&id(0)], &calls[&id(1)]);
    assert_eq!((silent.usage.input, silent.cost.nano_usd.0), (100, 7));
    assert_eq!((streaming.usage.output, streaming.cost.nano_usd.0), (9, 99));
    assert_eq!(streaming.duration_us, 9_000_000);
    assert_eq!(streaming.tags["team"], "blue");
    assert!(silent.cost.unpriced && !silent.cost.billed_by_client);
    assert!(!streaming.cost.unpriced && streaming.cost.billed_by_client);
    for call in [silent, streaming] {
        assert!(call.cost.estimated);
        assert_eq!(call.error_code.as_deref(), Some("INTERRUPTED"));
    }
}

#[test]
fn a_folder_has_one_journal_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(options(dir.path()));
    let clock = std::sync::Arc::new(kernel::SystemClock::new());
    let second = journal::Journal::open(options(dir.path()), clock);
    assert!(matches!(
        second.err(),
        Some(journal::JournalError::Locked(_))
    ));
    drop(journal);
    open(options(dir.path()));
}
