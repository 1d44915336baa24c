//! A breaker's settings, states and refusals. It holds no state.

use std::sync::Arc;
use std::time::Duration;

use kernel::{Failure, Kind, Timestamp};
use serde::Serialize;

use super::CooledModel;

/// When a breaker opens and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerSettings {
    /// Consecutive failures that open it.
    pub failures: u32,
    /// How long it stays open before a probe may pass (`gateway.breaker_open_ms`).
    pub open: Duration,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self {
            failures: 5,
            open: Duration::from_secs(30),
        }
    }
}

/// A call not sent because the breaker is open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "provider {provider} failed repeatedly and is not called for now; try again in {retry_after_ms} ms"
)]
pub struct BreakerOpen {
    /// The provider's configured name.
    pub provider: Arc<str>,
    /// Milliseconds until a probe may pass.
    pub retry_after_ms: u64,
}

impl Failure for BreakerOpen {
    fn kind(&self) -> Kind {
        Kind::Unavailable
    }

    fn code(&self) -> &'static str {
        "BREAKER_OPEN"
    }

    fn retry_after_s(&self) -> Option<u64> {
        Some(self.retry_after_ms.div_ceil(1_000).max(1))
    }
}

/// What an answer says about the provider's health.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It works; errors that the request brought on itself included.
    Healthy,
    /// It does not.
    Failing,
    /// It works, but this model should rest: cool the pair, leave the breaker alone.
    CoolModel,
}

impl Verdict {
    /// The rule for statuses: 404, 429 and 529 cool the model, other 5xx fail, all else is healthy.
    #[must_use]
    pub const fn of_status(status: u16) -> Self {
        match status {
            404 | 429 | 529 => Self::CoolModel,
            500..=599 => Self::Failing,
            _ => Self::Healthy,
        }
    }
}

/// The state in one word, as the API spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    /// Calls pass.
    Closed,
    /// No call passes.
    Open,
    /// One probe passes at a time.
    HalfOpen,
}

/// A breaker as `GET /v1/circuit-breakers` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BreakerSnapshot {
    /// The provider's configured name.
    pub name: String,
    /// The provider's kind.
    pub kind: String,
    /// Whether calls pass.
    pub state: BreakerState,
    /// Consecutive failures.
    pub failures: u32,
    /// When it opened, where it is not closed.
    pub opened_at: Option<Timestamp>,
    /// Models that rest.
    pub models: Vec<CooledModel>,
}
