//! On the way to the store: exact counts whatever the store does meanwhile.

use std::sync::Arc;

use facts::CallStatus;
use journal::{Options, Sink};

use super::support::{Recorder, call, closed, drain, id, open, opened, options, segments};

#[tokio::test]
async fn delivered_waits_for_exactly_what_was_closed_before() {
    let dir = tempfile::tempdir().unwrap();
    let sink = Recorder::new();
    let (journal, _) = open(options(dir.path()));
    let running = journal.start(Arc::clone(&sink) as Arc<dyn Sink>);
    journal.delivered().await;
    for number in 0..500 {
        journal.append(&opened(number)).unwrap();
        journal.append(&closed(number)).unwrap();
        if number % 100 == 99 {
            journal.delivered().await;
            assert!(sink.count() as u64 > number);
        }
    }
    let status = journal.status();
    assert_eq!((status.pending, status.open), (0, 0));
    assert_eq!(status.oldest_pending, None);
    running.stop().await;
    assert_eq!((sink.count(), sink.again()), (500, 0));
}

#[tokio::test]
async fn a_store_that_fails_for_a_while_gets_everything_once() {
    let dir = tempfile::tempdir().unwrap();
    let sink = Recorder::new();
    sink.set_down(true);
    let (journal, _) = open(Options {
        batch: 64,
        ..options(dir.path())
    });
    let running = journal.start(Arc::clone(&sink) as Arc<dyn Sink>);
    for number in 0..300 {
        journal.append(&closed(number)).unwrap();
    }
    sink.refused(3).await;
    let status = journal.status();
    assert_eq!(status.pending, 300);
    assert_eq!(
        status.last_delivery_error.as_deref(),
        Some("the store is down")
    );
    assert!(status.oldest_pending.is_some());
    assert_eq!(sink.count(), 0);
    sink.set_down(false);
    for number in 300..400 {
        journal.append(&closed(number)).unwrap();
    }
    journal.delivered().await;
    assert_eq!(journal.status().last_delivery_error, None);
    running.stop().await;
    assert_eq!((sink.count(), sink.again()), (400, 0));
    assert!(sink.largest_batch() <= 64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_memory_holds_is_read_again_from_the_files() {
    let dir = tempfile::tempdir().unwrap();
    let sink = Recorder::new();
    sink.set_down(true);
    let (journal, _) = open(Options {
        segment_bytes: 1 << 20,
        ..options(dir.path())
    });
    let running = journal.start(Arc::clone(&sink) as Arc<dyn Sink>);
    for number in 0..24_000 {
        journal.append(&closed(number)).unwrap();
    }
    assert_eq!(journal.status().pending, 24_000);
    sink.set_down(false);
    // Calls go on while the files are read, more of them than memory holds.
    let writer = {
        let journal = journal.clone();
        tokio::task::spawn_blocking(move || {
            for number in 24_000..48_000 {
                journal.append_closed(&Arc::new(call(number))).unwrap();
            }
        })
    };
    writer.await.unwrap();
    journal.delivered().await;
    assert_eq!(journal.status().pending, 0);
    running.stop().await;
    assert_eq!((sink.count(), sink.again()), (48_000, 0));
    assert!(
        segments(dir.path()).len() <= 2,
        "delivered segments are gone"
    );
}

#[tokio::test]
async fn what_was_not_delivered_is_delivered_by_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let sink = Recorder::new();
    {
        let (journal, _) = open(options(dir.path()));
        let running = journal.start(Arc::clone(&sink) as Arc<dyn Sink>);
        for number in 0..10 {
            journal.append(&closed(number)).unwrap();
        }
        journal.delivered().await;
        sink.set_down(true);
        for number in 10..30 {
            journal.append(&closed(number)).unwrap();
        }
        sink.refused(1).await;
        // The end without a last try: the process dies.
        drop(running);
        while Arc::strong_count(&sink) > 1 {
            tokio::task::yield_now().await;
        }
    }
    sink.set_down(false);
    let recovery = loop {
        // The dropped tasks let go of the folder a moment later.
        let clock = Arc::new(kernel::SystemClock::new());
        match journal::Journal::open(options(dir.path()), clock) {
            Ok((journal, recovery)) => {
                let running = journal.start(Arc::clone(&sink) as Arc<dyn Sink>);
                journal.delivered().await;
                running.stop().await;
                break recovery;
            }
            Err(journal::JournalError::Locked(_)) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    };
    // How far it came was not noted before it died, so some come again; the store knows them.
    assert_eq!(recovery.pending, 20 + sink.again());
    assert_eq!((recovery.interrupted, sink.count()), (0, 30));
}

#[tokio::test]
async fn a_stop_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let sink = Recorder::new();
    let (journal, _) = open(options(dir.path()));
    let running = journal.start(Arc::clone(&sink) as Arc<dyn Sink>);
    for number in 0..50 {
        journal.append(&closed(number)).unwrap();
    }
    running.stop().await;
    assert_eq!(sink.count(), 50);
    drop(journal);
    assert_eq!(drain(options(dir.path()), &sink).await.pending, 0);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_the_store_refuses_holds_up_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let sink = Recorder::new();
    sink.refuse(id(7));
    let (journal, _) = open(options(dir.path()));
    let running = journal.start(Arc::clone(&sink) as Arc<dyn Sink>);
    for number in 0..40 {
        journal.append(&closed(number)).unwrap();
    }
    journal.delivered().await;
    assert_eq!(sink.count(), 39);
    assert_eq!(sink.status(7), None);
    assert_eq!(journal.status().rejected, 1);
    running.stop().await;
    let aside = std::fs::read_to_string(dir.path().join("rejected.jsonl")).unwrap();
    assert_eq!(aside.lines().count(), 1);
    assert!(aside.contains(&id(7).to_string()));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_down_for_long_rejects_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let sink = Recorder::new();
    sink.set_down(true);
    let (journal, _) = open(options(dir.path()));
    let running = journal.start(Arc::clone(&sink) as Arc<dyn Sink>);
    for number in 0..40 {
        journal.append(&closed(number)).unwrap();
    }
    sink.refused(60).await;
    sink.set_down(false);
    journal.delivered().await;
    assert_eq!(journal.status().rejected, 0);
    running.stop().await;
    assert_eq!(sink.count(), 40);
    assert_eq!(sink.status(39), Some(CallStatus::Ok));
}
