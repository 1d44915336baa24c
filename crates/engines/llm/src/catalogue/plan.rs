//! The order in which a call's targets are tried: the route by its strategy, then the fallback as it is written; those
//! that are not open now come after all others.

use std::hash::{DefaultHasher, Hash, Hasher};

use kernel::Timestamp;
use rand::Rng as _;
use smallvec::SmallVec;

use super::entry::{Entry, Target};
use crate::config::Strategy;
use crate::prices::PriceBook;

/// The targets of one call in the order of trying; never empty.
pub type Plan = SmallVec<[Target; 2]>;

/// What of a call decides where it goes.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// The id asked for.
    pub model: &'a str,
    /// What calls of one conversation have in common: they go to one target, so that its prompt cache stays warm.
    pub session: Option<&'a str>,
    /// Now, for prices.
    pub now: Timestamp,
}

impl Entry {
    /// All targets that may serve a call.
    pub(super) fn plan(&self, asking: &Asking<'_>, prices: &PriceBook) -> Plan {
        if let ([only], []) = (self.route.as_slice(), self.fallback.as_slice()) {
            return Plan::from_elem(only.clone(), 1);
        }
        let mut route: Vec<(f64, &Target)> = self
            .route
            .iter()
            .enumerate()
            .filter(|(_, target)| target.weight > 0)
            .map(|(at, target)| (self.rank(asking, prices, at, target), target))
            .collect();
        route.sort_by(|one, other| one.0.total_cmp(&other.0));
        let all = || {
            route
                .iter()
                .map(|(_, target)| *target)
                .chain(&self.fallback)
        };
        let open = |target: &&Target| target.is_open(asking.model);
        all()
            .filter(open)
            .chain(all().filter(|target| !open(target)))
            .cloned()
            .collect()
    }

    /// Lower is tried first.
    fn rank(&self, asking: &Asking<'_>, prices: &PriceBook, at: usize, target: &Target) -> f64 {
        // Whoever draws the shortest time goes first: each target's share of first places is its weight's, also among
        // those left when one is closed, and a session draws the same times wherever and whenever it asks.
        let draw = -unit(asking, at, target).ln() / f64::from(target.weight);
        match self.strategy {
            Strategy::Weighted => draw,
            // A draw is far below one; it decides between equals only.
            Strategy::LeastLoaded => {
                let load = target.upstream.bulkhead.in_use() as f64;
                load / f64::from(target.weight) + draw.min(1.0) * 1e-6
            }
            Strategy::Cheapest => {
                let model = target.model.as_deref().unwrap_or(asking.model);
                let upstream = &target.upstream;
                prices
                    .quote(upstream.kind, &upstream.name, model, asking.now)
                    .map_or(f64::INFINITY, |quote| {
                        // Agents read several times what they write.
                        4.0 * quote.input.0 as f64 + quote.output.0 as f64 + draw.min(1.0) * 1e-6
                    })
            }
        }
    }
}

/// A number above 0, at most 1: drawn anew for each call, or from the session and the target's name.
fn unit(asking: &Asking<'_>, at: usize, target: &Target) -> f64 {
    let Some(session) = asking.session else {
        return 1.0 - rand::rng().random::<f64>();
    };
    // Without a random seed, so that every process and every start agrees.
    let mut hasher = DefaultHasher::new();
    (session, &*target.upstream.name, target.model.as_deref(), at).hash(&mut hasher);
    ((hasher.finish() >> 11) + 1) as f64 / (1_u64 << 53) as f64
}
