//! A refusal, for the caller.

use kernel::{Failure, Kind};

use super::settings::{REQUESTS, TOKENS};

/// A refused request: which setting, and when it makes sense to come back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting} = {limit} is used up; try again in {}", Seconds(*.retry_after_us))]
pub struct LimitExceeded {
    /// The setting by its path: `limits.requests_per_minute`, `limits.models.claude*.tokens_per_minute`.
    pub setting: String,
    /// Its value.
    pub limit: u64,
    /// What is left of it; not enough for this request.
    pub remaining: u64,
    /// Microseconds until it is wholly free again if nothing more is admitted.
    pub reset_us: u64,
    /// Microseconds until this request would be admitted if nothing more is.
    pub retry_after_us: u64,
}

impl LimitExceeded {
    /// What is counted by the minute here: `requests` or `tokens`. Nothing for requests at once, where no time frees any
    /// and numbers by the minute would mislead.
    #[must_use]
    pub fn per_minute(&self) -> Option<&'static str> {
        match self.setting.rsplit('.').next() {
            Some(REQUESTS) => Some("requests"),
            Some(TOKENS) => Some("tokens"),
            _ => None,
        }
    }
}

struct Seconds(u64);

impl std::fmt::Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:03} s", self.0 / 1_000_000, self.0 / 1_000 % 1_000)
    }
}

impl Failure for LimitExceeded {
    fn kind(&self) -> Kind {
        Kind::RateLimited
    }

    fn code(&self) -> &'static str {
        "RATE_LIMITED"
    }

    fn retry_after_s(&self) -> Option<u64> {
        Some(self.retry_after_us.div_ceil(1_000_000).max(1))
    }

    fn details(&self) -> Option<serde_json::Value> {
        Some(serde_json::json!({
            "setting": self.setting,
            "limit": self.limit,
            "remaining": self.remaining,
            "reset_ms": self.reset_us.div_ceil(1_000),
            "retry_after_ms": self.retry_after_us.div_ceil(1_000),
        }))
    }
}
