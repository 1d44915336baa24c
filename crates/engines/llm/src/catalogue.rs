//! Which model is served by whom: names, globs, weights and families, built from the settings and swapped whole.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use guard::{Breakers, Bulkhead, Glob};
use rand::Rng as _;

use crate::config::{ModelConfig, ProviderConfig};
use crate::error::LlmError;
use crate::kind::ProviderKind;
use crate::prices::{PriceBook, PriceOverride};
use crate::sim;
use crate::transport::{Upstream, UpstreamOptions};

/// All providers and models at one moment. A reload builds another; live calls keep the one they began with.
#[derive(Debug)]
pub struct Catalogue {
    providers: Vec<(ProviderConfig, Arc<Upstream>)>,
    exact: HashMap<String, Arc<Entry>>,
    globs: Vec<(Glob, Arc<Entry>)>,
    families: Vec<(Glob, Arc<Upstream>)>,
    prices: Arc<PriceBook>,
    options: UpstreamOptions,
}

/// One `[[models]]` entry, resolved.
#[derive(Debug)]
pub struct Entry {
    /// Its id or glob.
    pub id: String,
    /// The name shown in lists.
    pub display_name: Option<String>,
    /// Where it goes.
    pub targets: Vec<Target>,
    total_weight: u32,
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
}

impl Catalogue {
    /// Builds a catalogue. Providers whose settings did not change keep their connections from `previous`.
    pub fn build(
        providers: &[ProviderConfig],
        models: &[ModelConfig],
        options: &UpstreamOptions,
        breakers: &Breakers,
        bundled: &PriceBook,
        previous: Option<&Self>,
    ) -> Result<Self, Vec<LlmError>> {
        let mut faults = Vec::new();
        let mut built: Vec<(ProviderConfig, Arc<Upstream>)> = Vec::new();
        for (index, config) in providers.iter().enumerate() {
            let path = format!("providers[{index}]");
            if config.name.is_empty() || config.name.contains('/') {
                faults.push(setting(
                    &path,
                    "name",
                    "a provider's name is not empty and holds no slash",
                ));
            } else if built.iter().any(|(known, _)| known.name == config.name) {
                faults.push(setting(
                    &path,
                    "name",
                    "another provider has this name already",
                ));
            }
            match Self::upstream(config, &path, options, breakers, previous) {
                Ok(upstream) => built.push((config.clone(), upstream)),
                Err(fault) => faults.push(fault),
            }
        }
        if !built.iter().any(|(known, _)| known.name == "sim") {
            let config = sim_config();
            match Self::upstream(&config, "providers.sim", options, breakers, previous) {
                Ok(upstream) => built.push((config, upstream)),
                Err(fault) => faults.push(fault),
            }
        }
        let mut exact = HashMap::new();
        let mut globs = Vec::new();
        let mut overrides = Vec::new();
        for (index, model) in models.iter().enumerate() {
            let path = format!("models[{index}]");
            overrides.extend(price_overrides(model));
            match entry(model, &path, &built) {
                Err(mut found) => faults.append(&mut found),
                Ok(None) => {}
                Ok(Some(entry)) => {
                    let glob = Glob::new(&model.id);
                    if model.id.contains('*') {
                        globs.push((glob, entry));
                    } else {
                        exact.entry(model.id.clone()).or_insert(entry);
                    }
                }
            }
        }
        // The longest pattern is the most particular one; the sort is stable, so ties stay in the file's order.
        globs.sort_by_key(|(glob, _)| std::cmp::Reverse(glob.as_str().len()));
        let prices = match bundled.with_overrides(&overrides) {
            Ok(prices) => Arc::new(prices),
            Err(error) => {
                faults.push(LlmError::Setting {
                    path: "models.price".into(),
                    reason: error.to_string(),
                });
                Arc::new(bundled.clone())
            }
        };
        if !faults.is_empty() {
            return Err(faults);
        }
        let families = built
            .iter()
            .flat_map(|(config, upstream)| {
                let own = config
                    .serves
                    .iter()
                    .flatten()
                    .map(|glob| (Glob::new(glob), upstream.clone()));
                let family: &[&str] = if config.serves.is_some() {
                    &[]
                } else {
                    config.kind.family()
                };
                own.chain(
                    family
                        .iter()
                        .map(|glob| (Glob::new(glob), upstream.clone())),
                )
                .collect::<Vec<_>>()
            })
            .collect();
        Ok(Self {
            providers: built,
            exact,
            globs,
            families,
            prices,
            options: options.clone(),
        })
    }

    fn upstream(
        config: &ProviderConfig,
        path: &str,
        options: &UpstreamOptions,
        breakers: &Breakers,
        previous: Option<&Self>,
    ) -> Result<Arc<Upstream>, LlmError> {
        let breaker = breakers.ensure(&config.name, config.kind.as_str(), options.breaker);
        let same = previous.and_then(|p| p.providers.iter().find(|(known, _)| known == config));
        if let Some((_, upstream)) =
            same.filter(|_| previous.is_some_and(|p| p.options == *options))
        {
            return Ok(upstream.clone());
        }
        let bulkhead = Arc::new(Bulkhead::new(
            config.max_concurrent.unwrap_or(options.max_concurrent),
            config.max_concurrent.unwrap_or(options.max_concurrent),
            options.queue_wait,
        ));
        Upstream::new(config, path, options, breaker, bulkhead).map(Arc::new)
    }

    /// The target for an asked model: `provider/model`, exact id, longest glob, family; ties go to the first in the file.
    #[must_use]
    pub fn resolve(&self, model: &str) -> Option<Target> {
        if let Some((name, rest)) = model.split_once('/')
            && let Some(upstream) = self.provider(name)
        {
            // The simulated models' own ids hold the slash.
            let asked = if upstream.kind == ProviderKind::Sim {
                None
            } else {
                Some(rest)
            };
            return Some(Target::to(upstream, asked));
        }
        if let Some(entry) = self.exact.get(model) {
            return entry.draw();
        }
        if let Some((_, entry)) = self.globs.iter().find(|(glob, _)| glob.matches(model)) {
            return entry.draw();
        }
        let (_, upstream) = self.families.iter().find(|(glob, _)| glob.matches(model))?;
        Some(Target::to(upstream, None))
    }

    /// A provider by its configured name.
    #[must_use]
    pub fn provider(&self, name: &str) -> Option<&Arc<Upstream>> {
        self.providers
            .iter()
            .find(|(config, _)| config.name == name)
            .map(|(_, upstream)| upstream)
    }

    /// All providers in the file's order, the simulated one last unless the file places it.
    pub fn providers(&self) -> impl Iterator<Item = &Arc<Upstream>> {
        self.providers.iter().map(|(_, upstream)| upstream)
    }

    /// The `[[models]]` entries with a fixed id, sorted by it.
    #[must_use]
    pub fn entries(&self) -> BTreeMap<&str, &Arc<Entry>> {
        self.exact
            .iter()
            .map(|(id, entry)| (id.as_str(), entry))
            .collect()
    }

    /// What calls cost.
    #[must_use]
    pub fn prices(&self) -> &Arc<PriceBook> {
        &self.prices
    }

    /// Whether this provider serves the id by its family or its own globs.
    #[must_use]
    pub fn serves(&self, upstream: &Upstream, model: &str) -> bool {
        self.families
            .iter()
            .any(|(glob, known)| known.name == upstream.name && glob.matches(model))
    }
}

impl Entry {
    fn draw(&self) -> Option<Target> {
        if self.targets.len() == 1 {
            return self.targets.first().cloned();
        }
        let mut point = rand::rng().random_range(0..self.total_weight.max(1));
        for target in &self.targets {
            if point < target.weight {
                return Some(target.clone());
            }
            point -= target.weight;
        }
        None
    }
}

fn entry(
    model: &ModelConfig,
    path: &str,
    providers: &[(ProviderConfig, Arc<Upstream>)],
) -> Result<Option<Arc<Entry>>, Vec<LlmError>> {
    let mut faults = Vec::new();
    if model.id.is_empty() {
        faults.push(setting(path, "id", "a model's id is not empty"));
    }
    // An entry without a route only sets a price for an id that a family serves.
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
        let field = format!("route[{at}].provider");
        match providers
            .iter()
            .find(|(config, _)| config.name == target.provider)
        {
            Some((_, upstream)) => targets.push(Target {
                upstream: upstream.clone(),
                model: target.model.as_deref().map(Into::into),
                weight: target.weight,
            }),
            None => faults.push(setting(
                path,
                &field,
                &format!("there is no provider named {:?}", target.provider),
            )),
        }
    }
    let total_weight = targets.iter().map(|target| target.weight).sum();
    if total_weight == 0 && faults.is_empty() {
        faults.push(setting(path, "route", "at least one weight is above 0"));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(Some(Arc::new(Entry {
        id: model.id.clone(),
        display_name: model.display_name.clone(),
        targets,
        total_weight,
    })))
}

/// A price set for an id holds for each target that the id is sent to.
fn price_overrides(model: &ModelConfig) -> Vec<PriceOverride> {
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

fn sim_config() -> ProviderConfig {
    ProviderConfig {
        name: "sim".into(),
        kind: ProviderKind::Sim,
        base_url: None,
        api_key: None,
        credential: crate::config::CredentialSource::Key,
        serves: Some(sim::MODELS.iter().map(|id| (*id).to_owned()).collect()),
        headers: BTreeMap::new(),
        query: BTreeMap::new(),
        proxy: None,
        ca_file: None,
        client_cert_file: None,
        client_key_file: None,
        timeouts: crate::config::TimeoutsConfig::default(),
        region: None,
        max_concurrent: None,
        tags: Vec::new(),
    }
}

fn setting(path: &str, field: &str, reason: &str) -> LlmError {
    LlmError::Setting {
        path: format!("{path}.{field}"),
        reason: reason.to_owned(),
    }
}
