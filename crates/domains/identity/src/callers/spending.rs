//! What a key had spent before it was loaded. Calls that have ended may still be on their way to the store: a hard budget
//! waits for them, a soft one is corrected once they have arrived.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use guard::{BudgetSpec, SpentWindow};
use kernel::KeyId;

use super::{Callers, Counters};
use crate::error::IdentityError;
use crate::model::Key;

/// How long the store may take for one key.
const WAIT: Duration = Duration::from_secs(10);

/// What budgets begin from.
#[derive(Debug)]
pub(super) struct Loaded {
    /// In the order of the budgets that it was asked for.
    pub windows: Vec<SpentWindow>,
    /// All calls that had ended are in it.
    pub whole: bool,
}

impl Counters {
    /// Its budgets were loaded low and are not corrected yet.
    pub(super) fn is_behind(&self) -> bool {
        self.corrected.load(Ordering::Acquire) < self.behind.load(Ordering::Acquire)
    }
}

impl Callers {
    /// What was spent in the current windows of these budgets. An error where one is hard and the figure would be low:
    /// what is still on its way would be spent a second time.
    pub(super) async fn spent_of(
        &self,
        key: KeyId,
        budgets: &[BudgetSpec],
    ) -> Result<Loaded, IdentityError> {
        if budgets.is_empty() {
            return Ok(Loaded {
                windows: Vec::new(),
                whole: true,
            });
        }
        let whole = self.arrived().await;
        if !whole && has_hard(budgets) {
            return Err(still_on_their_way());
        }
        Ok(Loaded {
            windows: self.windows(key, budgets).await?,
            whole,
        })
    }

    /// What those budgets of a changed key begin from that its counters do not count yet.
    pub(super) async fn spent_of_new(
        &self,
        key: &Key,
        counters: &Counters,
    ) -> Result<Loaded, IdentityError> {
        // A soft budget that was loaded low may have been made hard.
        if counters.is_behind() && has_hard(&key.budgets) && !self.correct(counters).await? {
            return Err(still_on_their_way());
        }
        let new = counters.budgets.unknown(&key.budgets);
        self.spent_of(key.id, &new).await
    }

    /// What this key has spent was read too early, and is to be read again.
    pub(super) fn owe(&self, counters: &Arc<Counters>) {
        counters.behind.fetch_add(1, Ordering::AcqRel);
        let mut owed = self.owed.lock();
        owed.insert(counters.id, Arc::clone(counters));
    }

    /// Corrects keys that were loaded before all of their calls had arrived.
    pub async fn catch_up(&self) {
        let owed = std::mem::take(&mut *self.owed.lock());
        let mut left = owed.into_iter();
        while let Some((id, counters)) = left.next() {
            match store::within(WAIT, self.correct(&counters)).await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(key.id = %id, %error, "what a key has spent could not be read again yet");
                }
            }
            // Neither will the others be ready: another time. One that was owed anew meanwhile stands.
            let mut owed = self.owed.lock();
            for (id, counters) in std::iter::once((id, counters)).chain(left) {
                owed.entry(id).or_insert(counters);
            }
            return;
        }
    }

    /// Reads again what a key has spent; `false` where calls are still on their way.
    async fn correct(&self, counters: &Counters) -> Result<bool, IdentityError> {
        // Who falls behind while this is read is corrected once more.
        let behind = counters.behind.load(Ordering::Acquire);
        if !self.arrived().await {
            return Ok(false);
        }
        let specs = counters.budgets.specs();
        let windows = self.windows(counters.id, &specs).await?;
        counters.budgets.raise(&specs, &windows);
        counters.corrected.fetch_max(behind, Ordering::AcqRel);
        Ok(true)
    }

    /// Whether all calls that have ended stand in the store. Part of a look-up's time is left for reading.
    async fn arrived(&self) -> bool {
        let wait = self.settings.lookup / 2;
        tokio::time::timeout(wait, self.spent.settled())
            .await
            .unwrap_or(false)
    }

    async fn windows(
        &self,
        key: KeyId,
        budgets: &[BudgetSpec],
    ) -> Result<Vec<SpentWindow>, IdentityError> {
        let mut windows = Vec::with_capacity(budgets.len());
        for budget in budgets {
            let starts_at = budget.period.start(self.clock.now());
            let spent = self.spent.spent(key, starts_at, &budget.models).await;
            windows.push(SpentWindow {
                starts_at,
                spent: spent.map_err(IdentityError::SpentUnknown)?,
            });
        }
        Ok(windows)
    }
}

pub(super) fn has_hard(budgets: &[BudgetSpec]) -> bool {
    budgets.iter().any(|budget| budget.hard)
}

fn still_on_their_way() -> IdentityError {
    IdentityError::SpentUnknown("calls that have ended are still being written to the store".into())
}
