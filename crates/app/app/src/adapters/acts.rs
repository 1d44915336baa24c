//! ops records administrative acts; the store keeps them.

use async_trait::async_trait;
use facts::Act;
use ops::ActLog;
use ops::ports::BoxError;
use store::Store;

/// Acts that change nothing else that is stored.
pub(crate) struct Acts(pub Store);

#[async_trait]
impl ActLog for Acts {
    async fn record(&self, act: Act) -> Result<(), BoxError> {
        Ok(store::acts::record(self.0.write(), &act).await?)
    }
}
