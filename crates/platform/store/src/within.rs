//! A bound on waiting for a database that fell silent: its connections stay open, and nothing says that they are dead.

use std::time::Duration;

use sea_orm::{ConnAcquireErr, DbErr};

use crate::StoreError;

/// Awaits work on the store no longer than this. What waits without a caller who would give up needs such a bound, or a
/// network that drops packets stops it for good.
///
/// # Errors
/// Those of the work; [`StoreError::Unavailable`] when it takes longer.
pub async fn within<T, E: From<StoreError>>(
    limit: Duration,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    match tokio::time::timeout(limit, work).await {
        Ok(done) => done,
        Err(_) => {
            let silent = DbErr::ConnectionAcquire(ConnAcquireErr::Timeout);
            Err(StoreError::Unavailable(silent).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_that_never_ends_is_an_error() {
        let never = std::future::pending::<Result<(), StoreError>>();
        let ended = within(Duration::from_millis(1), never).await;
        assert!(matches!(ended, Err(StoreError::Unavailable(_))));
        let done = within(Duration::from_secs(5), async { Ok::<_, StoreError>(1) });
        assert_eq!(done.await.unwrap(), 1);
    }
}
