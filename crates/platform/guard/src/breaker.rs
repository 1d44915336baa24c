//! One breaker per provider: opens after consecutive failures, lets one probe through, closes on success; and a
//! cool-down per model of it. What counts as a failure is the caller's to say, with [`Verdict::of_status`] as the rule.

mod cooling;
mod model;
mod registry;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kernel::{Clock, Timestamp};
use parking_lot::Mutex;

pub use cooling::CooledModel;
use cooling::Cooling;
pub use model::{BreakerOpen, BreakerSettings, BreakerSnapshot, BreakerState, Verdict};
pub use registry::Breakers;

#[derive(Debug, Clone, Copy)]
enum Phase {
    Closed,
    Open { until_us: u64, opened_at: Timestamp },
    HalfOpen { probing: bool, opened_at: Timestamp },
}

#[derive(Debug)]
struct State {
    settings: BreakerSettings,
    phase: Phase,
    failures: u32,
    /// Counts changes of phase: what a call of an earlier phase has to tell is stale.
    epoch: u64,
    cooling: Cooling,
}

impl State {
    fn turn(&mut self, phase: Phase) {
        self.phase = phase;
        self.epoch += 1;
    }
}

/// The breaker of one provider.
pub struct Breaker {
    name: Arc<str>,
    kind: Box<str>,
    clock: Arc<dyn Clock>,
    /// True while closed with no failure counted: then neither a call nor its success takes the lock.
    calm: AtomicBool,
    /// True while some model rests.
    cooling: AtomicBool,
    state: Mutex<State>,
}

impl std::fmt::Debug for Breaker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Breaker")
            .field("name", &self.name)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl Breaker {
    /// A closed breaker.
    #[must_use]
    pub fn new(name: &str, kind: &str, settings: BreakerSettings, clock: Arc<dyn Clock>) -> Self {
        Self {
            name: name.into(),
            kind: kind.into(),
            clock,
            calm: AtomicBool::new(true),
            cooling: AtomicBool::new(false),
            state: Mutex::new(State {
                settings,
                phase: Phase::Closed,
                failures: 0,
                epoch: 0,
                cooling: Cooling::default(),
            }),
        }
    }

    /// The provider's configured name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Leave to call the provider. After the open time one call passes as the probe, and no other until it has told.
    pub fn try_acquire(self: &Arc<Self>) -> Result<Pass, BreakerOpen> {
        if self.calm.load(Ordering::Acquire) {
            return Ok(self.pass(None));
        }
        let now_us = self.clock.monotonic_us();
        let mut state = self.state.lock();
        let wait_us = match state.phase {
            Phase::Closed => return Ok(self.pass(Some(state.epoch))),
            Phase::Open {
                until_us,
                opened_at,
            } if until_us <= now_us => {
                state.turn(Phase::HalfOpen {
                    probing: true,
                    opened_at,
                });
                return Ok(self.pass(Some(state.epoch)));
            }
            Phase::HalfOpen {
                probing: false,
                opened_at,
            } => {
                state.turn(Phase::HalfOpen {
                    probing: true,
                    opened_at,
                });
                return Ok(self.pass(Some(state.epoch)));
            }
            Phase::Open { until_us, .. } => until_us - now_us,
            // Nobody knows how long the probe takes.
            Phase::HalfOpen { probing: true, .. } => 1_000_000,
        };
        Err(BreakerOpen {
            provider: Arc::clone(&self.name),
            retry_after_ms: wait_us.div_ceil(1_000),
        })
    }

    /// Whether a call would pass now, without taking the probe's place.
    #[must_use]
    pub fn would_pass(&self) -> bool {
        self.calm.load(Ordering::Acquire)
            || match self.state.lock().phase {
                Phase::Closed => true,
                Phase::Open { until_us, .. } => until_us <= self.clock.monotonic_us(),
                Phase::HalfOpen { probing, .. } => !probing,
            }
    }

    fn pass(self: &Arc<Self>, epoch: Option<u64>) -> Pass {
        Pass {
            breaker: Arc::clone(self),
            epoch,
            told: false,
        }
    }

    /// Lets a model rest; calls for it should go elsewhere or be refused until then.
    pub fn cool(&self, model: &str, rest: Duration) {
        let now_us = self.clock.monotonic_us();
        let mut state = self.state.lock();
        state.cooling.add(model, now_us, self.clock.now(), rest);
        self.cooling.store(true, Ordering::Release);
    }

    /// How much longer a model rests; `None` where it does not.
    #[must_use]
    pub fn cooled(&self, model: &str) -> Option<Duration> {
        if !self.cooling.load(Ordering::Acquire) {
            return None;
        }
        let mut state = self.state.lock();
        let left = state.cooling.left(model, self.clock.monotonic_us());
        self.cooling
            .store(!state.cooling.is_empty(), Ordering::Release);
        left
    }

    /// Whether a model rests.
    #[must_use]
    pub fn is_cooled(&self, model: &str) -> bool {
        self.cooled(model).is_some()
    }

    /// Ends a model's rest: it answered.
    pub fn warm(&self, model: &str) {
        if self.cooling.load(Ordering::Acquire) {
            self.state.lock().cooling.remove(model);
        }
    }

    /// The state for people.
    #[must_use]
    pub fn snapshot(&self) -> BreakerSnapshot {
        let now_us = self.clock.monotonic_us();
        let state = self.state.lock();
        let (word, opened_at) = match state.phase {
            Phase::Closed => (BreakerState::Closed, None),
            Phase::Open {
                until_us,
                opened_at,
            } if until_us > now_us => (BreakerState::Open, Some(opened_at)),
            Phase::Open { opened_at, .. } | Phase::HalfOpen { opened_at, .. } => {
                (BreakerState::HalfOpen, Some(opened_at))
            }
        };
        BreakerSnapshot {
            name: self.name.to_string(),
            kind: self.kind.to_string(),
            state: word,
            failures: state.failures,
            opened_at,
            models: state.cooling.list(now_us),
        }
    }

    /// Closes the breaker and ends every model's rest.
    pub fn reset(&self) {
        let mut state = self.state.lock();
        state.failures = 0;
        state.turn(Phase::Closed);
        state.cooling = Cooling::default();
        self.cooling.store(false, Ordering::Release);
        self.calm.store(true, Ordering::Release);
    }

    /// Other settings from now on; an open breaker keeps the time that it was opened for.
    pub fn reconfigure(&self, settings: BreakerSettings) {
        self.state.lock().settings = settings;
    }

    fn succeeded(&self, epoch: Option<u64>) {
        if self.calm.load(Ordering::Acquire) {
            return;
        }
        let mut state = self.state.lock();
        match state.phase {
            Phase::Closed => {}
            // Only the probe's word closes; that of a call sent before the opening is stale.
            Phase::HalfOpen { probing: true, .. } if epoch == Some(state.epoch) => {
                state.turn(Phase::Closed);
            }
            Phase::Open { .. } | Phase::HalfOpen { .. } => return,
        }
        state.failures = 0;
        self.calm.store(true, Ordering::Release);
    }

    fn failed(&self, epoch: Option<u64>) {
        let (now_us, now) = (self.clock.monotonic_us(), self.clock.now());
        let mut state = self.state.lock();
        self.calm.store(false, Ordering::Release);
        let opened_at = match state.phase {
            Phase::Closed => {
                state.failures = state.failures.saturating_add(1);
                if state.failures < state.settings.failures {
                    return;
                }
                now
            }
            Phase::HalfOpen {
                probing: true,
                opened_at,
            } if epoch == Some(state.epoch) => {
                state.failures = state.failures.saturating_add(1);
                opened_at
            }
            Phase::Open { .. } | Phase::HalfOpen { .. } => return,
        };
        let open_us = u64::try_from(state.settings.open.as_micros()).unwrap_or(u64::MAX);
        state.turn(Phase::Open {
            until_us: now_us.saturating_add(open_us),
            opened_at,
        });
    }

    /// The probe ended without a word: the next call may be one.
    fn abandoned(&self, epoch: Option<u64>) {
        if epoch.is_none() {
            return;
        }
        let mut state = self.state.lock();
        if let Phase::HalfOpen {
            probing: true,
            opened_at,
        } = state.phase
            && epoch == Some(state.epoch)
        {
            state.turn(Phase::HalfOpen {
                probing: false,
                opened_at,
            });
        }
    }
}

/// Leave for one call. Tell how it went; dropped without a word it counts neither way.
#[derive(Debug)]
#[must_use = "tell success or failure, else the call counts neither way"]
pub struct Pass {
    breaker: Arc<Breaker>,
    epoch: Option<u64>,
    told: bool,
}

impl Pass {
    /// The provider answered.
    pub fn success(mut self) {
        self.told = true;
        self.breaker.succeeded(self.epoch);
    }

    /// The provider failed.
    pub fn failure(mut self) {
        self.told = true;
        self.breaker.failed(self.epoch);
    }

    /// The breaker that gave this leave.
    #[must_use]
    pub const fn breaker(&self) -> &Arc<Breaker> {
        &self.breaker
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if !self.told {
            self.breaker.abandoned(self.epoch);
        }
    }
}
