//! What this room needs of others: word that ended calls have arrived, and the captured payloads.

use async_trait::async_trait;
use bytes::Bytes;
use kernel::{CallId, OrgId, Timestamp};

/// Any error of another room, for the log; callers see only that the part is not available.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Lets a reader wait for what happened before it asked.
#[async_trait]
pub trait Freshness: Send + Sync + 'static {
    /// Resolves once every call that ended before this was asked stands in the tables.
    async fn delivered(&self);
}

#[async_trait]
impl Freshness for journal::Journal {
    async fn delivered(&self) {
        Self::delivered(self).await;
    }
}

/// For a process that only reads: there is nothing to wait for.
#[derive(Debug, Clone, Copy)]
pub struct AlwaysFresh;

#[async_trait]
impl Freshness for AlwaysFresh {
    async fn delivered(&self) {}
}

/// Captured requests and answers, which live outside the row store.
#[async_trait]
pub trait Payloads: Send + Sync + 'static {
    /// The payload of a call as the JSON text that was captured; `None` when there is none.
    async fn read(
        &self,
        org: OrgId,
        call: CallId,
        started_at: Timestamp,
    ) -> Result<Option<Bytes>, BoxError>;

    /// Deletes up to `limit` payloads of calls begun before `before`; says how many went.
    async fn purge(&self, before: Timestamp, limit: usize) -> Result<usize, BoxError>;
}

/// For a process without a payload store.
#[derive(Debug, Clone, Copy)]
pub struct NoPayloads;

#[async_trait]
impl Payloads for NoPayloads {
    async fn read(&self, _: OrgId, _: CallId, _: Timestamp) -> Result<Option<Bytes>, BoxError> {
        Ok(None)
    }

    async fn purge(&self, _: Timestamp, _: usize) -> Result<usize, BoxError> {
        Ok(0)
    }
}
