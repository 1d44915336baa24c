//! The settings of this room. Where they are read from is `config`'s business.

use std::time::Duration;

use ::config::{Check, Validate};
use guard::Limits;
use serde::{Deserialize, Serialize};

/// The section `[limits]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitSettings {
    /// The limits of a key made without `limits`.
    pub default: Limits,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            default: Limits::house_default(),
        }
    }
}

impl Validate for LimitSettings {
    fn validate(&self, check: &mut Check) {
        if let Err(error) = self.default.validate() {
            let key = error.field.replacen("limits", "default", 1);
            check.fault(&key, error.reason);
        }
    }
}

/// How callers are remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallerSettings {
    /// Keys held in memory at most; idle ones make room.
    pub max_keys: usize,
    /// How long an unknown key is remembered as unknown.
    pub miss: Duration,
    /// How long one look-up in the store may take.
    pub lookup: Duration,
    /// How often the time of a key's last use is written at most.
    pub last_used_every: Duration,
}

impl Default for CallerSettings {
    fn default() -> Self {
        Self {
            max_keys: 100_000,
            miss: Duration::from_secs(5),
            lookup: Duration::from_secs(3),
            last_used_every: Duration::from_secs(60),
        }
    }
}
