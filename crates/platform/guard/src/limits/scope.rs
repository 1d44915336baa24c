//! The counters of one scope of a key, and how they stand. Locking is done around it.

use serde::Serialize;

use super::exceeded::LimitExceeded;
use super::settings::{CONCURRENT, Limits, REQUESTS, TOKENS};
use super::window::Window;
use crate::glob::Glob;

/// How one setting stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Gauge {
    /// The setting's value.
    pub limit: u64,
    /// What is left of it.
    pub remaining: u64,
    /// Microseconds until all of it is free again if nothing more is admitted; 0 for concurrency.
    pub reset_us: u64,
}

/// How the settings stand that bear on a model: of each kind the one with the least left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LimitState {
    /// Requests per minute.
    pub requests: Option<Gauge>,
    /// Tokens per minute.
    pub tokens: Option<Gauge>,
    /// Concurrent requests.
    pub concurrent: Option<Gauge>,
}

/// The counters of one scope: the whole key, or the models of one pattern.
#[derive(Debug)]
pub(super) struct Scope {
    /// Never used twice, so that an admission finds its scope after an edit or finds none.
    pub(super) id: u32,
    models: Option<Glob>,
    requests_per_minute: Option<u64>,
    tokens_per_minute: Option<u64>,
    concurrent_requests: Option<u64>,
    pub(super) requests: Window,
    pub(super) tokens: Window,
    pub(super) running: u64,
}

impl Scope {
    pub(super) fn new(id: u32, models: Option<&str>) -> Self {
        Self {
            id,
            models: models.map(Glob::new),
            requests_per_minute: None,
            tokens_per_minute: None,
            concurrent_requests: None,
            requests: Window::default(),
            tokens: Window::default(),
            running: 0,
        }
    }

    pub(super) fn set(&mut self, limits: &Limits) {
        self.requests_per_minute = limits.requests_per_minute;
        self.tokens_per_minute = limits.tokens_per_minute;
        self.concurrent_requests = limits.concurrent_requests;
    }

    pub(super) fn pattern(&self) -> Option<&str> {
        self.models.as_ref().map(Glob::as_str)
    }

    pub(super) fn covers(&self, model: &str) -> bool {
        self.models.as_ref().is_none_or(|glob| glob.matches(model))
    }

    pub(super) fn prune(&mut self, now_us: u64) {
        self.requests.prune(now_us);
        self.tokens.prune(now_us);
    }

    fn refused(&self, setting: &str, limit: u64, used: u64, at: (u64, u64)) -> LimitExceeded {
        let (reset_us, retry_after_us) = at;
        LimitExceeded {
            setting: self.models.as_ref().map_or_else(
                || format!("limits.{setting}"),
                |glob| format!("limits.models.{glob}.{setting}"),
            ),
            limit,
            remaining: limit.saturating_sub(used),
            reset_us,
            retry_after_us,
        }
    }

    pub(super) fn check(&self, now_us: u64, estimate: u64) -> Result<(), LimitExceeded> {
        if let Some(limit) = self.requests_per_minute {
            let used = self.requests.total();
            if used >= limit {
                let free = self.requests.sinks_to(limit.saturating_sub(1), now_us) - now_us;
                let empty = self.requests.empty_at(now_us) - now_us;
                return Err(self.refused(REQUESTS, limit, used, (empty, free)));
            }
        }
        if let Some(limit) = self.tokens_per_minute {
            let used = self.tokens.total();
            // A request larger than the whole limit passes through an empty window: it could never pass otherwise.
            let target = limit.saturating_sub(estimate.max(1));
            if used > target {
                let free = self.tokens.sinks_to(target, now_us) - now_us;
                let empty = self.tokens.empty_at(now_us) - now_us;
                return Err(self.refused(TOKENS, limit, used, (empty, free)));
            }
        }
        if let Some(limit) = self.concurrent_requests
            && self.running >= limit
        {
            // Nobody knows when a request under way will end.
            return Err(self.refused(CONCURRENT, limit, self.running, (0, 1_000_000)));
        }
        Ok(())
    }

    pub(super) fn commit(&mut self, now_us: u64, estimate: u64) -> Held {
        self.running += 1;
        if self.requests_per_minute.is_some() {
            self.requests.push(now_us, 1);
        }
        Held {
            scope: self.id,
            entry: self
                .tokens_per_minute
                .map(|_| self.tokens.push(now_us, estimate)),
            in_entry: estimate,
        }
    }

    pub(super) fn report(&self, now_us: u64, into: &mut LimitState) {
        let gauge = |limit: u64, used: u64, empty_at: u64| Gauge {
            limit,
            remaining: limit.saturating_sub(used),
            reset_us: empty_at.saturating_sub(now_us),
        };
        let least = |slot: &mut Option<Gauge>, gauge: Gauge| {
            if slot.is_none_or(|known| gauge.remaining < known.remaining) {
                *slot = Some(gauge);
            }
        };
        if let Some(limit) = self.requests_per_minute {
            let window = &self.requests;
            least(
                &mut into.requests,
                gauge(limit, window.total(), window.empty_at(now_us)),
            );
        }
        if let Some(limit) = self.tokens_per_minute {
            let window = &self.tokens;
            least(
                &mut into.tokens,
                gauge(limit, window.total(), window.empty_at(now_us)),
            );
        }
        if let Some(limit) = self.concurrent_requests {
            least(&mut into.concurrent, gauge(limit, self.running, now_us));
        }
    }
}

#[derive(Debug)]
pub(super) struct Held {
    pub(super) scope: u32,
    /// The number of its entry in the scope's token log.
    pub(super) entry: Option<u64>,
    /// How much of that entry is this request's.
    pub(super) in_entry: u64,
}
