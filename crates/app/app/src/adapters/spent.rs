//! identity asks what a key has spent; analytics knows.

use analytics::Analytics;
use async_trait::async_trait;
use identity::{BoxError, SpentReader};
use kernel::{KeyId, Nano, Timestamp};

/// Reads what was spent from the rollups.
pub(crate) struct Spent(pub Analytics);

#[async_trait]
impl SpentReader for Spent {
    async fn settled(&self) -> bool {
        self.0.arrived().await
    }

    async fn spent(
        &self,
        key: KeyId,
        since: Timestamp,
        models: &[String],
    ) -> Result<Nano, BoxError> {
        Ok(self.0.spent(key, since, models).await?)
    }
}
