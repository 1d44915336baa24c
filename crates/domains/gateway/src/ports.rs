//! What the gateway asks of other rooms and of the platform, as narrow as it needs it.

use bytes::Bytes;
use kernel::{CallId, OrgId, Timestamp};

/// A request and its answer as they went over the wire, kept for a key that asked for it.
#[derive(Debug, Clone)]
pub struct CapturedPayload {
    /// The tenant.
    pub org: OrgId,
    /// The call.
    pub call: CallId,
    /// When it was admitted.
    pub at: Timestamp,
    /// The decoded request body.
    pub request: Bytes,
    /// The answer's body as delivered, cut at a bound.
    pub response: Bytes,
    /// Whether the answer was longer than what was kept.
    pub truncated: bool,
}

/// Takes captured payloads off the hot path; may drop them when it cannot keep up, and counts that.
pub trait PayloadSink: Send + Sync + 'static {
    /// Hands a payload over without waiting.
    fn capture(&self, payload: CapturedPayload);
}
