//! The room itself: what it needs, its settings and catalogue at one moment, and how both are swapped.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use guard::{BreakerSettings, Breakers};
use journal::Journal;
use kernel::Clock;
use llm::config::{ModelConfig, ProviderConfig, TimeoutsConfig};
use llm::prices::PriceBook;
use llm::{Catalogue, LlmError, Timeouts, UpstreamOptions};
use web::Authenticate;

use crate::config::{BudgetsConfig, GatewayConfig};
use crate::estimate::Estimator;
use crate::live::Live;
use crate::metrics::CallFigures;
use crate::ports::PayloadSink;
use crate::signatures::Signatures;

/// What the gateway is built from.
#[derive(Clone)]
pub struct Deps {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Where calls are recorded.
    pub journal: Journal,
    /// Who is calling.
    pub authenticate: Arc<dyn Authenticate>,
    /// Where captured payloads go.
    pub payloads: Arc<dyn PayloadSink>,
    /// Breakers, shared with the pages that list them.
    pub breakers: Arc<Breakers>,
    /// The price book as shipped.
    pub prices: Arc<PriceBook>,
    /// Marks what is handed out for one provider; the same in every process of the house.
    pub marker: Arc<crypto::Marker>,
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}

/// The part of the settings that a reload swaps.
#[derive(Debug, Clone, Default)]
pub struct GatewaySettings {
    /// `[gateway]`
    pub gateway: GatewayConfig,
    /// `[budgets]`
    pub budgets: BudgetsConfig,
    /// `[[providers]]`
    pub providers: Vec<ProviderConfig>,
    /// `[[models]]`
    pub models: Vec<ModelConfig>,
}

/// Settings and catalogue at one moment; a call keeps the state that it began with.
#[derive(Debug)]
pub(crate) struct State {
    pub config: GatewayConfig,
    pub budgets: BudgetsConfig,
    pub catalogue: Catalogue,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub deps: Deps,
    pub state: ArcSwap<State>,
    pub estimator: Estimator,
    pub live: Arc<Live>,
    pub metrics: CallFigures,
    pub signatures: Signatures,
}

/// The model gateway. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Gateway {
    pub(crate) shared: Arc<Shared>,
}

impl Gateway {
    /// Builds the gateway; every fault of providers and models is listed.
    pub fn new(deps: Deps, settings: &GatewaySettings) -> Result<Self, Vec<LlmError>> {
        let state = build(&deps, settings, None)?;
        Ok(Self {
            shared: Arc::new(Shared {
                state: ArcSwap::from_pointee(state),
                estimator: Estimator::default(),
                live: Arc::new(Live::default()),
                metrics: CallFigures::default(),
                signatures: Signatures::default(),
                deps,
            }),
        })
    }

    /// Swaps providers, models, prices and limits of size and time. Faults change nothing.
    pub fn reload(&self, settings: &GatewaySettings) -> Result<(), Vec<LlmError>> {
        let previous = self.shared.state.load_full();
        let built = build(&self.shared.deps, settings, Some(&previous.catalogue));
        // Breakers of providers that went, or that a refused reload would have brought, are not listed.
        let catalogue = &built.as_ref().unwrap_or(&previous).catalogue;
        let breakers = &self.shared.deps.breakers;
        breakers.retain(|name| catalogue.provider(name).is_some());
        self.shared.state.store(Arc::new(built?));
        Ok(())
    }

    /// Checks settings without using them.
    pub fn check(
        settings: &GatewaySettings,
        prices: &PriceBook,
        clock: Arc<dyn Clock>,
    ) -> Vec<LlmError> {
        let breakers = Breakers::new(clock);
        catalogue(settings, &breakers, prices, None)
            .err()
            .unwrap_or_default()
    }

    /// The calls under way.
    #[must_use]
    pub fn live(&self) -> &Arc<Live> {
        &self.shared.live
    }
}

fn build(
    deps: &Deps,
    settings: &GatewaySettings,
    previous: Option<&Catalogue>,
) -> Result<State, Vec<LlmError>> {
    Ok(State {
        catalogue: catalogue(settings, &deps.breakers, &deps.prices, previous)?,
        config: settings.gateway.clone(),
        budgets: settings.budgets.clone(),
    })
}

fn catalogue(
    settings: &GatewaySettings,
    breakers: &Breakers,
    prices: &PriceBook,
    previous: Option<&Catalogue>,
) -> Result<Catalogue, Vec<LlmError>> {
    let config = &settings.gateway;
    let options = UpstreamOptions {
        timeouts: timeouts(config.timeouts),
        proxy: config.proxy.clone(),
        no_proxy: config.no_proxy.clone(),
        breaker: BreakerSettings {
            failures: config.breaker_failures,
            open: Duration::from_millis(config.breaker_open_ms),
        },
        max_idle: config.max_idle_connections,
        max_concurrent: config.max_concurrent,
        queue_wait: Duration::from_millis(config.queue_wait_ms),
    };
    Catalogue::build(
        &settings.providers,
        &settings.models,
        &options,
        breakers,
        prices,
        previous,
    )
}

fn timeouts(config: TimeoutsConfig) -> Timeouts {
    let minutes = |n: u64| Duration::from_secs(60 * n);
    Timeouts {
        connect: Duration::from_secs(10),
        first_byte: minutes(10),
        idle: minutes(5),
        total: minutes(60),
    }
    .overridden_by(config)
}
