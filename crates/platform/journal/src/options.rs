//! Where the journal lies and how large it may grow.

use std::path::PathBuf;
use std::time::Duration;

/// How a journal is kept.
#[derive(Debug, Clone)]
pub struct Options {
    /// Its folder; made when missing. One process at a time.
    pub dir: PathBuf,
    /// Bytes on disk beyond which no call is admitted. What is open can always be closed.
    pub max_bytes: u64,
    /// Bytes of one segment file; at most an eighth of `max_bytes` is used.
    pub segment_bytes: u64,
    /// How often what was written is synced to the disk.
    pub sync_every: Duration,
    /// How often closed calls are moved to the store when fewer than `batch` wait.
    pub deliver_every: Duration,
    /// Calls moved in one transaction.
    pub batch: usize,
}

impl Options {
    /// The usual bounds for a journal in `dir`: 1 GiB, segments of 16 MiB, synced every 50 ms.
    #[must_use]
    pub const fn new(dir: PathBuf) -> Self {
        Self {
            dir,
            max_bytes: 1 << 30,
            segment_bytes: 16 << 20,
            sync_every: Duration::from_millis(50),
            deliver_every: Duration::from_millis(800),
            batch: 4_000,
        }
    }

    /// The size at which a segment is ended: small enough that delivered ones free room long before the bound.
    pub(crate) fn segment_limit(&self) -> u64 {
        self.segment_bytes.min(self.max_bytes / 8).max(1)
    }
}
