//! The keys held in memory, by digest for the hot path and by id for changes. It asks nobody.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use ahash::AHashMap;
use crypto::Digest;
use guard::{Caller, Limits};
use kernel::KeyId;
use parking_lot::{Mutex, RwLock};

use super::Counters;

const SHARDS: usize = 16;
/// Changes remembered, so that a look-up that began before one is told apart.
const RECENT: usize = 1_024;
/// A key loaded or used within this time is not idle.
const IDLE_US: u64 = 120_000_000;

struct Known {
    caller: Arc<Caller>,
    counters: Arc<Counters>,
}

struct Entry {
    counters: Arc<Counters>,
    /// The secrets of it that were shown.
    digests: Vec<Digest>,
    follows_default: bool,
}

#[derive(Default)]
struct Index {
    entries: AHashMap<KeyId, Entry>,
    /// Counts changes.
    epoch: u64,
    recent: VecDeque<KeyId>,
}

impl Index {
    /// Whether the key may have changed since `epoch`.
    fn changed_since(&self, epoch: u64, id: KeyId) -> bool {
        let since = usize::try_from(self.epoch - epoch).unwrap_or(usize::MAX);
        since > self.recent.len()
            || self
                .recent
                .iter()
                .rev()
                .take(since)
                .any(|known| *known == id)
    }
}

pub(super) struct Memory {
    max: usize,
    shards: [RwLock<AHashMap<Digest, Known>>; SHARDS],
    index: Mutex<Index>,
}

/// Why a loaded key was not put in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotKept {
    /// It changed since it was read: read again.
    Stale,
    /// Every key held is in use.
    Full,
}

impl Memory {
    pub fn new(max: usize) -> Self {
        Self {
            max,
            shards: Default::default(),
            index: Mutex::default(),
        }
    }

    fn shard(&self, digest: &Digest) -> &RwLock<AHashMap<Digest, Known>> {
        &self.shards[usize::from(digest[0]) % SHARDS]
    }

    /// The caller; with its counters where this is its first use since the last was noted.
    pub fn get(&self, digest: &Digest) -> Option<(Arc<Caller>, Option<Arc<Counters>>)> {
        let shard = self.shard(digest).read();
        let known = shard.get(digest)?;
        // Read before written: a busy key's flag stays shared between cores.
        let first = !known.counters.touched.load(Ordering::Relaxed)
            && !known.counters.touched.swap(true, Ordering::Relaxed);
        let counters = first.then(|| Arc::clone(&known.counters));
        Some((Arc::clone(&known.caller), counters))
    }

    /// To be handed to [`Memory::put`] by who begins to read now.
    pub fn epoch(&self) -> u64 {
        self.index.lock().epoch
    }

    /// A key has changed: what was read of it before is stale from now on. Gives the epoch to read it anew in, where
    /// it is held.
    pub fn note_change(&self, id: KeyId) -> Option<u64> {
        let mut index = self.index.lock();
        index.epoch += 1;
        index.recent.push_back(id);
        if index.recent.len() > RECENT {
            index.recent.pop_front();
        }
        index.entries.contains_key(&id).then_some(index.epoch)
    }

    pub fn counters(&self, id: KeyId) -> Option<Arc<Counters>> {
        let index = self.index.lock();
        index
            .entries
            .get(&id)
            .map(|entry| Arc::clone(&entry.counters))
    }

    /// The counters of a key: those held, else these.
    pub fn keep_counters(
        &self,
        made: Arc<Counters>,
        follows_default: bool,
    ) -> Result<Arc<Counters>, NotKept> {
        let mut index = self.index.lock();
        if let Some(entry) = index.entries.get(&made.id) {
            return Ok(Arc::clone(&entry.counters));
        }
        if index.entries.len() >= self.max {
            self.evict(&mut index, made.loaded_us, 1);
        }
        if index.entries.len() >= self.max {
            return Err(NotKept::Full);
        }
        let entry = Entry {
            counters: Arc::clone(&made),
            digests: Vec::new(),
            follows_default,
        };
        index.entries.insert(made.id, entry);
        Ok(made)
    }

    /// Puts in a caller that was read since `epoch`.
    pub fn put(
        &self,
        digest: Digest,
        caller: Arc<Caller>,
        counters: Arc<Counters>,
        epoch: u64,
    ) -> Result<(), NotKept> {
        let mut index = self.index.lock();
        let id = counters.id;
        if index.changed_since(epoch, id) {
            return Err(NotKept::Stale);
        }
        let entry = index.entries.get_mut(&id).ok_or(NotKept::Stale)?;
        if !entry.digests.contains(&digest) {
            entry.digests.push(digest);
        }
        let known = Known { caller, counters };
        self.shard(&digest).write().insert(digest, known);
        Ok(())
    }

    /// Adapts the counters of a key to what was read of it since `epoch`.
    pub fn recount(
        &self,
        counters: &Arc<Counters>,
        epoch: u64,
        recount: impl FnOnce(&Counters),
    ) -> Result<(), NotKept> {
        let index = self.index.lock();
        let entry = index.entries.get(&counters.id);
        let held = entry.is_some_and(|entry| Arc::ptr_eq(&entry.counters, counters));
        if !held || index.changed_since(epoch, counters.id) {
            return Err(NotKept::Stale);
        }
        recount(counters);
        Ok(())
    }

    /// Replaces what is held of a key by what was read of it since `epoch`: `recount` adapts its counters, `caller`
    /// makes the new one for each secret, or none where the secret no longer holds. Nothing is done where the key may have
    /// changed once more, or was forgotten and read anew.
    pub fn replace(
        &self,
        counters: &Arc<Counters>,
        epoch: u64,
        follows_default: bool,
        recount: impl FnOnce(&Counters),
        caller: impl Fn(&Counters, &Digest) -> Option<Caller>,
    ) -> Result<(), NotKept> {
        let mut index = self.index.lock();
        if index.changed_since(epoch, counters.id) {
            return Err(NotKept::Stale);
        }
        let Some(entry) = index.entries.get_mut(&counters.id) else {
            return Ok(());
        };
        if !Arc::ptr_eq(&entry.counters, counters) {
            return Err(NotKept::Stale);
        }
        entry.follows_default = follows_default;
        recount(counters);
        entry.digests.retain(|digest| {
            let mut shard = self.shard(digest).write();
            if let Some(caller) = caller(counters, digest) {
                let known = Known {
                    caller: Arc::new(caller),
                    counters: Arc::clone(counters),
                };
                shard.insert(*digest, known);
                true
            } else {
                shard.remove(digest);
                false
            }
        });
        Ok(())
    }

    /// Forgets the secrets of a key, so that who shows one is looked up anew; what it has counted stays. Says whether there
    /// were any.
    pub fn forget_secrets(&self, id: KeyId) -> bool {
        let mut index = self.index.lock();
        let Some(entry) = index.entries.get_mut(&id) else {
            return false;
        };
        let digests = std::mem::take(&mut entry.digests);
        for digest in &digests {
            self.shard(digest).write().remove(digest);
        }
        !digests.is_empty()
    }

    /// All keys held.
    pub fn ids(&self) -> Vec<KeyId> {
        self.index.lock().entries.keys().copied().collect()
    }

    /// Sets the limits of all keys that have none of their own.
    pub fn follow_default(&self, limits: &Limits) {
        let index = self.index.lock();
        for entry in index.entries.values().filter(|entry| entry.follows_default) {
            entry.counters.limits.reconfigure(limits);
        }
    }

    /// Where memory is nearly full, forgets keys that nobody uses.
    pub fn evict_idle(&self, now_us: u64) {
        let mut index = self.index.lock();
        let held = index.entries.len();
        if held > self.max - self.max / 10 {
            self.evict(&mut index, now_us, held / 5);
        }
    }

    /// Forgets up to `count` idle keys. A key in use is never forgotten: its counters would begin anew.
    fn evict(&self, index: &mut Index, now_us: u64, count: usize) {
        let idle: Vec<KeyId> = index
            .entries
            .iter()
            .filter(|(_, entry)| self.is_idle(entry, now_us))
            .map(|(id, _)| *id)
            .take(count.max(self.max / 100))
            .collect();
        for id in idle {
            for digest in index
                .entries
                .remove(&id)
                .map(|it| it.digests)
                .unwrap_or_default()
            {
                self.shard(&digest).write().remove(&digest);
            }
        }
    }

    fn is_idle(&self, entry: &Entry, now_us: u64) -> bool {
        let counters = &entry.counters;
        if counters.touched.load(Ordering::Relaxed)
            || counters.loaded_us.saturating_add(IDLE_US) > now_us
        {
            return false;
        }
        // Besides ours, one reference a caller; every further one is a call under way.
        let callers: Vec<_> = entry
            .digests
            .iter()
            .map(|digest| {
                let shard = self.shard(digest).read();
                shard
                    .get(digest)
                    .map(|known| Arc::strong_count(&known.caller))
            })
            .collect();
        callers
            .iter()
            .all(|count| count.is_none_or(|count| count == 1))
            && Arc::strong_count(&counters.limits) <= 1 + callers.len()
            && Arc::strong_count(&counters.budgets) <= 1 + callers.len()
    }
}
