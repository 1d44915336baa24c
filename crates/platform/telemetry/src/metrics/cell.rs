//! One series: atomics, and the handles that record into them. Recording never locks and never allocates.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The values of one label set.
#[derive(Debug)]
pub(super) struct Series {
    /// A counter's parts, or a gauge's bits.
    pub(super) value: AtomicU64,
    /// A histogram's counts, one more than there are bounds.
    pub(super) counts: Box<[AtomicU64]>,
    pub(super) bounds: &'static [f64],
    /// What rendering saw last and when that changed, to find series that rest.
    pub(super) seen: AtomicU64,
    pub(super) seen_at_s: AtomicU64,
}

impl Series {
    pub(super) fn new(bounds: &'static [f64], histogram: bool) -> Self {
        let slots = if histogram { bounds.len() + 1 } else { 0 };
        Self {
            value: AtomicU64::new(0),
            counts: (0..slots).map(|_| AtomicU64::new(0)).collect(),
            bounds,
            seen: AtomicU64::new(0),
            seen_at_s: AtomicU64::new(0),
        }
    }

    /// The value as a number with a fraction: gauges and sums of histograms.
    pub(super) fn float(&self) -> f64 {
        f64::from_bits(self.value.load(Relaxed))
    }

    fn add_float(&self, by: f64) {
        let mut now = self.value.load(Relaxed);
        loop {
            let next = (f64::from_bits(now) + by).to_bits();
            match self
                .value
                .compare_exchange_weak(now, next, Relaxed, Relaxed)
            {
                Ok(_) => return,
                Err(other) => now = other,
            }
        }
    }
}

/// A number that only grows.
#[derive(Debug, Clone)]
pub struct Counter(pub(super) Arc<Series>);

impl Counter {
    /// Adds, in the metric's parts.
    pub fn add(&self, by: u64) {
        self.0.value.fetch_add(by, Relaxed);
    }

    /// Lifts it to a count that is kept elsewhere; never lowers it.
    pub fn raise_to(&self, value: u64) {
        self.0.value.fetch_max(value, Relaxed);
    }

    /// The count, in the metric's parts.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.value.load(Relaxed)
    }
}

/// A number that goes up and down.
#[derive(Debug, Clone)]
pub struct Gauge(pub(super) Arc<Series>);

impl Gauge {
    /// Sets it.
    pub fn set(&self, value: f64) {
        self.0.value.store(value.to_bits(), Relaxed);
    }

    /// Moves it.
    pub fn add(&self, by: f64) {
        self.0.add_float(by);
    }

    /// One more until the guard is dropped.
    #[must_use]
    pub fn hold(&self) -> Held {
        self.add(1.0);
        Held(self.clone())
    }

    /// The number.
    #[must_use]
    pub fn get(&self) -> f64 {
        self.0.float()
    }
}

/// Counts one in a gauge while it lives.
#[derive(Debug)]
pub struct Held(Gauge);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.add(-1.0);
    }
}

/// Counts values by size.
#[derive(Debug, Clone)]
pub struct Histogram(pub(super) Arc<Series>);

impl Histogram {
    /// Counts one value.
    pub fn observe(&self, value: f64) {
        let slot = self.0.bounds.partition_point(|bound| *bound < value);
        if let Some(count) = self.0.counts.get(slot) {
            count.fetch_add(1, Relaxed);
            self.0.add_float(value);
        }
    }

    /// How many values were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.counts.iter().map(|count| count.load(Relaxed)).sum()
    }
}

impl metrics::CounterFn for Series {
    fn increment(&self, value: u64) {
        self.value.fetch_add(value, Relaxed);
    }

    fn absolute(&self, value: u64) {
        self.value.fetch_max(value, Relaxed);
    }
}

impl metrics::GaugeFn for Series {
    fn increment(&self, value: f64) {
        self.add_float(value);
    }

    fn decrement(&self, value: f64) {
        self.add_float(-value);
    }

    fn set(&self, value: f64) {
        self.value.store(value.to_bits(), Relaxed);
    }
}

/// A facade's histogram: the trait has no place for a handle of ours.
#[derive(Debug)]
pub(super) struct Spread(pub(super) Histogram);

impl metrics::HistogramFn for Spread {
    fn record(&self, value: f64) {
        self.0.observe(value);
    }
}
