//! Calls and usage: the journal's records, findable one by one, and their sums in 15-minute rollups. It sells no call
//! and judges none: what happened is told by `facts`, who may ask is decided by `web`'s extractors.

pub mod calendar;
pub mod config;
pub mod error;
mod http;
pub mod jobs;
mod migrations;
pub mod model;
pub mod ports;
mod service;
mod sink;
mod sql;
mod store;

use std::sync::Arc;
use std::time::Duration;

use ::store::Store;
use kernel::Clock;

pub use calendar::Interval;
pub use config::{AnalyticsConfig, RetentionConfig};
pub use error::{AnalyticsError, CODES};
pub use http::{document, routes};
pub use migrations::migrations;
pub use model::Sums;
pub use ports::{AlwaysFresh, BoxError, Freshness, NoPayloads, Payloads};
pub use service::query::{TimeseriesQuery, UsageQuery};
pub use service::usage::{TimeseriesReport, UsageReport};
pub use sink::AnalyticsSink;
pub use store::calls::CallFilter;

/// What the room is built of.
pub struct Deps {
    /// Where calls and rollups stand.
    pub store: Store,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Word that what ended has arrived.
    pub freshness: Arc<dyn Freshness>,
    /// Captured payloads.
    pub payloads: Arc<dyn Payloads>,
    /// `[analytics]`.
    pub config: AnalyticsConfig,
    /// `[retention]`.
    pub retention: RetentionConfig,
}

/// The room. Cheap to clone.
#[derive(Clone)]
pub struct Analytics {
    deps: Arc<Deps>,
}

impl Analytics {
    /// Builds the room.
    #[must_use]
    pub fn new(deps: Deps) -> Self {
        Self {
            deps: Arc::new(deps),
        }
    }

    /// The journal's sink into this room's tables.
    #[must_use]
    pub fn sink(&self) -> AnalyticsSink {
        AnalyticsSink::new(self.deps.store.clone())
    }

    /// Waits until what ended before now can be read, but never for long: an answer that lags beats none.
    pub async fn settled(&self) {
        if !self.arrived().await {
            tracing::warn!(
                "calls that ended a moment ago are not in the store yet; answering without them"
            );
        }
    }

    /// Whether all that ended before now can be read. Waits for it, but never for long.
    pub async fn arrived(&self) -> bool {
        let wait = Duration::from_millis(self.deps.config.freshness_wait_ms);
        tokio::time::timeout(wait, self.deps.freshness.delivered())
            .await
            .is_ok()
    }
}

#[cfg(test)]
mod tests;
