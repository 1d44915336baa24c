//! The task that moves closed calls into the store: in the order of the log, in batches, again and again until taken.

mod courier;
mod files;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

pub(crate) use courier::{Courier, Delivered};

use crate::handle::Shared;
use crate::sink::Sink;

/// How long what waits may still be delivered at the end.
const LAST_WAIT: Duration = Duration::from_secs(5);

pub(crate) async fn run(shared: Arc<Shared>, sink: Arc<dyn Sink>, mut stop: watch::Receiver<bool>) {
    let mut courier = Courier::new(&shared, sink.as_ref());
    // With nothing to do there is no time at which to do it: an idle journal wakes nobody.
    let mut due = Some(Instant::now());
    loop {
        tokio::select! {
            () = stopped(&mut stop) => break,
            () = shared.ready.notified(), if !courier.is_failing() => {}
            () = reached(due) => {}
            () = shared.work.notified(), if !courier.is_failing() => {
                // Counted from the first call that waits, so that those which follow it go along.
                let soon = Instant::now() + shared.options.deliver_every;
                due = Some(due.map_or(soon, |due| due.min(soon)));
                continue;
            }
        }
        let drained = courier.drain();
        tokio::pin!(drained);
        tokio::select! {
            pause = &mut drained => due = pause.map(|pause| Instant::now() + pause),
            () = stopped(&mut stop) => {
                // A batch under way is not broken off at once: the store may already have it.
                let _in_time = tokio::time::timeout(LAST_WAIT, drained).await;
                break;
            }
        }
    }
    let last = async {
        courier.drain().await;
        courier.tidy().await;
    };
    if tokio::time::timeout(LAST_WAIT, last).await.is_err() {
        tracing::warn!(
            "the store did not take what waits in time; it is delivered at the next start"
        );
    }
}

/// Returns at a time; never without one.
async fn reached(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

/// Returns at a stop; the sender's end counts as one.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _stopped = stop.wait_for(|stop| *stop).await;
}
