//! From the store into memory: a key that was shown for the first time, and one that has changed.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crypto::Digest;
use guard::{BudgetSpec, Budgets, Caller, KeyLimits, Limits, ModelAllow, SpentWindow};
use kernel::{KeyId, Principal, Timestamp};
use web::AuthError;

use super::{Callers, Counters};
use crate::error::IdentityError;
use crate::model::{Key, KeyStatus, Role};
use crate::store as rows;

/// How often a key that changes while it is read is read again.
const TRIES: usize = 8;
/// Keys reloaded with one statement.
const BATCH: usize = 200;
/// Between two tries to reload while the store is away.
const RETRY: Duration = Duration::from_millis(500);

impl Callers {
    /// Asks the store and remembers the answer, whatever it is.
    pub(super) async fn look_up(&self, digest: &Digest) -> Result<Arc<Caller>, AuthError> {
        match self.load(digest).await {
            Ok(Ok(caller)) => Ok(caller),
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
            budgets: Arc::new(Budgets::new(key.budgets.clone(), spent)),
            touched: AtomicBool::new(false),
            loaded_us: self.clock.monotonic_us(),
        };
        self.memory
            .keep_counters(Arc::new(counters), key.limits.is_none())
            .map_err(|_| {
                IdentityError::SpentUnknown("more keys are in use than fit into memory".into())
            })
    }

    fn limits_of(&self, key: &Key) -> Limits {
        key.limits
            .clone()
            .unwrap_or_else(|| self.default_limits.load().as_ref().clone())
    }

    async fn spent_of(
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

    /// Follows a change that is committed: what is held of the key is brought up to date before this returns. With
    /// the store away it stays as it was, and the change sequence brings it up to date later.
    pub async fn refresh(&self, id: KeyId) {
        if let Err(error) = self.try_refresh(id).await {
            tracing::warn!(key.id = %id, %error, "a changed key could not be reloaded");
        }
    }

    /// Follows a change that was announced, waiting for the store as long as it takes.
    pub async fn follow(&self, id: KeyId) {
        while let Err(error) = self.try_refresh(id).await {
            tracing::warn!(key.id = %id, %error, "a changed key could not be reloaded yet");
            tokio::time::sleep(RETRY).await;
        }
    }

    /// Brings all keys held up to date: announcements were lost.
    pub async fn follow_all(&self) {
        self.misses.clear();
        let ids = self.memory.ids();
        for batch in ids.chunks(BATCH) {
            while let Err(error) = self.try_refresh_all(batch).await {
                tracing::warn!(%error, "keys could not be reloaded yet");
                tokio::time::sleep(RETRY).await;
            }
        }
        while let Err(error) = self.reload_bare().await {
            tracing::warn!(%error, "keys could not be reloaded yet");
            tokio::time::sleep(RETRY).await;
        }
    }

    async fn try_refresh(&self, id: KeyId) -> Result<(), IdentityError> {
        self.misses.clear();
        self.try_refresh_all(&[id]).await
    }

    async fn try_refresh_all(&self, ids: &[KeyId]) -> Result<(), IdentityError> {
        let mut ids = ids.to_vec();
        for _ in 0..TRIES {
            let held: Vec<(KeyId, u64)> = ids
                .iter()
                .filter_map(|id| Some((*id, self.memory.note_change(*id)?)))
                .collect();
            if held.is_empty() {
                return Ok(());
            }
            ids = self.reload(&held).await?;
        }
        // Each of these changed again and again meanwhile, and every change is followed on its own.
        Ok(())
    }

    /// Reads keys anew; gives those that changed while they were read.
    async fn reload(&self, held: &[(KeyId, u64)]) -> Result<Vec<KeyId>, IdentityError> {
        let ids: Vec<KeyId> = held.iter().map(|(id, _)| *id).collect();
        let conn = self.store.read();
        let keys = rows::reload(conn, &ids).await?;
        let secrets = rows::secrets(conn, &ids).await?;
        let mut stale = Vec::new();
        for (id, epoch) in held {
            // No key is ever deleted; one that is gone from the store was put back to an older state with it.
            let Some(key) = keys.iter().find(|key| key.id == *id) else {
                let gone = self.memory.replace(*id, *epoch, false, |_| {}, |_, _| None);
                stale.extend(gone.err().map(|_| *id));
                continue;
            };
            let spent = self.spent_of(*id, &key.budgets).await?;
            let recount = |counters: &Counters| {
                counters.limits.reconfigure(&self.limits_of(key));
                counters.budgets.reconfigure(key.budgets.clone(), spent);
            };
            let holds = key.revoked_at.is_none();
            let fresh = |counters: &Counters, digest: &Digest| {
                let mut kept = secrets.iter().filter(|(owner, _)| owner == id);
                let (_, secret) = kept.find(|(_, secret)| secret.digest == *digest)?;
                holds.then(|| caller(key, counters, secret.expires_at))
            };
            let follows_default = key.limits.is_none();
            let replaced = self
                .memory
                .replace(*id, *epoch, follows_default, recount, fresh);
            stale.extend(replaced.err().map(|_| *id));
            if key.role == Role::Admin {
                self.reload_bare().await?;
            }
        }
        Ok(stale)
    }
}

fn caller(key: &Key, counters: &Counters, overlap: Option<Timestamp>) -> Caller {
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
