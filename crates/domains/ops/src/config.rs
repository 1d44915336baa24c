//! Settings of this room; the application keeps them in the section `ops`.

use ::config::{Check, Validate};
use serde::Deserialize;

/// Who may read `/metrics` without a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetricsAccess {
    /// Nobody: a key with `ops:read` is needed.
    Key,
    /// Whoever asks from this machine itself, not through a proxy. Figures carry no names of people, keys or projects.
    #[default]
    Loopback,
    /// Everybody who reaches the port.
    Open,
}

/// Settings of health, metrics and debugging.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OpsSettings {
    /// Who may read `/metrics` without a credential.
    pub metrics_access: MetricsAccess,
    /// Milliseconds between two looks at each part that health depends on; at most a second while one is down.
    pub probe_every_ms: u64,
    /// Milliseconds after which a look counts as failed.
    pub probe_timeout_ms: u64,
}

impl Default for OpsSettings {
    fn default() -> Self {
        Self {
            metrics_access: MetricsAccess::Loopback,
            probe_every_ms: 5_000,
            probe_timeout_ms: 1_000,
        }
    }
}

impl Validate for OpsSettings {
    fn validate(&self, check: &mut Check) {
        for (key, value) in [
            ("probe_every_ms", self.probe_every_ms),
            ("probe_timeout_ms", self.probe_timeout_ms),
        ] {
            check.require(
                (50..=60_000).contains(&value),
                key,
                "must lie between 50 and 60000",
            );
        }
    }
}
