//! Draining the journal of a machine that does not come back.

use journal::{JournalError, replay};
use kernel::SystemClock;

use super::support::{Recorder, closed, open, opened, options};

#[tokio::test]
async fn a_replay_moves_everything_once() {
    let dir = tempfile::tempdir().unwrap();
    {
        let (journal, _) = open(options(dir.path()));
        for number in 0..1_500 {
            journal.append(&opened(number)).unwrap();
            if number % 3 != 0 {
                journal.append(&closed(number)).unwrap();
            }
        }
        let clock = SystemClock::new();
        let busy = replay(dir.path(), Recorder::new().as_ref(), &clock).await;
        assert!(matches!(busy.err(), Some(JournalError::Locked(_))));
    }
    let sink = Recorder::new();
    let clock = SystemClock::new();
    let report = replay(dir.path(), sink.as_ref(), &clock).await.unwrap();
    assert_eq!((report.delivered, report.interrupted), (1_500, 500));
    assert_eq!((sink.count(), sink.again()), (1_500, 0));
    let report = replay(dir.path(), sink.as_ref(), &clock).await.unwrap();
    assert_eq!((report.delivered, sink.again()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_replay_into_a_dead_store_says_so_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    {
        let (journal, _) = open(options(dir.path()));
        journal.append(&closed(1)).unwrap();
    }
    let sink = Recorder::new();
    sink.set_down(true);
    let clock = SystemClock::new();
    let failed = replay(dir.path(), sink.as_ref(), &clock).await;
    assert!(matches!(failed.err(), Some(JournalError::Sink(_))));
    sink.set_down(false);
    let report = replay(dir.path(), sink.as_ref(), &clock).await.unwrap();
    assert_eq!((report.delivered, sink.count()), (1, 1));
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_not_made() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing");
    let clock = SystemClock::new();
    let failed = replay(&missing, Recorder::new().as_ref(), &clock).await;
    assert!(matches!(failed.err(), Some(JournalError::File { .. })));
    assert!(!missing.exists());
}
