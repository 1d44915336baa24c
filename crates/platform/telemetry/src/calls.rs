//! Figures of model calls: handles made once for each provider, model and surface, so that a call looks nothing up but one map
//! and builds no text.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ahash::AHashMap;
use facts::{CallClosed, CallStatus, Surface};
use kernel::Usage;
use parking_lot::RwLock;

use crate::metrics::{Counter, Gauge, Histogram, Registry, registry};
use crate::names;

/// Sets of handles. More providers and models than that share the model `other`.
const MAX_SETS: usize = 200;

/// Sets whose histograms carry provider and model; those after them share the histograms of `other`.
const MAX_DETAILED: usize = 50;

/// Provider names that are kept apart; they come from settings, so more is a fault.
const MAX_PROVIDERS: usize = 50;

const OTHER: &str = "other";

const OUTCOMES: [CallStatus; 8] = [
    CallStatus::Ok,
    CallStatus::UpstreamError,
    CallStatus::UpstreamFailed,
    CallStatus::TimedOut,
    CallStatus::ClientGone,
    CallStatus::BudgetStopped,
    CallStatus::Unavailable,
    CallStatus::Interrupted,
];

/// Handles of one provider, model and surface.
#[derive(Debug)]
pub struct CallMetrics {
    registry: Arc<Registry>,
    provider: Box<str>,
    model: Box<str>,
    attempts: [OnceLock<Counter>; OUTCOMES.len()],
    ended: [OnceLock<Counter>; OUTCOMES.len()],
    duration: Histogram,
    first_chunk: Histogram,
    input: Histogram,
    output: Histogram,
    tokens: [Counter; 5],
    cost: Counter,
    estimated: Counter,
    unpriced: Counter,
}

impl CallMetrics {
    fn new(
        registry: &Arc<Registry>,
        provider: &str,
        model: &str,
        surface: Surface,
        detailed: bool,
    ) -> Self {
        let (shown_provider, shown_model) = if detailed {
            (provider, model)
        } else {
            (OTHER, OTHER)
        };
        let operation = match surface {
            Surface::Embeddings => "embeddings",
            Surface::CountTokens => "count_tokens",
            Surface::Native => "native",
            Surface::Chat | Surface::Responses | Surface::Messages => "chat",
        };
        let gen_ai = [
            ("gen_ai_operation_name", operation),
            ("gen_ai_provider_name", shown_provider),
            ("gen_ai_request_model", shown_model),
        ];
        let typed = |kind| {
            let [operation, provider, model] = gen_ai;
            let labels = [operation, provider, model, ("gen_ai_token_type", kind)];
            registry.histogram(names::CALL_TOKEN_USAGE, &labels)
        };
        let pair = [("provider", provider), ("model", model)];
        let unsure = |why| {
            let labels = [pair[0], pair[1], ("why", why)];
            registry.counter(names::CALLS_UNSURE, &labels)
        };
        let kinds = ["input", "output", "reasoning", "cache_read", "cache_write"];
        Self {
            registry: Arc::clone(registry),
            provider: provider.into(),
            model: model.into(),
            attempts: Default::default(),
            ended: Default::default(),
            duration: registry.histogram(names::CALL_DURATION, &gen_ai),
            first_chunk: registry.histogram(names::CALL_FIRST_CHUNK, &gen_ai),
            input: typed("input"),
            output: typed("output"),
            tokens: kinds
                .map(|kind| registry.counter(names::TOKENS, &[pair[0], pair[1], ("type", kind)])),
            cost: registry.counter(names::COST, &pair),
            estimated: unsure("estimated"),
            unpriced: unsure("unpriced"),
        }
    }

    /// Counts one attempt at the provider.
    pub fn attempt(&self, outcome: CallStatus) {
        let slot = outcome as usize;
        self.attempts[slot]
            .get_or_init(|| {
                let labels = [
                    ("provider", &*self.provider),
                    ("model", &*self.model),
                    ("outcome", outcome.as_str()),
                ];
                self.registry.counter(names::UPSTREAM_REQUESTS, &labels)
            })
            .add(1);
    }

    /// Counts one call that this provider failed and another target took over.
    pub fn left(&self) {
        let labels = [("provider", &*self.provider)];
        self.registry.counter(names::FALLBACKS, &labels).add(1);
    }

    /// Counts one ended call with its time, tokens and cost. Attempts are counted apart, each as it ends.
    pub fn closed(&self, call: &CallClosed) {
        let slot = call.status as usize;
        self.ended[slot]
            .get_or_init(|| {
                let labels = [
                    ("provider", &*self.provider),
                    ("status", call.status.as_str()),
                ];
                self.registry.counter(names::CALLS, &labels)
            })
            .add(1);
        self.duration
            .observe(Duration::from_micros(call.duration_us).as_secs_f64());
        if let Some(first_us) = call.first_byte_us {
            self.first_chunk
                .observe(Duration::from_micros(first_us).as_secs_f64());
        }
        self.usage(&call.usage);
        if call.cost.unpriced {
            self.unpriced.add(1);
        } else if !call.cost.billed_by_client {
            self.cost
                .add(u64::try_from(call.cost.nano_usd.0).unwrap_or(0));
        }
        if call.cost.estimated {
            self.estimated.add(1);
        }
    }

    fn usage(&self, usage: &Usage) {
        let (input, output) = (usage.total_input(), usage.total_output());
        if input + output == 0 {
            return;
        }
        #[expect(
            clippy::cast_precision_loss,
            reason = "a histogram needs no more than 52 bits"
        )]
        let (wide_input, wide_output) = (input as f64, output as f64);
        self.input.observe(wide_input);
        self.output.observe(wide_output);
        let writes = usage.cache_writes();
        let counts = [
            input - usage.cache_read - writes,
            output - usage.reasoning,
            usage.reasoning,
            usage.cache_read,
            writes,
        ];
        for (counter, count) in self.tokens.iter().zip(counts) {
            if count > 0 {
                counter.add(count);
            }
        }
    }
}

/// One set of handles for each surface that was used.
type Surfaces = [Option<Arc<CallMetrics>>; 6];

#[derive(Debug, Default)]
struct Known {
    providers: AHashMap<Box<str>, AHashMap<Box<str>, Surfaces>>,
    sets: usize,
}

/// All handles for model calls.
#[derive(Debug)]
pub struct Calls {
    registry: Arc<Registry>,
    known: RwLock<Known>,
    live_calls: Gauge,
    live_streams: Gauge,
}

impl Calls {
    /// Handles in a registry.
    #[must_use]
    pub fn new(registry: &Arc<Registry>) -> Self {
        Self {
            known: RwLock::default(),
            live_calls: registry.gauge(names::CALLS_LIVE, &[]),
            live_streams: registry.gauge(names::STREAMS_LIVE, &[]),
            registry: Arc::clone(registry),
        }
    }

    /// Handles in the registry of this process.
    #[must_use]
    pub fn global() -> Self {
        Self::new(registry())
    }

    /// The handles of a provider (by its configured name), a model (as asked of that provider) and a surface. Give `other` for a
    /// model that no setting and no price book knows.
    #[must_use]
    pub fn of(&self, provider: &str, model: &str, surface: Surface) -> Arc<CallMetrics> {
        if let Some(handles) = self.known.read().get(provider, model, surface) {
            return handles;
        }
        self.make(provider, model, surface)
    }

    #[cold]
    fn make(&self, provider: &str, model: &str, surface: Surface) -> Arc<CallMetrics> {
        let mut known = self.known.write();
        let is_new = !known.providers.contains_key(provider);
        let provider = if is_new && known.providers.len() >= MAX_PROVIDERS {
            OTHER
        } else {
            provider
        };
        let model = if known.sets >= MAX_SETS { OTHER } else { model };
        if let Some(handles) = known.get(provider, model, surface) {
            return handles;
        }
        let detailed = known.sets < MAX_DETAILED;
        known.sets += 1;
        let handles = CallMetrics::new(&self.registry, provider, model, surface, detailed);
        let handles = Arc::new(handles);
        let surfaces = known
            .providers
            .entry(provider.into())
            .or_default()
            .entry(model.into())
            .or_default();
        surfaces[surface as usize] = Some(Arc::clone(&handles));
        handles
    }

    /// Counts a call as live while the guard is held.
    #[must_use]
    pub fn live_call(&self) -> crate::metrics::Held {
        self.live_calls.hold()
    }

    /// Counts a stream as live while the guard is held.
    #[must_use]
    pub fn live_stream(&self) -> crate::metrics::Held {
        self.live_streams.hold()
    }
}

impl Known {
    fn get(&self, provider: &str, model: &str, surface: Surface) -> Option<Arc<CallMetrics>> {
        self.providers.get(provider)?.get(model)?[surface as usize].clone()
    }
}

/// Counts a refusal; `scope` is a fixed name such as `key.requests_per_minute` or `budget`.
pub fn rate_limited(scope: &'static str) {
    registry()
        .counter(names::RATE_LIMITED, &[("scope", scope)])
        .add(1);
}

#[cfg(test)]
mod tests;
