//! From the store into memory: a key that was shown for the first time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

use crypto::Digest;
use guard::{Budgets, Caller, KeyLimits, Limits, ModelAllow};
use kernel::{Principal, Timestamp};
use web::AuthError;

use super::memory::NotKept;
use super::spending::has_hard;
use super::{Callers, Counters};
use crate::error::IdentityError;
use crate::model::{Key, KeyStatus};
use crate::store as rows;

/// How often a key that changes while it is read is read again.
pub(super) const TRIES: usize = 8;

impl Callers {
    /// Asks the store and remembers the answer, where there is one.
    pub(super) async fn look_up(&self, digest: &Digest) -> Result<Arc<Caller>, AuthError> {
        match self.load(digest).await {
            Ok(Ok(caller)) => Ok(caller),
            Ok(Err(AuthError::StoreUnavailable)) => Err(AuthError::StoreUnavailable),
            Ok(Err(why)) => {
                self.misses.add(*digest, why, self.clock.monotonic_us());
                Err(why)
            }
            Err(error) => {
                tracing::warn!(%error, "a key could not be checked");
                Err(AuthError::StoreUnavailable)
            }
        }
    }

    async fn load(&self, digest: &Digest) -> Result<Result<Arc<Caller>, AuthError>, IdentityError> {
        for _ in 0..TRIES {
            let epoch = self.memory.epoch();
            let found = rows::find_by_digest(self.store.read(), digest).await?;
            let now = self.clock.now();
            let Some((key, overlap)) = found else {
                return Ok(Err(AuthError::Unknown));
            };
            match key.status(now) {
                KeyStatus::Revoked => return Ok(Err(AuthError::Revoked)),
                KeyStatus::Expired => return Ok(Err(AuthError::Expired)),
                KeyStatus::Active => {}
            }
            if overlap.is_some_and(|end| end <= now) {
                return Ok(Err(AuthError::Expired));
            }
            let counters = self.counters(&key).await?;
            if self.keep_up(&key, &counters, epoch).await?.is_err() {
                continue;
            }
            let caller = Arc::new(caller(&key, &counters, overlap));
            let put = self
                .memory
                .put(*digest, Arc::clone(&caller), Arc::clone(&counters), epoch);
            if put.is_ok() {
                // Shown for the first time is used, too.
                return Ok(self.remembered(digest).unwrap_or(Ok(caller)));
            }
        }
        tracing::warn!("a key changed faster than it could be read");
        Ok(Err(AuthError::StoreUnavailable))
    }

    /// The counters of a key, loaded with what it has spent where they are not held.
    pub async fn counters(&self, key: &Key) -> Result<Arc<Counters>, IdentityError> {
        if let Some(held) = self.memory.counters(key.id) {
            return Ok(held);
        }
        let spent = self.spent_of(key.id, &key.budgets).await?;
        let counters = Counters {
            id: key.id,
            limits: Arc::new(KeyLimits::new(&self.limits_of(key))),
            budgets: Arc::new(Budgets::new(key.budgets.clone(), spent.windows)),
            touched: AtomicBool::new(false),
            loaded_us: self.clock.monotonic_us(),
            behind: AtomicU64::new(0),
            corrected: AtomicU64::new(0),
        };
        let kept = self
            .memory
            .keep_counters(Arc::new(counters), key.limits.is_none())
            .map_err(|_| {
                IdentityError::SpentUnknown("more keys are in use than fit into memory".into())
            })?;
        if !spent.whole {
            self.owe(&kept);
        }
        Ok(kept)
    }

    /// Counters that are held may stand on older budgets than the key: where what it had spent could not be read when it
    /// changed, its callers were let go and the budgets stayed. The inner result says whether the key has changed again.
    async fn keep_up(
        &self,
        key: &Key,
        counters: &Arc<Counters>,
        epoch: u64,
    ) -> Result<Result<(), NotKept>, IdentityError> {
        let is_behind = counters.is_behind() && has_hard(&key.budgets);
        if !is_behind && counters.budgets.specs() == key.budgets {
            return Ok(Ok(()));
        }
        let spent = self.spent_of_new(key, counters).await?;
        let recounted = self.memory.recount(counters, epoch, |counters| {
            counters
                .budgets
                .reconfigure(key.budgets.clone(), spent.windows);
        });
        if recounted.is_ok() && !spent.whole {
            self.owe(counters);
        }
        Ok(recounted)
    }

    pub(super) fn limits_of(&self, key: &Key) -> Limits {
        key.limits
            .clone()
            .unwrap_or_else(|| self.default_limits.load().as_ref().clone())
    }
}

pub(super) fn caller(key: &Key, counters: &Counters, overlap: Option<Timestamp>) -> Caller {
    let ends = [key.expires_at, overlap];
    Caller {
        principal: Principal {
            org: key.org,
            project: key.project,
            key: key.id,
            key_name: key.name.clone(),
            scopes: key.granted(),
        },
        models: ModelAllow::new(&key.models),
        limits: Arc::clone(&counters.limits),
        budgets: Arc::clone(&counters.budgets),
        tags: key.tags.clone(),
        capture: key.capture,
        expires_at: ends.into_iter().flatten().min(),
    }
}
