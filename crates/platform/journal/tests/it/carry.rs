//! A long stream holds no old segments: its facts are carried forward, and it is known after any end.

use std::sync::Arc;

use facts::CallStatus;
use journal::{Options, Sink};

use super::support::{
    Recorder, SMALL_SEGMENT, closed, drain, id, open, opened, options, progress, segments,
};

fn small(dir: &std::path::Path) -> Options {
    Options {
        segment_bytes: SMALL_SEGMENT,
        ..options(dir)
    }
}

#[tokio::test]
async fn an_open_call_outlives_the_segments_it_began_in() {
    let dir = tempfile::tempdir().unwrap();
    let sink = Recorder::new();
    {
        let (journal, _) = open(small(dir.path()));
        let running = journal.start(Arc::clone(&sink) as Arc<dyn Sink>);
        // One that never says anything, one that progressed early, one that goes on, one that ends late.
        for number in 0..4 {
            journal.append(&opened(number)).unwrap();
        }
        journal.append(&progress(1, 5)).unwrap();
        for number in 100..400 {
            journal.append(&opened(number)).unwrap();
            journal.append(&closed(number)).unwrap();
            if number % 10 == 0 {
                journal.append(&progress(2, number)).unwrap();
                journal.delivered().await;
            }
        }
        journal.append(&closed(3)).unwrap();
        running.stop().await;
        let status = journal.status();
        assert_eq!((status.open, status.pending), (3, 0));
        assert!(status.bytes < 4 * SMALL_SEGMENT, "{status:?}");
        assert_eq!(segments(dir.path()).len(), status.segments);
    }
    let recovery = drain(small(dir.path()), &sink).await;
    assert_eq!(recovery.interrupted, 3);
    let calls = sink.calls();
    assert_eq!((calls.len(), sink.again()), (304, 0));
    assert_eq!(sink.status(3), Some(CallStatus::Ok));
    for (number, nano) in [(0, 7), (1, 55), (2, 390 * 11)] {
        assert_eq!(calls[&id(number)].status, CallStatus::Interrupted);
        assert_eq!(calls[&id(number)].cost.nano_usd.0, nano, "call {number}");
    }
}
