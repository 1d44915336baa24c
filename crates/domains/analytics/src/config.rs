//! This room's settings: how long things are kept, and when a call counts as slow.

use serde::{Deserialize, Serialize};

/// `[retention]`: how long each kind is kept, in days. Rollups are kept for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetentionConfig {
    /// Records of calls; 0 keeps them for good.
    pub calls_days: u32,
    /// Captured payloads; 0 keeps them for good.
    pub payloads_days: u32,
    /// Rows deleted in one step, so that the writer is never held for long.
    pub batch: u32,
    /// Seconds between two passes.
    pub every_s: u64,
}

impl Default for RetentionConfig {
    fn default() -> Self {
        Self {
            calls_days: 90,
            payloads_days: 30,
            batch: 500,
            every_s: 600,
        }
    }
}

/// `[analytics]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AnalyticsConfig {
    /// A call that took at least this many milliseconds is marked slow.
    pub slow_call_ms: u64,
    /// How long a read waits for calls that ended before it, in milliseconds.
    pub freshness_wait_ms: u64,
    /// Rows that one export gives at most.
    pub export_max_rows: u64,
}

impl Default for AnalyticsConfig {
    fn default() -> Self {
        Self {
            slow_call_ms: 30_000,
            freshness_wait_ms: 1_000,
            export_max_rows: 1_000_000,
        }
    }
}
