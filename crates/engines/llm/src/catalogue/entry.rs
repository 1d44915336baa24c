//! `[[models]]` entries: their targets and the prices that they set.

use std::sync::Arc;

use super::setting;
use crate::config::{ModelConfig, ProviderConfig, Strategy};
use crate::error::LlmError;
use crate::prices::PriceOverride;
use crate::transport::Upstream;

/// One `[[models]]` entry, resolved.
#[derive(Debug)]
pub struct Entry {
    /// Its id or glob.
    pub id: String,
    /// The name shown in lists.
    pub display_name: Option<String>,
    /// Where it goes.
    pub route: Vec<Target>,
    /// Where it goes when the route fails, in this order.
    pub fallback: Vec<Target>,
    pub(super) strategy: Strategy,
}

/// One place that a model is served by.
#[derive(Debug, Clone)]
pub struct Target {
    /// The provider.
    pub upstream: Arc<Upstream>,
    /// The id asked of it; `None` keeps the asked one.
    pub model: Option<Arc<str>>,
    pub(super) weight: u32,
}

impl Target {
    /// This provider, whatever the catalogue says.
    #[must_use]
    pub fn to(upstream: &Arc<Upstream>, model: Option<&str>) -> Self {
        Self {
            upstream: upstream.clone(),
            model: model.map(Into::into),
            weight: 1,
        }
    }

    /// Whether the provider may be called now and does not let this model rest.
    pub(super) fn is_open(&self, asked: &str) -> bool {
        let breaker = &self.upstream.breaker;
        breaker.would_pass() && !breaker.is_cooled(self.model.as_deref().unwrap_or(asked))
    }
}

/// An entry with its providers found; `None` for one that only sets a price for an id that a family serves.
pub(super) fn resolve(
    model: &ModelConfig,
    path: &str,
    providers: &[(ProviderConfig, Arc<Upstream>)],
    configured: &[ProviderConfig],
) -> Result<Option<Arc<Entry>>, Vec<LlmError>> {
    let mut faults = Vec::new();
    if model.id.is_empty() {
        faults.push(setting(path, "id", "a model's id is not empty"));
    }
    if model.route.is_empty() && faults.is_empty() {
        if model.price.is_none() || !model.fallback.is_empty() {
            return Err(vec![setting(
                path,
                "route",
                "name at least one provider, or a price for a model served anyway",
            )]);
        }
        return Ok(None);
    }
    let mut target = |list: &str, at: usize, provider: &str, asked: Option<&str>, weight: u32| {
        let found = providers.iter().find(|(config, _)| config.name == provider);
        if let Some((_, upstream)) = found {
            return Some(Target {
                weight,
                ..Target::to(upstream, asked)
            });
        }
        // It may be there, and what is wrong with it is listed already.
        if !configured.iter().any(|known| known.name == provider) {
            faults.push(setting(
                path,
                &format!("{list}[{at}].provider"),
                &format!("there is no provider named {provider:?}"),
            ));
        }
        None
    };
    let route = (model.route.iter().enumerate())
        .filter_map(|(at, to)| target("route", at, &to.provider, to.model.as_deref(), to.weight))
        .collect();
    let fallback = (model.fallback.iter().enumerate())
        .filter_map(|(at, to)| target("fallback", at, &to.provider, to.model.as_deref(), 1))
        .collect();
    if faults.is_empty() && model.route.iter().all(|target| target.weight == 0) {
        faults.push(setting(path, "route", "at least one weight is above 0"));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(Some(Arc::new(Entry {
        id: model.id.clone(),
        display_name: model.display_name.clone(),
        route,
        fallback,
        strategy: model.strategy,
    })))
}

/// A price set for an id holds for each target that the id is sent to.
pub(super) fn price_overrides(model: &ModelConfig) -> Vec<PriceOverride> {
    let Some(rates) = &model.price else {
        return Vec::new();
    };
    if model.route.is_empty() {
        return vec![PriceOverride {
            provider: None,
            model: model.id.clone(),
            rates: rates.clone(),
        }];
    }
    model
        .route
        .iter()
        .map(|target| PriceOverride {
            provider: Some(target.provider.clone()),
            model: target.model.clone().unwrap_or_else(|| model.id.clone()),
            rates: rates.clone(),
        })
        .collect()
}
