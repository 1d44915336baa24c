//! ops asks how parts are; the store and the journal answer.

use std::sync::Arc;

use async_trait::async_trait;
use journal::Journal;
use kernel::Clock;
use ops::{Finding, Gravity, HealthProbe};
use store::Store;
use telemetry::Registry;
use telemetry::journal::JournalFigures;

/// Without the store model calls are still served and recorded in the journal.
pub(crate) struct StoreProbe(pub Store);

#[async_trait]
impl HealthProbe for StoreProbe {
    fn name(&self) -> &'static str {
        "store"
    }

    fn gravity(&self) -> Gravity {
        Gravity::Degrades
    }

    async fn check(&self) -> Finding {
        if self.0.healthy().await {
            Finding::Up
        } else {
            Finding::Down("the database does not answer".into())
        }
    }
}

/// Without the journal no call is admitted.
pub(crate) struct JournalProbe(pub Journal);

#[async_trait]
impl HealthProbe for JournalProbe {
    fn name(&self) -> &'static str {
        "journal"
    }

    fn gravity(&self) -> Gravity {
        Gravity::Blocks
    }

    async fn check(&self) -> Finding {
        self.now().unwrap_or(Finding::Up)
    }

    fn now(&self) -> Option<Finding> {
        let status = self.0.status();
        Some(match (&status.disk_error, status.full) {
            (Some(error), _) => Finding::Down(format!("its disk fails: {error}")),
            (None, true) => Finding::Down(
                "it is full; calls that ended wait for the store (journal.max_bytes)".into(),
            ),
            (None, false) => match &status.last_delivery_error {
                Some(error) => Finding::Degraded(format!("calls wait to be stored: {error}")),
                None => Finding::Up,
            },
        })
    }
}

/// The journal's gauges.
pub(crate) fn expose_journal(registry: &Registry, journal: Journal, clock: Arc<dyn Clock>) {
    registry.collect("journal", move |registry| {
        let status = journal.status();
        #[expect(clippy::cast_precision_loss, reason = "a gauge of seconds")]
        let oldest = status
            .oldest_pending
            .map_or(0.0, |at| clock.now().since(at) as f64 / 1e6);
        JournalFigures {
            bytes: status.bytes,
            pending: status.pending,
            oldest_pending_s: oldest,
            refuses: status.full || status.disk_error.is_some(),
        }
        .record(registry);
    });
}
