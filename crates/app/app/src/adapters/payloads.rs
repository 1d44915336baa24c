//! The gateway hands captured payloads over, analytics reads and purges them; `blob` keeps them.

use async_trait::async_trait;
use blob::{Key, Payload};
use bytes::Bytes;
use gateway::ports::{CapturedPayload, PayloadSink};
use kernel::{CallId, OrgId, Timestamp};

/// Captured payloads in the data folder.
#[derive(Clone)]
pub(crate) struct Payloads(pub blob::Payloads);

impl PayloadSink for Payloads {
    fn capture(&self, captured: CapturedPayload) {
        let key = Key {
            org: captured.org,
            call: captured.call,
            at: captured.at,
        };
        let payload = Payload {
            request: captured.request,
            response: captured.response,
            truncated: captured.truncated,
        };
        if !self.0.offer(key, payload) {
            tracing::warn!(call.id = %captured.call, "a captured payload was dropped: too many wait to be written");
        }
    }
}

#[async_trait]
impl analytics::Payloads for Payloads {
    async fn read(
        &self,
        org: OrgId,
        call: CallId,
        at: Timestamp,
    ) -> Result<Option<Bytes>, analytics::BoxError> {
        // One that was captured a moment ago may still be on its way.
        self.0.flush().await;
        Ok(self.0.read(Key { org, call, at }).await?)
    }

    async fn purge(&self, before: Timestamp, limit: usize) -> Result<usize, analytics::BoxError> {
        Ok(self.0.delete_older_than(before, limit).await?)
    }
}
