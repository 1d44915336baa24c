//! Deletes calls and payloads that are past their days, a few at a time. Rollups stay.

use std::time::Duration;

use kernel::Timestamp;

use crate::Analytics;
use crate::error::AnalyticsError;
use crate::store::calls;

/// Between two batches, so that other writers get their turn.
const BREATH: Duration = Duration::from_millis(20);

/// How long the store may take for one batch.
const WAIT: Duration = Duration::from_secs(60);

/// What one pass deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Purged {
    /// Records of calls.
    pub calls: u64,
    /// Captured payloads.
    pub payloads: u64,
}

impl Analytics {
    /// Runs passes until it is dropped.
    pub async fn keep_within_retention(self) {
        let every = Duration::from_secs(self.deps.retention.every_s.max(1));
        loop {
            match self.purge().await {
                Ok(purged) if purged == Purged::default() => {}
                Ok(purged) => tracing::info!(
                    calls = purged.calls,
                    payloads = purged.payloads,
                    "deleted what is past its retention"
                ),
                Err(error) => tracing::warn!(%error, "retention could not run; it is tried again"),
            }
            tokio::time::sleep(every).await;
        }
    }

    /// One pass: everything that is past its days now.
    ///
    /// # Errors
    /// When the store or the payload store fails; what was deleted before stays deleted.
    pub async fn purge(&self) -> Result<Purged, AnalyticsError> {
        let retention = &self.deps.retention;
        let mut purged = Purged::default();
        let batch = retention.batch.max(1);
        if let Some(before) = self.past(retention.calls_days) {
            let organisations = calls::organisations(self.deps.store.read());
            for org in store::within(WAIT, organisations).await? {
                loop {
                    let writer = self.deps.store.write();
                    let deleting = calls::delete_before(writer, &org, before, batch);
                    let gone = store::within(WAIT, deleting).await?;
                    purged.calls += gone;
                    if gone < u64::from(batch) {
                        break;
                    }
                    tokio::time::sleep(BREATH).await;
                }
            }
        }
        if let Some(before) = self.past(retention.payloads_days) {
            loop {
                let gone = self
                    .deps
                    .payloads
                    .purge(before, batch as usize)
                    .await
                    .map_err(AnalyticsError::Payloads)?;
                purged.payloads += gone as u64;
                if gone < batch as usize {
                    break;
                }
                tokio::time::sleep(BREATH).await;
            }
        }
        Ok(purged)
    }

    /// The instant this many days ago; `None` where things are kept for good.
    fn past(&self, days: u32) -> Option<Timestamp> {
        const DAY: i64 = 86_400_000_000;
        (days > 0).then(|| Timestamp(self.deps.clock.now().0 - i64::from(days) * DAY))
    }
}
