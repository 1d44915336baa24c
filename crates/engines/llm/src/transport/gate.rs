//! The waker of a connection that the reading task drives itself. What the two sides of the connection tell one another
//! while they are driven is noticed on the spot; only what comes from outside wakes the task.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;

/// Rounds in one go before the task yields: each but the last has seen one side move.
const ROUNDS: usize = 4;

/// Passes wakes on to the task, except while the task is at it.
#[derive(Debug, Default)]
struct Gate {
    driving: AtomicBool,
    told: AtomicBool,
    task: AtomicWaker,
}

impl Wake for Gate {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // First the note, then the look: the driver does it the other way round, so one of the two always sees it.
        self.told.store(true, Ordering::SeqCst);
        if !self.driving.load(Ordering::SeqCst) {
            self.task.wake();
        }
    }
}

/// Drives something whose parts wake one another.
#[derive(Debug)]
pub(super) struct Driver {
    gate: Arc<Gate>,
    waker: Waker,
}

impl Driver {
    pub fn new() -> Self {
        let gate = Arc::new(Gate::default());
        Self {
            waker: Waker::from(gate.clone()),
            gate,
        }
    }

    /// Polls until it is ready or a whole round brought nothing new; wakes that come later reach the task of `cx`.
    pub fn drive<T>(
        &self,
        cx: &Context<'_>,
        mut round: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        self.gate.task.register(cx.waker());
        let mut inner = Context::from_waker(&self.waker);
        for _ in 0..ROUNDS {
            self.gate.driving.store(true, Ordering::SeqCst);
            self.gate.told.store(false, Ordering::SeqCst);
            let polled = round(&mut inner);
            self.gate.driving.store(false, Ordering::SeqCst);
            if polled.is_ready() || !self.gate.told.load(Ordering::SeqCst) {
                return polled;
            }
        }
        // Something moves all the time: let others have a turn.
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn wakes_from_within_are_rounds_and_wakes_from_outside_reach_the_task() {
        let task = Arc::new(Count::default());
        let waker = Waker::from(task.clone());
        let cx = Context::from_waker(&waker);
        let driver = Driver::new();
        let mut rounds = 0;
        let mut kept = None;
        let polled: Poll<()> = driver.drive(&cx, |inner| {
            rounds += 1;
            if rounds == 1 {
                inner.waker().wake_by_ref();
            }
            kept = Some(inner.waker().clone());
            Poll::Pending
        });
        assert!(polled.is_pending());
        assert_eq!((rounds, task.0.load(Ordering::SeqCst)), (2, 0));
        kept.unwrap().wake();
        assert_eq!(task.0.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_restless_pair_yields() {
        let task = Arc::new(Count::default());
        let waker = Waker::from(task.clone());
        let driver = Driver::new();
        let polled: Poll<()> = driver.drive(&Context::from_waker(&waker), |inner| {
            inner.waker().wake_by_ref();
            Poll::Pending
        });
        assert!(polled.is_pending());
        assert_eq!(task.0.load(Ordering::SeqCst), 1);
    }
}
