//! Work with a limit of time.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::time::timeout;

/// The outcome of the work, or `None` where it took longer than the limit. Work that is done at once, as most is, costs
/// neither a timer nor a look at the clock: the limit is only asked for where there is something to wait for.
pub(crate) async fn within<T>(
    limit: impl FnOnce() -> Duration,
    work: impl Future<Output = T>,
) -> Option<T> {
    let mut work = pin!(work);
    match poll_fn(|cx| Poll::Ready(work.as_mut().poll(cx))).await {
        Poll::Ready(done) => Some(done),
        Poll::Pending => timeout(limit(), work).await.ok(),
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test]
    async fn only_what_waits_is_limited() {
        let never = || -> Duration { unreachable!("nothing to wait for") };
        assert_eq!(within(never, ready(7)).await, Some(7));
        let soon = || Duration::from_millis(1);
        assert_eq!(within(soon, pending::<()>()).await, None);
        let long = || Duration::from_secs(60);
        assert_eq!(within(long, tokio::task::yield_now()).await, Some(()));
    }
}
