//! The journal's state, for health and metrics.

use kernel::Timestamp;

/// How the journal stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Bytes on disk.
    pub bytes: u64,
    /// The bound on them.
    pub max_bytes: u64,
    /// Segment files.
    pub segments: usize,
    /// Calls under way.
    pub open: usize,
    /// Closed calls that the store does not have yet.
    pub pending: u64,
    /// When the oldest of them ended.
    pub oldest_pending: Option<Timestamp>,
    /// No call is admitted: the bound is reached.
    pub full: bool,
    /// No call is admitted: the disk fails, and how.
    pub disk_error: Option<String>,
    /// Why the last delivery failed; `None` once one succeeds.
    pub last_delivery_error: Option<String>,
    /// Calls that the store refused while it took others, since the start; they lie in `rejected.jsonl` beside the segments.
    pub rejected: u64,
}
