//! Requests and tokens per minute and concurrent requests of one key, exact over every 60 seconds.
//! What a request weighs is told by the caller; what a refusal looks like on a wire is not known here.

mod exceeded;
mod scope;
mod settings;
mod window;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use smallvec::SmallVec;

pub use exceeded::LimitExceeded;
pub use scope::{Gauge, LimitState};
use scope::{Held, Scope};
pub use settings::{InvalidLimits, Limits, MAX_MODEL_LIMITS};
use window::WINDOW_US;

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
            let known = old.iter().position(|scope| scope.pattern() == pattern);
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
