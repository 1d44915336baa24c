//! The gateway hands captured payloads over, analytics reads and purges them; `blob` keeps them.

use std::path::Path;

use crate::boot::BootError;

/// Captured payloads in the data folder.
pub(crate) struct Blobs;

impl Blobs {
    pub fn open(_data_dir: &Path) -> Result<Self, BootError> {
        Ok(Self)
    }
}

impl gateway::ports::PayloadSink for Blobs {
    fn capture(&self, _payload: gateway::ports::CapturedPayload) {}
}

#[async_trait::async_trait]
impl analytics::Payloads for Blobs {
    async fn read(
        &self,
        _: kernel::OrgId,
        _: kernel::CallId,
        _: kernel::Timestamp,
    ) -> Result<Option<bytes::Bytes>, analytics::BoxError> {
        Ok(None)
    }

    async fn purge(&self, _: kernel::Timestamp, _: usize) -> Result<usize, analytics::BoxError> {
        Ok(0)
    }
}
