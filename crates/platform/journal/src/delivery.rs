//! The task that moves closed calls into the store: in the order of the log, in batches, again and again until taken.

mod courier;
mod files;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

pub(crate) use courier::Courier;

use crate::handle::Shared;
use crate::sink::Sink;

/// How long what waits may still be delivered at the end.
const LAST_WAIT: Duration = Duration::from_secs(5);

pub(crate) async fn run(shared: Arc<Shared>, sink: Arc<dyn Sink>, mut stop: watch::Receiver<bool>) {
    let mut courier = Courier::new(&shared, sink.as_ref());
    let mut pause = Duration::ZERO;
    loop {
        tokio::select! {
            // The sender's end counts as a stop.
            _stopped = stop.wait_for(|stop| *stop) => break,
            () = shared.ready.notified(), if !courier.is_failing() => {}
            () = tokio::time::sleep(pause) => {}
        }
        pause = tokio::select! {
            pause = courier.drain() => pause,
            _stopped = stop.wait_for(|stop| *stop) => break,
        };
    }
    let last = tokio::time::timeout(LAST_WAIT, courier.drain()).await;
    if last.is_err() {
        tracing::warn!(
            "the store did not take what waits in time; it is delivered at the next start"
        );
    }
}
