//! The task that moves closed calls into the store: in the order of the log, in batches, again and again until taken.

mod courier;
mod files;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

pub(crate) use courier::{Courier, Delivered};

use crate::handle::Shared;
use crate::sink::Sink;

/// How long what waits may still be delivered at the end.
const LAST_WAIT: Duration = Duration::from_secs(5);

pub(crate) async fn run(shared: Arc<Shared>, sink: Arc<dyn Sink>, mut stop: watch::Receiver<bool>) {
    let mut courier = Courier::new(&shared, sink.as_ref());
    let mut pause = Duration::ZERO;
    loop {
        tokio::select! {
            () = stopped(&mut stop) => break,
            () = shared.ready.notified(), if !courier.is_failing() => {}
            () = tokio::time::sleep(pause) => {}
        }
        let drained = courier.drain();
        tokio::pin!(drained);
        tokio::select! {
            paused = &mut drained => pause = paused,
            () = stopped(&mut stop) => {
                // A batch under way is not broken off at once: the store may already have it.
                let _in_time = tokio::time::timeout(LAST_WAIT, drained).await;
                break;
            }
        }
    }
    if tokio::time::timeout(LAST_WAIT, courier.drain())
        .await
        .is_err()
    {
        tracing::warn!(
            "the store did not take what waits in time; it is delivered at the next start"
        );
    }
}

/// Returns at a stop; the sender's end counts as one.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _stopped = stop.wait_for(|stop| *stop).await;
}
