//! Full, and a disk that fails: new calls are refused, open ones end, nothing is dropped.

use std::path::PathBuf;
use std::sync::Arc;

use journal::{JournalError, Options, Sink};
use kernel::{Failure, Kind};

use super::support::{Recorder, closed, drain, open, opened, options, progress};

const MAX: u64 = 256 << 10;

fn bounded(dir: &std::path::Path) -> Options {
    Options {
        max_bytes: MAX,
        ..options(dir)
    }
}

#[tokio::test]
async fn every_call_that_was_admitted_can_end_within_the_bound() {
    let dir = tempfile::tempdir().unwrap();
    let sink = Recorder::new();
    sink.set_down(true);
    let (journal, _) = open(bounded(dir.path()));
    let running = journal.start(Arc::clone(&sink) as Arc<dyn Sink>);
    let mut admitted = 0;
    let refusal = loop {
        match journal.append(&opened(admitted)) {
            Ok(()) => admitted += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(refusal, JournalError::Full));
    assert_eq!(
        (refusal.kind(), refusal.code()),
        (Kind::Unavailable, "JOURNAL_FULL")
    );
    assert!(admitted > 20, "{admitted}");
    assert!(journal.status().full);
    for number in 0..admitted {
        journal.append(&progress(number, 3)).unwrap();
        journal.append(&closed(number)).unwrap();
    }
    assert!(journal.status().bytes <= MAX, "{}", journal.status().bytes);
    // Closing gave room back: more calls come in, until there is none at all.
    let mut more = admitted;
    while journal.append(&opened(more)).is_ok() {
        journal.append(&closed(more)).unwrap();
        more += 1;
    }
    assert!(journal.status().bytes <= MAX);
    assert!(more > admitted && journal.status().full);
    // The store comes back: everything arrives, and calls are admitted again.
    sink.set_down(false);
    journal.delivered().await;
    running.stop().await;
    assert_eq!((sink.count() as u64, sink.again()), (more, 0));
    assert!(!journal.status().full);
    journal.append(&opened(more)).unwrap();
}

#[tokio::test]
async fn a_full_journal_can_be_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut admitted = 0;
    {
        let (journal, _) = open(bounded(dir.path()));
        while journal.append(&opened(admitted)).is_ok() {
            admitted += 1;
        }
    }
    let sink = Recorder::new();
    let recovery = drain(bounded(dir.path()), &sink).await;
    assert_eq!(recovery.interrupted as u64, admitted);
    assert_eq!(sink.count() as u64, admitted);
}

#[test]
fn a_beginning_of_unreasonable_size_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(options(dir.path()));
    let facts::Fact::Opened(mut large) = opened(0) else {
        unreachable!()
    };
    large.requested_model = "x".repeat(1 << 20);
    let refused = journal.append(&facts::Fact::Opened(large)).unwrap_err();
    assert_eq!(refused.kind(), Kind::TooLarge);
    journal.append(&opened(1)).unwrap();
}

/// Where a journal's folder can go missing, as on a disk that fails.
struct Disk {
    dir: tempfile::TempDir,
}

impl Disk {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    fn folder(&self) -> PathBuf {
        self.dir.path().join("journal")
    }

    fn aside(&self) -> PathBuf {
        self.dir.path().join("aside")
    }

    /// Segments so small that the next one soon finds its folder gone.
    fn options(&self) -> Options {
        Options {
            segment_bytes: 1 << 10,
            ..options(&self.folder())
        }
    }

    fn fail(&self) {
        std::fs::rename(self.folder(), self.aside()).unwrap();
    }

    fn mend(&self) {
        std::fs::rename(self.aside(), self.folder()).unwrap();
    }
}

#[tokio::test]
async fn a_disk_that_fails_while_nothing_is_under_way_is_tried_again() {
    let disk = Disk::new();
    let sink = Recorder::new();
    let (journal, _) = open(Options {
        sync_every: std::time::Duration::ZERO,
        ..disk.options()
    });
    let running = journal.start(Arc::clone(&sink) as Arc<dyn Sink>);
    journal.append(&opened(0)).unwrap();
    journal.append(&closed(0)).unwrap();
    // The store is slower than the sync: nobody has anything to do any more.
    journal.delivered().await;
    disk.fail();
    let refused = journal.append(&opened(1)).unwrap_err();
    assert_eq!(refused.code(), "JOURNAL_DISK_FAILED");
    disk.mend();
    while journal.status().disk_error.is_some() {
        tokio::task::yield_now().await;
    }
    journal.append(&opened(2)).unwrap();
    running.stop().await;
}

#[tokio::test]
async fn a_failing_disk_refuses_new_calls_and_drops_no_end() {
    let disk = Disk::new();
    let sink = Recorder::new();
    let (journal, _) = open(disk.options());
    for number in 0..3 {
        journal.append(&opened(number)).unwrap();
    }
    disk.fail();
    let refused = loop {
        if let Err(error) = journal.append(&opened(9)) {
            break error;
        }
    };
    assert_eq!(refused.code(), "JOURNAL_DISK_FAILED");
    assert!(journal.append(&closed(0)).is_err());
    assert!(journal.status().disk_error.is_some());
    let running = journal.start(Arc::clone(&sink) as Arc<dyn Sink>);
    journal.delivered().await;
    assert_eq!(
        sink.count(),
        1,
        "the end that could not be written is delivered from memory"
    );
    disk.mend();
    while journal.status().disk_error.is_some() {
        tokio::task::yield_now().await;
    }
    journal.append(&opened(10)).unwrap();
    for number in [1, 2, 10] {
        journal.append(&closed(number)).unwrap();
    }
    journal.delivered().await;
    running.stop().await;
    assert_eq!(sink.count(), 4);
}
