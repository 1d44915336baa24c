//! The room itself: what is known about the process now. Everything is answered from memory.

mod cpu_profile;

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use bytes::Bytes;
use guard::{BreakerSnapshot, BreakerState, Breakers};
use kernel::{Clock, Timestamp};
use parking_lot::RwLock;
use telemetry::{Logs, Registry, names};

use crate::config::OpsSettings;
use crate::error::OpsError;
use crate::model::{Finding, Part, Phase, Readiness, judge};
use crate::ports::{ActLog, HealthProbe, LiveCalls, SettingsView};
pub use cpu_profile::{CpuProfile, ThreadTime};

/// What the room is built from.
pub struct Deps {
    /// Wall time.
    pub clock: Arc<dyn Clock>,
    /// Settings of this room.
    pub settings: OpsSettings,
    /// The product's version.
    pub version: &'static str,
    /// The parts that health depends on.
    pub probes: Vec<Arc<dyn HealthProbe>>,
    /// The breakers of all providers.
    pub breakers: Arc<Breakers>,
    /// The settings in force.
    pub settings_view: Arc<dyn SettingsView>,
    /// The calls under way.
    pub live_calls: Arc<dyn LiveCalls>,
    /// Where administrative acts are kept.
    pub acts: Arc<dyn ActLog>,
    /// The running log.
    pub logs: Logs,
    /// The metrics to show.
    pub registry: Arc<Registry>,
}

/// A part with its newest finding.
pub(crate) struct Watched {
    pub(crate) probe: Arc<dyn HealthProbe>,
    pub(crate) seen: RwLock<Option<Seen>>,
}

/// What was found, when, how long the look took, and since when it is so.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) finding: Finding,
    pub(crate) at: Timestamp,
    pub(crate) since: Timestamp,
    pub(crate) took: Duration,
}

/// The room.
pub struct Ops {
    pub(crate) deps: Deps,
    pub(crate) watched: Vec<Watched>,
    pub(crate) started_at: Timestamp,
    phase: AtomicU8,
    document: RwLock<Option<Bytes>>,
    pub(crate) profiling: tokio::sync::Mutex<()>,
}

impl std::fmt::Debug for Ops {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ops")
            .field("phase", &self.phase())
            .finish_non_exhaustive()
    }
}

impl Ops {
    /// The room, in the phase `Starting`.
    #[must_use]
    pub fn new(deps: Deps) -> Arc<Self> {
        let breakers = Arc::clone(&deps.breakers);
        deps.registry.collect("breakers", move |registry| {
            for breaker in breakers.snapshots() {
                let state = match breaker.state {
                    BreakerState::Closed => 0.0,
                    BreakerState::HalfOpen => 1.0,
                    BreakerState::Open => 2.0,
                };
                registry
                    .gauge(names::BREAKER_STATE, &[("name", &breaker.name)])
                    .set(state);
            }
        });
        let watched = deps
            .probes
            .iter()
            .map(|probe| Watched {
                probe: Arc::clone(probe),
                seen: RwLock::new(None),
            })
            .collect();
        Arc::new(Self {
            started_at: deps.clock.now(),
            watched,
            phase: AtomicU8::new(Phase::Starting as u8),
            document: RwLock::new(None),
            profiling: tokio::sync::Mutex::new(()),
            deps,
        })
    }

    /// Where the process stands.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Acquire) {
            phase if phase == Phase::Starting as u8 => Phase::Starting,
            phase if phase == Phase::Serving as u8 => Phase::Serving,
            _ => Phase::Draining,
        }
    }

    /// Moves the process on: the application says when it serves and when it drains.
    pub fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Release);
    }

    /// Hands over the finished API document, which is made from all routes, these included.
    pub fn publish(&self, document: &utoipa::openapi::OpenApi) {
        let text = serde_json::to_vec(document).map(Bytes::from).ok();
        *self.document.write() = text;
    }

    pub(crate) fn document(&self) -> Result<Bytes, OpsError> {
        self.document.read().clone().ok_or(OpsError::NoDocument)
    }

    /// The verdict with its reasons.
    #[must_use]
    pub fn readiness(&self) -> (Readiness, Vec<String>) {
        judge(self.phase(), &self.parts())
    }

    pub(crate) fn parts(&self) -> Vec<Part> {
        self.watched
            .iter()
            .map(|watched| Part {
                name: watched.probe.name(),
                gravity: watched.probe.gravity(),
                finding: watched.probe.now().or_else(|| {
                    watched
                        .seen
                        .read()
                        .as_ref()
                        .map(|seen| seen.finding.clone())
                }),
            })
            .collect()
    }

    /// Closes a breaker and forgets its models' rests.
    pub(crate) fn reset_breaker(&self, name: &str) -> Result<BreakerSnapshot, OpsError> {
        let unknown = || OpsError::NoBreaker(name.chars().take(100).collect());
        let breaker = self.deps.breakers.get(name).ok_or_else(unknown)?;
        breaker.reset();
        Ok(breaker.snapshot())
    }

    /// Writes an act down. These acts change nothing that is stored, and they are wanted most when the store is away: so a
    /// record that cannot be kept is left in the log.
    pub(crate) async fn note(&self, act: facts::Act) {
        if let Err(error) = self.deps.acts.record(act.clone()).await {
            let actor = act.actor.map(|key| key.to_string());
            tracing::warn!(
                action = act.action,
                act.target = act.target,
                change = %act.change,
                actor,
                error,
                "an administrative act could not be recorded in the store"
            );
        }
    }
}
