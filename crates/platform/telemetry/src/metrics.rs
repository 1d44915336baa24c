//! The registry: atomics behind handles, label sets capped per metric, text in the Prometheus format. It also stands behind the
//! `metrics` facade, so that its macros land here. Why it is our own: docs/adr/0003-metrics-registry.md.

mod cell;
mod facade;
mod family;
mod render;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use parking_lot::{Mutex, RwLock};

use crate::names::{self, Name};
pub use cell::{Counter, Gauge, Held, Histogram};
use family::Family;

/// The sort of metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts values by size.
    Histogram,
}

/// Names that the facade may bring beside ours.
const MAX_FAMILIES: usize = 200;

type Collector = Arc<dyn Fn(&Registry) + Send + Sync>;

/// All metrics of a process.
pub struct Registry {
    families: RwLock<BTreeMap<Cow<'static, str>, Arc<Family>>>,
    collectors: Mutex<BTreeMap<&'static str, Collector>>,
    dropped: AtomicU64,
}

/// The registry of this process, made on first use and put behind the `metrics` facade.
pub fn registry() -> &'static Arc<Registry> {
    static REGISTRY: OnceLock<Arc<Registry>> = OnceLock::new();
    REGISTRY.get_or_init(|| {
        let registry = Arc::new(Registry::new());
        facade::install(Arc::clone(&registry));
        registry
    })
}

impl Registry {
    /// An empty registry, apart from the facade; for tests.
    #[must_use]
    pub fn new() -> Self {
        Self {
            families: RwLock::new(BTreeMap::new()),
            collectors: Mutex::new(BTreeMap::new()),
            dropped: AtomicU64::new(0),
        }
    }

    /// The counter of a label set. Keep the handle where it is used often: this looks it up.
    pub fn counter(&self, name: Name, labels: &[(&'static str, &str)]) -> Counter {
        Counter(self.series(name, labels))
    }

    /// The gauge of a label set.
    pub fn gauge(&self, name: Name, labels: &[(&'static str, &str)]) -> Gauge {
        Gauge(self.series(name, labels))
    }

    /// The histogram of a label set.
    pub fn histogram(&self, name: Name, labels: &[(&'static str, &str)]) -> Histogram {
        Histogram(self.series(name, labels))
    }

    /// Runs before each rendering to set gauges that somebody else knows. A later one of the same name takes the place.
    pub fn collect(&self, name: &'static str, collector: impl Fn(&Self) + Send + Sync + 'static) {
        self.collectors.lock().insert(name, Arc::new(collector));
    }

    fn series(&self, name: Name, labels: &[(&'static str, &str)]) -> Arc<cell::Series> {
        let labels = labels
            .iter()
            .map(|(label, value)| (Cow::Borrowed(*label), Cow::Borrowed(*value)));
        self.family(&name).series(labels, &self.dropped)
    }

    fn family(&self, name: &Name) -> Arc<Family> {
        if let Some(family) = self.families.read().get(name.name) {
            return Arc::clone(family);
        }
        let mut families = self.families.write();
        let family = families
            .entry(Cow::Borrowed(name.name))
            .or_insert_with(|| Arc::new(Family::new(name)));
        Arc::clone(family)
    }

    /// A family by a name that only the facade knows; `None` when there are too many names.
    fn foreign_family(&self, name: &str, kind: Kind) -> Option<Arc<Family>> {
        if let Some(known) = names::find(name) {
            return Some(self.family(&known));
        }
        if let Some(family) = self.families.read().get(name) {
            return Some(Arc::clone(family));
        }
        let mut families = self.families.write();
        if families.len() >= MAX_FAMILIES {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        let family = Arc::new(Family::new(&Name {
            name: "",
            kind,
            help: "",
            parts: 1,
            buckets: names::SECONDS,
        }));
        families.insert(Cow::Owned(name.to_owned()), Arc::clone(&family));
        Some(family)
    }

    /// Everything in the Prometheus text format, always under [`MAX_RENDER_BYTES`].
    pub fn render(&self) -> String {
        let collectors: Vec<Collector> = self.collectors.lock().values().cloned().collect();
        for collector in collectors {
            collector(self);
        }
        let dropped = self.dropped.load(Ordering::Relaxed);
        self.counter(names::SERIES_DROPPED, &[]).raise_to(dropped);
        let mut families: Vec<_> = self
            .families
            .read()
            .iter()
            .map(|(name, family)| (name.clone(), Arc::clone(family)))
            .collect();
        // Should the bound ever cut, it cuts histograms, not money.
        families.sort_by_key(|(_, family)| family.kind == Kind::Histogram);
        render::text(&families)
    }
}

/// No rendering is longer, whatever callers send.
pub const MAX_RENDER_BYTES: usize = render::MAX_BYTES;

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry")
            .field("families", &self.families.read().len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
