//! All breakers, by the configured names of their providers.

use std::collections::BTreeMap;
use std::sync::Arc;

use kernel::Clock;
use parking_lot::RwLock;

use super::{Breaker, BreakerSettings, BreakerSnapshot};

/// All breakers by provider name.
pub struct Breakers {
    clock: Arc<dyn Clock>,
    by_name: RwLock<BTreeMap<String, Arc<Breaker>>>,
}

impl std::fmt::Debug for Breakers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.snapshots()).finish()
    }
}

impl Breakers {
    /// None yet.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            by_name: RwLock::default(),
        }
    }

    /// The breaker of a provider, made where there is none; settings are brought up to date, state is kept unless
    /// the kind has changed.
    #[must_use]
    pub fn ensure(&self, name: &str, kind: &str, settings: BreakerSettings) -> Arc<Breaker> {
        let mut by_name = self.by_name.write();
        if let Some(known) = by_name.get(name)
            && *known.kind == *kind
        {
            known.reconfigure(settings);
            return Arc::clone(known);
        }
        let made = Arc::new(Breaker::new(name, kind, settings, Arc::clone(&self.clock)));
        by_name.insert(name.to_owned(), Arc::clone(&made));
        made
    }

    /// Forgets providers that are no longer configured; calls under way keep theirs.
    pub fn retain(&self, keep: impl Fn(&str) -> bool) {
        self.by_name.write().retain(|name, _| keep(name));
    }

    /// The breaker of a provider.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Arc<Breaker>> {
        self.by_name.read().get(name).cloned()
    }

    /// All of them, in the order of their names.
    #[must_use]
    pub fn snapshots(&self) -> Vec<BreakerSnapshot> {
        self.by_name
            .read()
            .values()
            .map(|breaker| breaker.snapshot())
            .collect()
    }

    /// Closes one; false where there is none of that name.
    #[must_use]
    pub fn reset(&self, name: &str) -> bool {
        self.get(name).map(|breaker| breaker.reset()).is_some()
    }
}
