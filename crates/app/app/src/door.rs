//! The door: one task accepts, and hands each connection to the worker that has the fewest.

mod socket;
mod worker;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use worker::{Arrival, Worker};
pub(crate) use worker::{Workers, start};

/// How many workers serve: as set, or one per core.
pub(crate) fn count(set: usize) -> usize {
    match set {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        set => set,
    }
}

/// Accepts until `stop` turns true, then waits until the workers' connections have finished what they are at.
pub(crate) async fn accept(
    listener: TcpListener,
    workers: Vec<Worker>,
    max_connections: usize,
    mut stop: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(max_connections));
    loop {
        let place = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            place = places.clone().acquire_owned() => place,
        };
        let Ok(place) = place else { break };
        let accepted = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = listener.accept() => accepted,
        };
        // A worker's runtime watches the connection, not this one.
        let accepted = accepted.and_then(|(stream, peer)| Ok((stream.into_std()?, peer)));
        match accepted {
            Ok((stream, peer)) => hand_over(
                &workers,
                Arrival {
                    stream,
                    peer,
                    place,
                },
            ),
            Err(error) => {
                // Out of file descriptors or a connection that died in the queue: neither is a reason to stop.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
    drop(listener);
    for worker in workers {
        worker.finished().await;
    }
}

/// The worker with the fewest connections gets it: connections stay where they are, so this is where load is spread.
fn hand_over(workers: &[Worker], arrival: Arrival) {
    let least = workers
        .iter()
        .min_by_key(|worker| worker.connections.load(Ordering::Relaxed));
    if let Some(worker) = least {
        worker.take(arrival);
    }
}
