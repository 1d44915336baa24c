//! The far end: what takes closed calls into the store.

use std::sync::Arc;

use facts::CallClosed;

/// Any error; the journal only shows it and tries again.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A closed call on its way to the store.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The call.
    pub call: Arc<CallClosed>,
    /// The fact as it stands in the file (an object tagged `"fact":"closed"`), so that it need not be written twice.
    pub json: Arc<str>,
}

/// Takes closed calls into the store.
#[async_trait::async_trait]
pub trait Sink: Send + Sync + 'static {
    /// Takes all of the batch or nothing, in one transaction. Within a batch every call stands once, but a call may
    /// come again in a later one (after a crash): one whose id is known already must change nothing.
    ///
    /// # Errors
    /// Any; the same calls come again after a pause.
    async fn deliver(&self, batch: &[Delivery]) -> Result<(), BoxError>;
}
