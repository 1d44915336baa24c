//! `[[models]]` entries: their targets, how one is drawn, and the prices that they set.

use std::sync::Arc;

use rand::Rng as _;

use super::setting;
use crate::config::{ModelConfig, ProviderConfig};
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
    pub targets: Vec<Target>,
}

/// One place that a model is served by.
#[derive(Debug, Clone)]
pub struct Target {
    /// The provider.
    pub upstream: Arc<Upstream>,
    /// The id asked of it; `None` keeps the asked one.
    pub model: Option<Arc<str>>,
    weight: u32,
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
    fn is_open(&self, asked: &str) -> bool {
        let breaker = &self.upstream.breaker;
        breaker.would_pass() && !breaker.is_cooled(self.model.as_deref().unwrap_or(asked))
    }
}

impl Entry {
    /// One target, by weight among those that are open; among all where none is.
    pub(super) fn draw(&self, asked: &str) -> Option<Target> {
        if let [only] = self.targets.as_slice() {
            return Some(only.clone());
        }
        let open: Vec<&Target> = self.targets.iter().filter(|t| t.is_open(asked)).collect();
        draw(&open).or_else(|| draw(&self.targets.iter().collect::<Vec<_>>()))
    }
}

fn draw(targets: &[&Target]) -> Option<Target> {
    let total: u64 = targets.iter().map(|target| u64::from(target.weight)).sum();
    if total == 0 {
        return None;
    }
    let mut point = rand::rng().random_range(0..total);
    for target in targets {
        let weight = u64::from(target.weight);
        if point < weight {
            return Some((*target).clone());
        }
        point -= weight;
    }
    None
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
        if model.price.is_none() {
            return Err(vec![setting(
                path,
                "route",
                "name at least one provider, or a price for a model served anyway",
            )]);
        }
        return Ok(None);
    }
    let mut targets = Vec::new();
    for (at, target) in model.route.iter().enumerate() {
        let found = providers
            .iter()
            .find(|(config, _)| config.name == target.provider);
        match found {
            Some((_, upstream)) => targets.push(Target {
                upstream: upstream.clone(),
                model: target.model.as_deref().map(Into::into),
                weight: target.weight,
            }),
            // It is there, and what is wrong with it is listed already.
            None if configured.iter().any(|p| p.name == target.provider) => {}
            None => faults.push(setting(
                path,
                &format!("route[{at}].provider"),
                &format!("there is no provider named {:?}", target.provider),
            )),
        }
    }
    if faults.is_empty() && model.route.iter().all(|target| target.weight == 0) {
        faults.push(setting(path, "route", "at least one weight is above 0"));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(Some(Arc::new(Entry {
        id: model.id.clone(),
        display_name: model.display_name.clone(),
        targets,
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
