//! Thins out very frequent lines: each place in the code may write so many in a second. Errors always pass.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Instant;

use ahash::AHashMap;
use parking_lot::Mutex;
use tracing::callsite::Identifier;
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata};
use tracing_subscriber::layer::{Context, Filter};

use crate::metrics::{Counter, registry};
use crate::names;

/// How many lines each place wrote in the running second. Places are written in the code, so there is a fixed number of them.
pub(super) struct Thin {
    bound: AtomicU32,
    started: Instant,
    places: Mutex<AHashMap<Identifier, (u64, u32)>>,
    left_out: Counter,
    warnings: Counter,
    errors: Counter,
}

impl Thin {
    pub(super) fn new(bound: u32) -> Self {
        let by_level = |level| registry().counter(names::LOG_LINES, &[("level", level)]);
        Self {
            bound: AtomicU32::new(bound),
            started: Instant::now(),
            places: Mutex::new(AHashMap::new()),
            left_out: registry().counter(names::LOG_THINNED, &[]),
            warnings: by_level("warn"),
            errors: by_level("error"),
        }
    }

    pub(super) fn set_bound(&self, bound: u32) {
        self.bound.store(bound, Relaxed);
    }

    fn passes(&self, metadata: &Metadata<'_>) -> bool {
        match *metadata.level() {
            Level::ERROR => {
                self.errors.add(1);
                return true;
            }
            Level::WARN => self.warnings.add(1),
            _ => {}
        }
        let second = self.started.elapsed().as_secs();
        let bound = self.bound.load(Relaxed);
        let passes = bound == 0 || self.has_room(metadata.callsite(), second, bound);
        if !passes {
            self.left_out.add(1);
        }
        passes
    }

    fn has_room(&self, place: Identifier, second: u64, bound: u32) -> bool {
        let mut places = self.places.lock();
        let (seen, count) = places.entry(place).or_insert((second, 0));
        if *seen != second {
            (*seen, *count) = (second, 0);
        }
        *count = count.saturating_add(1);
        *count <= bound
    }
}

/// The filter over it.
pub(super) struct ThinFilter(pub(super) Arc<Thin>);

impl<S> Filter<S> for ThinFilter {
    fn enabled(&self, _metadata: &Metadata<'_>, _context: &Context<'_, S>) -> bool {
        true
    }

    fn callsite_enabled(&self, _metadata: &'static Metadata<'static>) -> Interest {
        // Not `always`: a line that is refused only when it is written must have been asked for before, or the library's
        // own checks, which builds for development have, take it for a fault and end the thread.
        Interest::sometimes()
    }

    fn event_enabled(&self, event: &Event<'_>, _context: &Context<'_, S>) -> bool {
        self.0.passes(event.metadata())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_so_many_lines_a_second() {
        let thin = Thin::new(3);
        let place = tracing::callsite::Identifier(&PLACE);
        let passed = |second| {
            (0..10)
                .filter(|_| thin.has_room(place.clone(), second, 3))
                .count()
        };
        assert_eq!((passed(0), passed(1)), (3, 3));
    }

    #[test]
    fn lines_over_the_bound_are_left_out_and_errors_are_not() {
        use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};

        #[derive(Clone, Default)]
        struct Counting(Arc<AtomicU32>);

        impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Counting {
            fn on_event(&self, _event: &Event<'_>, _context: Context<'_, S>) {
                self.0.fetch_add(1, Relaxed);
            }
        }

        let written = Counting::default();
        let filter = ThinFilter(Arc::new(Thin::new(1)));
        let subscriber = tracing_subscriber::registry().with(written.clone().with_filter(filter));
        let before = std::time::Instant::now();
        tracing::subscriber::with_default(subscriber, || {
            for _ in 0..50 {
                tracing::info!("often");
                tracing::error!("always");
            }
        });
        let seconds = u32::try_from(before.elapsed().as_secs()).unwrap() + 2;
        let lines = written.0.load(Relaxed);
        assert!((51..=50 + seconds).contains(&lines), "{lines}");
    }

    struct Place;

    static PLACE: Place = Place;

    impl tracing::Callsite for Place {
        fn set_interest(&self, _interest: Interest) {}

        fn metadata(&self) -> &Metadata<'_> {
            unreachable!("only the address counts")
        }
    }
}
