//! Requests and tokens per minute and concurrent requests of one key, exact over every 60 seconds.
//! What a request weighs is told by the caller; what a refusal looks like on a wire is not known here.

mod window;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kernel::{Failure, Kind};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::glob::Glob;
use window::{WINDOW_US, Window};

/// Patterns with limits of their own that a key may have at most.
pub const MAX_MODEL_LIMITS: usize = 32;

/// The limits of a key as settings and requests spell them. What is left out is not limited.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Requests in any 60 seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<u64>,
    /// Tokens in any 60 seconds: uncached input, cache writes and output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_per_minute: Option<u64>,
    /// Requests under way at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrent_requests: Option<u64>,
    /// Limits of models by pattern, counted apart; each holds besides the key's own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub models: BTreeMap<String, Limits>,
}

/// Why limits cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct InvalidLimits {
    /// The setting at fault, from `limits` on.
    pub field: String,
    /// What is wrong and what to do.
    pub reason: &'static str,
}

impl Limits {
    /// The product's default: 100 requests in 60 seconds.
    #[must_use]
    pub fn house_default() -> Self {
        Self {
            requests_per_minute: Some(100),
            ..Self::default()
        }
    }

    /// Refuses what could never admit anything and what nests.
    pub fn validate(&self) -> Result<(), InvalidLimits> {
        self.validate_at("limits")?;
        if self.models.len() > MAX_MODEL_LIMITS {
            return Err(InvalidLimits {
                field: "limits.models".into(),
                reason: "at most 32 patterns",
            });
        }
        for (pattern, limits) in &self.models {
            let at = format!("limits.models.{pattern}");
            limits.validate_at(&at)?;
            if !limits.models.is_empty() {
                return Err(InvalidLimits {
                    field: format!("{at}.models"),
                    reason: "limits of a model have no models of their own; list the pattern one level up",
                });
            }
        }
        Ok(())
    }

    fn validate_at(&self, at: &str) -> Result<(), InvalidLimits> {
        for (name, value) in [
            (REQUESTS, self.requests_per_minute),
            (TOKENS, self.tokens_per_minute),
            (CONCURRENT, self.concurrent_requests),
        ] {
            if value == Some(0) {
                return Err(InvalidLimits {
                    field: format!("{at}.{name}"),
                    reason: "must be at least 1; leave it out for no limit",
                });
            }
        }
        Ok(())
    }

    const fn is_unlimited(&self) -> bool {
        self.requests_per_minute.is_none()
            && self.tokens_per_minute.is_none()
            && self.concurrent_requests.is_none()
    }
}

const REQUESTS: &str = "requests_per_minute";
const TOKENS: &str = "tokens_per_minute";
const CONCURRENT: &str = "concurrent_requests";

/// A refused request: which setting, and when it makes sense to come back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting} = {limit} is used up; try again in {}", Seconds(*.retry_after_us))]
pub struct LimitExceeded {
    /// The setting by its path: `limits.requests_per_minute`, `limits.models.claude*.tokens_per_minute`.
    pub setting: String,
    /// Its value.
    pub limit: u64,
    /// What is left of it; not enough for this request.
    pub remaining: u64,
    /// Microseconds until it is wholly free again if nothing more is admitted.
    pub reset_us: u64,
    /// Microseconds until this request would be admitted if nothing more is.
    pub retry_after_us: u64,
}

struct Seconds(u64);

impl std::fmt::Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:03} s", self.0 / 1_000_000, self.0 / 1_000 % 1_000)
    }
}

impl Failure for LimitExceeded {
    fn kind(&self) -> Kind {
        Kind::RateLimited
    }

    fn code(&self) -> &'static str {
        "RATE_LIMITED"
    }

    fn retry_after_s(&self) -> Option<u64> {
        Some(self.retry_after_us.div_ceil(1_000_000).max(1))
    }

    fn details(&self) -> Option<serde_json::Value> {
        Some(serde_json::json!({
            "setting": self.setting,
            "limit": self.limit,
            "remaining": self.remaining,
            "reset_ms": self.reset_us.div_ceil(1_000),
            "retry_after_ms": self.retry_after_us.div_ceil(1_000),
        }))
    }
}

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
struct Scope {
    /// Never used twice, so that an admission finds its scope after an edit or finds none.
    id: u32,
    models: Option<Glob>,
    requests_per_minute: Option<u64>,
    tokens_per_minute: Option<u64>,
    concurrent_requests: Option<u64>,
    requests: Window,
    tokens: Window,
    running: u64,
}

impl Scope {
    fn new(id: u32, models: Option<&str>) -> Self {
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

    fn set(&mut self, limits: &Limits) {
        self.requests_per_minute = limits.requests_per_minute;
        self.tokens_per_minute = limits.tokens_per_minute;
        self.concurrent_requests = limits.concurrent_requests;
    }

    fn covers(&self, model: &str) -> bool {
        self.models.as_ref().is_none_or(|glob| glob.matches(model))
    }

    fn prune(&mut self, now_us: u64) {
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

    fn check(&self, now_us: u64, estimate: u64) -> Result<(), LimitExceeded> {
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

    fn commit(&mut self, now_us: u64, estimate: u64) -> Held {
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

    fn report(&self, now_us: u64, into: &mut LimitState) {
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

#[derive(Debug, Default)]
struct State {
    /// Two threads may read the clock in one order and arrive in the other; time stands still for the later one.
    last_us: u64,
    next_id: u32,
    scopes: Vec<Scope>,
}

impl State {
    fn set(&mut self, limits: &Limits) {
        let mut old = std::mem::take(&mut self.scopes);
        let wanted = std::iter::once((None, limits)).chain(
            limits
                .models
                .iter()
                .map(|(pattern, limits)| (Some(pattern.as_str()), limits)),
        );
        for (pattern, limits) in wanted {
            let known = old
                .iter()
                .position(|scope| scope.models.as_ref().map(Glob::as_str) == pattern);
            let mut scope = known.map_or_else(
                || {
                    self.next_id += 1;
                    Scope::new(self.next_id, pattern)
                },
                |at| old.swap_remove(at),
            );
            scope.set(limits);
            self.scopes.push(scope);
        }
    }

    fn advance(&mut self, now_us: u64) -> u64 {
        self.last_us = self.last_us.max(now_us);
        self.last_us
    }

    fn scope(&mut self, id: u32) -> Option<&mut Scope> {
        self.scopes.iter_mut().find(|scope| scope.id == id)
    }
}

/// The limits of one key with their counters, behind one short lock.
#[derive(Debug)]
pub struct KeyLimits {
    limited: AtomicBool,
    state: Mutex<State>,
}

impl KeyLimits {
    /// Counters at zero. `limits` should have been validated.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        let this = Self {
            limited: AtomicBool::new(false),
            state: Mutex::default(),
        };
        this.reconfigure(limits);
        this
    }

    /// No limit at all; admitting costs nothing.
    #[must_use]
    pub fn unlimited() -> Self {
        Self::new(&Limits::default())
    }

    /// Sets other limits and keeps what was counted, per pattern.
    pub fn reconfigure(&self, limits: &Limits) {
        let mut state = self.state.lock();
        state.set(limits);
        let limited = !limits.is_unlimited() || limits.models.values().any(|m| !m.is_unlimited());
        self.limited.store(limited, Ordering::Release);
    }

    /// Whether any setting limits this key.
    #[must_use]
    pub fn is_limited(&self) -> bool {
        self.limited.load(Ordering::Acquire)
    }

    /// Admits a request or says which setting refuses it; a refused one counts nowhere. `now_us` is monotonic;
    /// `tokens_estimate` is what `tokens_per_minute` counts until [`Admission::settle`] corrects it.
    pub fn admit(
        self: &Arc<Self>,
        now_us: u64,
        model: &str,
        tokens_estimate: u64,
    ) -> Result<Admission, LimitExceeded> {
        let mut admission = Admission {
            limits: Arc::clone(self),
            held: SmallVec::new(),
            counted: tokens_estimate,
            state: LimitState::default(),
        };
        if !self.is_limited() {
            return Ok(admission);
        }
        let mut guard = self.state.lock();
        let now_us = guard.advance(now_us);
        for scope in guard.scopes.iter_mut().filter(|scope| scope.covers(model)) {
            scope.prune(now_us);
            scope.check(now_us, tokens_estimate)?;
        }
        for scope in guard.scopes.iter_mut().filter(|scope| scope.covers(model)) {
            admission.held.push(scope.commit(now_us, tokens_estimate));
            scope.report(now_us, &mut admission.state);
        }
        drop(guard);
        Ok(admission)
    }

    /// How the settings stand that bear on `model`; all of them where it is `None`.
    #[must_use]
    pub fn state(&self, now_us: u64, model: Option<&str>) -> LimitState {
        let mut report = LimitState::default();
        let mut state = self.state.lock();
        let now_us = state.advance(now_us);
        for scope in &mut state.scopes {
            if model.is_none_or(|model| scope.covers(model)) {
                scope.prune(now_us);
                scope.report(now_us, &mut report);
            }
        }
        report
    }
}

#[derive(Debug)]
struct Held {
    scope: u32,
    /// The number of its entry in the scope's token log.
    entry: Option<u64>,
    /// How much of that entry is this request's.
    in_entry: u64,
}

/// An admitted request. Dropping it frees its concurrency slot; its request and tokens stay in the window.
#[derive(Debug)]
#[must_use = "dropping an admission ends the request for `concurrent_requests`"]
pub struct Admission {
    limits: Arc<KeyLimits>,
    held: SmallVec<[Held; 2]>,
    counted: u64,
    state: LimitState,
}

impl Admission {
    /// How the settings stood just after this admission, for the limit headers.
    #[must_use]
    pub const fn state(&self) -> &LimitState {
        &self.state
    }

    /// Sets the tokens that this request really took. What was counted too much leaves the window at once; what was
    /// counted too little is counted now. May be called again with a later figure.
    pub fn settle(&mut self, now_us: u64, tokens: u64) {
        let (more, less) = (
            tokens.saturating_sub(self.counted),
            self.counted.saturating_sub(tokens),
        );
        self.counted = tokens;
        if (more == 0 && less == 0) || self.held.iter().all(|held| held.entry.is_none()) {
            return;
        }
        let mut state = self.limits.state.lock();
        let now_us = state.advance(now_us);
        for held in &mut self.held {
            let (Some(entry), Some(scope)) = (held.entry, state.scope(held.scope)) else {
                continue;
            };
            scope.tokens.prune(now_us);
            if more > 0 {
                scope.tokens.push(now_us, more);
            } else {
                let less = less.min(held.in_entry);
                held.in_entry -= less;
                scope.tokens.lessen(entry, less);
            }
        }
    }

    /// Microseconds of the window in which limits hold.
    #[must_use]
    pub const fn window_us() -> u64 {
        WINDOW_US
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        if self.held.is_empty() {
            return;
        }
        let mut state = self.limits.state.lock();
        for held in &self.held {
            if let Some(scope) = state.scope(held.scope) {
                scope.running = scope.running.saturating_sub(1);
            }
        }
    }
}
