//! One metric with all its label sets, capped. What comes after the bound goes to one set whose values are `overflow`.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use ahash::AHashMap;
use parking_lot::RwLock;

use super::Kind;
use super::cell::Series;
use crate::names::Name;

/// Lines that one metric may have in a rendering.
const MAX_SERIES: usize = 2_000;

/// Longer label values are cut; no name of ours or of a provider comes near.
const MAX_VALUE_CHARS: usize = 96;

/// A series whose value rests for so long, and that nobody holds, is forgotten.
const IDLE_S: u64 = 3_600;

const OVERFLOW: &str = "overflow";

/// Label names and values, sorted by name.
pub(super) type Labels = Box<[(Cow<'static, str>, Box<str>)]>;

#[derive(Debug)]
pub(super) struct Family {
    pub(super) kind: Kind,
    pub(super) help: &'static str,
    pub(super) parts: u64,
    buckets: &'static [f64],
    max_sets: usize,
    series: RwLock<AHashMap<Labels, Arc<Series>>>,
}

impl Family {
    pub(super) fn new(name: &Name) -> Self {
        let max_sets = match name.kind {
            // Each set of a histogram is a line for every bucket and three more.
            Kind::Histogram => MAX_SERIES / (name.buckets.len() + 3),
            _ => MAX_SERIES,
        };
        Self {
            kind: name.kind,
            help: name.help,
            parts: name.parts,
            buckets: name.buckets,
            max_sets,
            series: RwLock::new(AHashMap::new()),
        }
    }

    /// The series of a label set, made where there is none; `dropped` counts sets that found no place.
    pub(super) fn series<'a>(
        &self,
        labels: impl Iterator<Item = (Cow<'static, str>, Cow<'a, str>)>,
        dropped: &AtomicU64,
    ) -> Arc<Series> {
        let mut labels: Vec<(Cow<'static, str>, Box<str>)> = labels
            .map(|(name, value)| (name, cut(&value).into()))
            .collect();
        labels.sort();
        let mut labels = labels.into_boxed_slice();
        if let Some(series) = self.series.read().get(&labels) {
            return Arc::clone(series);
        }
        let mut all = self.series.write();
        // The set for what overflows does not count against the bound.
        if all.len() >= self.max_sets && !labels.is_empty() && !all.contains_key(&labels) {
            dropped.fetch_add(1, Relaxed);
            for (_, value) in &mut labels {
                *value = OVERFLOW.into();
            }
        }
        let histogram = self.kind == Kind::Histogram;
        let series = all
            .entry(labels)
            .or_insert_with(|| Arc::new(Series::new(self.buckets, histogram)));
        Arc::clone(series)
    }

    /// All series in the order of their labels; forgets those that rest and that nobody holds.
    pub(super) fn sorted(&self, now_s: u64) -> Vec<(Labels, Arc<Series>)> {
        let mut all = self.series.write();
        all.retain(|labels, series| {
            let value = series.value.load(Relaxed);
            if series.seen.swap(value, Relaxed) != value || series.seen_at_s.load(Relaxed) == 0 {
                series.seen_at_s.store(now_s, Relaxed);
            }
            let rests = now_s.saturating_sub(series.seen_at_s.load(Relaxed)) > IDLE_S;
            labels.is_empty() || !rests || Arc::strong_count(series) > 1
        });
        let mut rows: Vec<_> = all
            .iter()
            .map(|(labels, series)| (labels.clone(), Arc::clone(series)))
            .collect();
        drop(all);
        rows.sort_by(|(left, _), (right, _)| left.cmp(right));
        rows
    }
}

fn cut(value: &str) -> &str {
    match value.char_indices().nth(MAX_VALUE_CHARS) {
        Some((at, _)) => &value[..at],
        None => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names;

    #[test]
    fn a_series_that_rests_is_forgotten_once_nobody_holds_it() {
        let family = Family::new(&names::RATE_LIMITED);
        let dropped = AtomicU64::new(0);
        let label = |value: &'static str| std::iter::once(("scope".into(), value.into()));
        let held = family.series(label("held"), &dropped);
        drop(family.series(label("left"), &dropped));
        assert_eq!(family.sorted(1).len(), 2);
        assert_eq!(family.sorted(2 + IDLE_S).len(), 1);
        drop(held);
        assert_eq!(family.sorted(3 + IDLE_S).len(), 0);
    }
}
