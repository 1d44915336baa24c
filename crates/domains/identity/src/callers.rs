//! Callers in memory: found by the digest of what they showed, without the store where they are known.
//!
//! Counters of limits and budgets hang on the key, not on the secret or the edit: a changed key keeps them. The store
//! is asked about a digest once at a time, and about a text without a right checksum never.

mod flights;
mod follow;
mod load;
mod memory;
mod misses;
mod spending;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use ahash::{AHashMap, AHashSet};
use arc_swap::ArcSwap;
use crypto::{Digest, Pepper, key};
use guard::{Budgets, Caller, KeyLimits, Limits};
use kernel::{Clock, KeyId};
use parking_lot::Mutex;
use store::Store;
use web::AuthError;

use crate::config::CallerSettings;
use crate::error::IdentityError;
use crate::ports::SpentReader;
use crate::store as rows;
use flights::Flights;
use memory::Memory;
use misses::Misses;

/// What is counted of one key, shared by all calls of it.
#[derive(Debug)]
pub(crate) struct Counters {
    pub id: KeyId,
    pub limits: Arc<KeyLimits>,
    pub budgets: Arc<Budgets>,
    /// Used since the time of the last use was noted.
    touched: AtomicBool,
    /// When it was loaded, on the monotonic clock: one that is new is not evicted.
    loaded_us: u64,
    /// How often what it had spent was read while calls were on their way to the store, and how many of these were
    /// corrected.
    behind: AtomicU64,
    corrected: AtomicU64,
}

impl Counters {
    /// The key may be noted as used once more.
    pub fn rest(&self) {
        self.touched.store(false, Ordering::Relaxed);
    }
}

pub(crate) struct Callers {
    store: Store,
    clock: Arc<dyn Clock>,
    spent: Arc<dyn SpentReader>,
    pepper: Pepper,
    default_limits: Arc<ArcSwap<Limits>>,
    pub settings: CallerSettings,
    memory: Memory,
    misses: Misses,
    flights: Flights,
    /// Digests of secrets that are not of our own form, and so have no checksum: the administrator's from the
    /// environment.
    bare: ArcSwap<AHashSet<Digest>>,
    /// Keys used since the last note of it, each once.
    used: Mutex<Vec<Arc<Counters>>>,
    /// Keys whose spending is to be read again.
    owed: Mutex<AHashMap<KeyId, Arc<Counters>>>,
}

impl Callers {
    pub fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        spent: Arc<dyn SpentReader>,
        pepper: Pepper,
        default_limits: Arc<ArcSwap<Limits>>,
        settings: CallerSettings,
    ) -> Self {
        Self {
            store,
            clock,
            spent,
            pepper,
            default_limits,
            settings,
            memory: Memory::new(settings.max_keys),
            misses: Misses::new(settings.miss),
            flights: Flights::default(),
            bare: ArcSwap::default(),
            used: Mutex::default(),
            owed: Mutex::default(),
        }
    }

    /// The digest to look for; `None` where no key can be meant.
    fn digest(&self, presented: &str) -> Option<Digest> {
        if key::well_formed(presented) {
            return Some(self.pepper.digest(presented));
        }
        let bare = self.bare.load();
        if bare.is_empty() {
            return None;
        }
        let digest = self.pepper.digest(presented);
        bare.contains(&digest).then_some(digest)
    }

    /// From memory alone.
    pub fn known(&self, presented: &str) -> Option<Result<Arc<Caller>, AuthError>> {
        match self.digest(presented) {
            Some(digest) => self.remembered(&digest),
            None => Some(Err(AuthError::Unknown)),
        }
    }

    fn remembered(&self, digest: &Digest) -> Option<Result<Arc<Caller>, AuthError>> {
        let Some((caller, counters)) = self.memory.get(digest) else {
            let now_us = self.clock.monotonic_us();
            return self.misses.get(digest, now_us).map(Err);
        };
        if caller.expires_at.is_some() && caller.expired(self.clock.now()) {
            return Some(Err(AuthError::Expired));
        }
        if let Some(counters) = counters {
            self.used.lock().push(counters);
        }
        Some(Ok(caller))
    }

    /// From memory or the store; many who show the same unknown key wait for one look-up.
    pub async fn authenticate(this: &Arc<Self>, presented: &str) -> Result<Arc<Caller>, AuthError> {
        let Some(digest) = this.digest(presented) else {
            return Err(AuthError::Unknown);
        };
        if let Some(known) = this.remembered(&digest) {
            return known;
        }
        let callers = Arc::clone(this);
        let found = this.flights.join(digest, move || async move {
            let lookup = callers.look_up(&digest);
            match tokio::time::timeout(callers.settings.lookup, lookup).await {
                Ok(found) => found,
                Err(_) => Err(AuthError::StoreUnavailable),
            }
        });
        found.await
    }

    /// Keys used since this was last asked.
    pub fn take_used(&self) -> Vec<Arc<Counters>> {
        std::mem::take(&mut *self.used.lock())
    }

    /// Gives back what could not be noted.
    pub fn put_back_used(&self, keys: Vec<Arc<Counters>>) {
        self.used.lock().extend(keys);
    }

    /// Makes room where memory is nearly full.
    pub fn evict_idle(&self) {
        self.memory.evict_idle(self.clock.monotonic_us());
    }

    /// Brings keys that follow `limits.default` up to date.
    pub fn follow_default(&self) {
        let limits = self.default_limits.load_full();
        self.memory.follow_default(&limits);
    }

    /// Reads anew which secrets have no checksum.
    pub async fn reload_bare(&self) -> Result<(), IdentityError> {
        let bare = rows::bare_digests(self.store.read()).await?;
        self.bare.store(Arc::new(bare.into_iter().collect()));
        Ok(())
    }
}
