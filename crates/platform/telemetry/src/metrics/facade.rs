//! The registry behind the `metrics` facade, so that a crate's `counter!` lands in the same place under the same caps.

use std::borrow::Cow;
use std::sync::Arc;

use metrics::{Key, KeyName, Metadata, Recorder, SharedString, Unit};

use super::cell::{Histogram, Series, Spread};
use super::{Kind, Registry};

pub(super) struct Facade(pub(super) Arc<Registry>);

/// Puts the registry behind the facade, unless something stands there already.
pub(super) fn install(registry: Arc<Registry>) {
    // A test that brought its own recorder keeps it.
    let _ = metrics::set_global_recorder(Facade(registry));
}

impl Facade {
    fn series(&self, key: &Key, kind: Kind) -> Option<Arc<Series>> {
        let family = self.0.foreign_family(key.name(), kind)?;
        if family.kind != kind {
            return None;
        }
        let labels = key.labels().map(|label| {
            (
                Cow::Owned(label.key().to_owned()),
                Cow::Borrowed(label.value()),
            )
        });
        Some(family.series(labels, &self.0.dropped))
    }
}

impl Recorder for Facade {
    fn describe_counter(&self, _key: KeyName, _unit: Option<Unit>, _help: SharedString) {}

    fn describe_gauge(&self, _key: KeyName, _unit: Option<Unit>, _help: SharedString) {}

    fn describe_histogram(&self, _key: KeyName, _unit: Option<Unit>, _help: SharedString) {}

    fn register_counter(&self, key: &Key, _metadata: &Metadata<'_>) -> metrics::Counter {
        self.series(key, Kind::Counter)
            .map_or_else(metrics::Counter::noop, metrics::Counter::from_arc)
    }

    fn register_gauge(&self, key: &Key, _metadata: &Metadata<'_>) -> metrics::Gauge {
        self.series(key, Kind::Gauge)
            .map_or_else(metrics::Gauge::noop, metrics::Gauge::from_arc)
    }

    fn register_histogram(&self, key: &Key, _metadata: &Metadata<'_>) -> metrics::Histogram {
        self.series(key, Kind::Histogram)
            .map_or_else(metrics::Histogram::noop, |series| {
                metrics::Histogram::from_arc(Arc::new(Spread(Histogram(series))))
            })
    }
}
