//! Models that rest, each until a time of its own. Names come from callers, so their number is bounded.

use std::time::Duration;

use ahash::AHashMap;
use kernel::Timestamp;
use serde::Serialize;

/// Models that may rest at once; past that the one that would wake first makes room.
const MAX: usize = 256;

/// A model that rests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CooledModel {
    /// The model asked of the provider.
    pub model: String,
    /// When it may be called again.
    pub until: Timestamp,
}

#[derive(Debug, Default)]
pub(super) struct Cooling(AHashMap<Box<str>, (u64, Timestamp)>);

impl Cooling {
    pub(super) fn add(&mut self, model: &str, now_us: u64, now: Timestamp, rest: Duration) {
        let rest_us = u64::try_from(rest.as_micros()).unwrap_or(u64::MAX);
        let until = (now_us.saturating_add(rest_us), now.plus(rest));
        if let Some(known) = self.0.get_mut(model) {
            *known = until.max(*known);
            return;
        }
        if self.0.len() >= MAX {
            self.0.retain(|_, (until_us, _)| *until_us > now_us);
        }
        if self.0.len() >= MAX {
            let first = self.0.iter().min_by_key(|(_, until)| **until);
            if let Some(first) = first.map(|(model, _)| model.clone()) {
                self.0.remove(&first);
            }
        }
        self.0.insert(model.into(), until);
    }

    pub(super) fn left(&mut self, model: &str, now_us: u64) -> Option<Duration> {
        let until_us = self.0.get(model)?.0;
        if until_us > now_us {
            return Some(Duration::from_micros(until_us - now_us));
        }
        self.0.remove(model);
        None
    }

    pub(super) fn remove(&mut self, model: &str) {
        self.0.remove(model);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn list(&self, now_us: u64) -> Vec<CooledModel> {
        let mut list: Vec<_> = self
            .0
            .iter()
            .filter(|(_, (until_us, _))| *until_us > now_us)
            .map(|(model, (_, until))| CooledModel {
                model: model.to_string(),
                until: *until,
            })
            .collect();
        list.sort_by(|a, b| a.model.cmp(&b.model));
        list
    }
}
