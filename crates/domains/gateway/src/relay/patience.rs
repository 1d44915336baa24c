//! How long a stream is waited for: silence, and the call's own end.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use llm::Upstream;
use tokio::time::{Instant, Sleep};

/// The idle limit and the call's own end, checked by one timer that is only moved when it fires.
#[derive(Debug)]
pub(crate) struct Patience {
    timer: Option<Pin<Box<Sleep>>>,
    /// Whom the timer wakes.
    waiting: Option<Waker>,
    /// When the call was admitted.
    start: Instant,
    last: Instant,
    idle: Duration,
    deadline: Instant,
}

/// Which limit ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spent {
    /// Silence.
    Idle,
    /// The whole call.
    Total,
}

impl Patience {
    pub fn new(upstream: &Upstream, elapsed_us: u64) -> Self {
        let now = Instant::now();
        let elapsed = Duration::from_micros(elapsed_us);
        let left = upstream.timeouts.total.saturating_sub(elapsed);
        Self {
            timer: None,
            waiting: None,
            start: now.checked_sub(elapsed).unwrap_or(now),
            last: now,
            idle: upstream.timeouts.idle,
            deadline: now + left,
        }
    }

    /// Microseconds from the call's admission to its last piece.
    pub fn elapsed_us(&self) -> u64 {
        u64::try_from((self.last - self.start).as_micros()).unwrap_or(u64::MAX)
    }

    /// A piece has come; tells when it came after the call's own end.
    pub fn touch(&mut self) -> Option<Spent> {
        self.last = Instant::now();
        (self.last >= self.deadline).then_some(Spent::Total)
    }

    pub fn poll_spent(&mut self, cx: &mut Context<'_>) -> Poll<Spent> {
        loop {
            let due = (self.last + self.idle).min(self.deadline);
            let timer = self
                .timer
                .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due)));
            // Between two pieces nothing changes for the timer: it runs on, and knows whom to wake.
            let is_known = |waker: &Waker| waker.will_wake(cx.waker());
            if !timer.is_elapsed() && self.waiting.as_ref().is_some_and(is_known) {
                return Poll::Pending;
            }
            if timer.as_mut().poll(cx).is_pending() {
                self.waiting = Some(cx.waker().clone());
                return Poll::Pending;
            }
            self.waiting = None;
            let now = Instant::now();
            if now >= self.deadline {
                return Poll::Ready(Spent::Total);
            }
            if now >= self.last + self.idle {
                return Poll::Ready(Spent::Idle);
            }
            timer.as_mut().reset(due);
        }
    }
}
