//! Gauges of the journal. Whoever owns a journal sets them before each rendering, through `Registry::collect`.

use crate::metrics::Registry;
use crate::names;

/// How a journal stands.
#[derive(Debug, Clone, Copy, Default)]
pub struct JournalFigures {
    /// Size of its file.
    pub bytes: u64,
    /// Facts that are not in the store yet.
    pub pending: u64,
    /// Age of the oldest of them in seconds.
    pub oldest_pending_s: f64,
    /// New calls are refused: full, or the disk fails.
    pub refuses: bool,
}

impl JournalFigures {
    /// Sets the gauges.
    pub fn record(&self, registry: &Registry) {
        #[expect(
            clippy::cast_precision_loss,
            reason = "gauges need no more than 52 bits"
        )]
        let (bytes, pending) = (self.bytes as f64, self.pending as f64);
        registry.gauge(names::JOURNAL_BYTES, &[]).set(bytes);
        registry.gauge(names::JOURNAL_PENDING, &[]).set(pending);
        registry
            .gauge(names::JOURNAL_OLDEST, &[])
            .set(self.oldest_pending_s);
        let full = f64::from(u8::from(self.refuses));
        registry.gauge(names::JOURNAL_FULL, &[]).set(full);
    }
}
