//! How many calls one provider gets at once, and how many may wait for how long. It knows no provider.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kernel::{Failure, Kind};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A call that found no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Overloaded {
    /// As many wait already as may wait.
    #[error("all {max} concurrent calls are under way and {waiting} more wait; try again later")]
    QueueFull {
        /// Calls at once.
        max: usize,
        /// Calls that may wait.
        waiting: usize,
    },
    /// No call ended in time.
    #[error("no free slot among {max} concurrent calls within {waited_ms} ms; try again later")]
    WaitedTooLong {
        /// Calls at once.
        max: usize,
        /// How long it waited.
        waited_ms: u64,
    },
}

impl Failure for Overloaded {
    fn kind(&self) -> Kind {
        Kind::Unavailable
    }

    fn code(&self) -> &'static str {
        "OVERLOADED"
    }

    fn retry_after_s(&self) -> Option<u64> {
        Some(1)
    }
}

/// A bound on concurrency with a bounded queue before it, first come first served.
#[derive(Debug)]
pub struct Bulkhead {
    slots: Arc<Semaphore>,
    max: usize,
    waiting: AtomicUsize,
    max_waiting: usize,
    wait: Duration,
}

impl Bulkhead {
    /// At most `max` at once; `max_waiting` more wait for up to `wait`. A change of settings makes a new one: calls
    /// under way keep the slot of the old.
    #[must_use]
    pub fn new(max: usize, max_waiting: usize, wait: Duration) -> Self {
        let max = max.min(Semaphore::MAX_PERMITS);
        Self {
            slots: Arc::new(Semaphore::new(max)),
            max,
            waiting: AtomicUsize::new(0),
            max_waiting,
            wait,
        }
    }

    /// A slot at once where one is free, without waiting and without a future.
    #[must_use]
    pub fn try_acquire(&self) -> Option<Slot> {
        let permit = Arc::clone(&self.slots).try_acquire_owned().ok()?;
        Some(Slot { _permit: permit })
    }

    /// A slot, waiting in the queue where there is room in it. Safe to drop while it waits.
    pub async fn acquire(&self) -> Result<Slot, Overloaded> {
        if let Some(slot) = self.try_acquire() {
            return Ok(slot);
        }
        let _queued = Queued::join(self).ok_or(Overloaded::QueueFull {
            max: self.max,
            waiting: self.max_waiting,
        })?;
        let permit = tokio::time::timeout(self.wait, Arc::clone(&self.slots).acquire_owned());
        match permit.await {
            Ok(Ok(permit)) => Ok(Slot { _permit: permit }),
            // The semaphore is never closed; a closed one would mean the same to the caller.
            Ok(Err(_)) | Err(_) => Err(Overloaded::WaitedTooLong {
                max: self.max,
                waited_ms: u64::try_from(self.wait.as_millis()).unwrap_or(u64::MAX),
            }),
        }
    }

    /// Calls under way.
    #[must_use]
    pub fn in_use(&self) -> usize {
        self.max - self.slots.available_permits()
    }

    /// Calls that wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

/// A place in the queue.
struct Queued<'a>(&'a Bulkhead);

impl<'a> Queued<'a> {
    fn join(bulkhead: &'a Bulkhead) -> Option<Self> {
        bulkhead
            .waiting
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |waiting| {
                (waiting < bulkhead.max_waiting).then_some(waiting + 1)
            })
            .is_ok()
            .then(|| Self(bulkhead))
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Room for one call; dropping it lets the next one in.
#[derive(Debug)]
#[must_use = "dropping a slot gives it back"]
pub struct Slot {
    _permit: OwnedSemaphorePermit,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_queue_is_bounded_in_length_and_time() {
        let bulkhead = Arc::new(Bulkhead::new(1, 1, Duration::from_secs(5)));
        let first = bulkhead.acquire().await.unwrap();
        let waiter = tokio::spawn({
            let bulkhead = Arc::clone(&bulkhead);
            async move { bulkhead.acquire().await }
        });
        while bulkhead.waiting() == 0 {
            tokio::task::yield_now().await;
        }
        assert!(matches!(
            bulkhead.acquire().await,
            Err(Overloaded::QueueFull { max: 1, waiting: 1 })
        ));
        drop(first);
        let second = waiter.await.unwrap().unwrap();
        assert_eq!((bulkhead.in_use(), bulkhead.waiting()), (1, 0));
        let late = bulkhead.acquire().await;
        assert_eq!(
            late.unwrap_err(),
            Overloaded::WaitedTooLong {
                max: 1,
                waited_ms: 5_000
            }
        );
        drop(second);
        assert!(bulkhead.try_acquire().is_some());
    }

    #[tokio::test]
    async fn a_caller_that_leaves_the_queue_frees_its_place() {
        let bulkhead = Bulkhead::new(1, 1, Duration::from_secs(60));
        let slot = bulkhead.acquire().await.unwrap();
        {
            let waiting = bulkhead.acquire();
            tokio::pin!(waiting);
            tokio::select! {
                biased;
                _ = &mut waiting => panic!("the slot is taken"),
                () = tokio::task::yield_now() => {}
            }
            assert_eq!(bulkhead.waiting(), 1);
        }
        assert_eq!(bulkhead.waiting(), 0);
        drop(slot);
        assert_eq!(bulkhead.in_use(), 0);
    }
}
