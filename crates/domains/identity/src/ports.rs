//! What this room wants of others.

use async_trait::async_trait;
use kernel::{KeyId, Nano, Timestamp};

/// Any failure of another room.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Tells what a key has spent; asked when a key with budgets is first seen, never on the path of a call.
#[async_trait]
pub trait SpentReader: Send + Sync + 'static {
    /// Waits a moment until every call that has ended stands where [`Self::spent`] reads it: what ended just now, or before
    /// a restart, may still be on its way there. `false` where it does not yet, and what is read is too low.
    async fn settled(&self) -> bool;

    /// The sum of all calls of `key` admitted at `since` or later whose model fits one of `models` (patterns with
    /// `*`; all models where there is none), calls billed by the client left out.
    async fn spent(
        &self,
        key: KeyId,
        since: Timestamp,
        models: &[String],
    ) -> Result<Nano, BoxError>;
}
