//! Which model is served by whom: names, globs, weights and families, built from the settings and swapped whole.

mod entry;
mod plan;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use ahash::AHashMap;
use guard::{Breakers, Bulkhead, Glob};

use crate::cloud;
use crate::config::{ModelConfig, ProviderConfig};
use crate::error::LlmError;
use crate::kind::ProviderKind;
use crate::prices::PriceBook;
use crate::sim;
use crate::transport::{Upstream, UpstreamOptions};
use entry::price_overrides;
pub use entry::{Entry, Target};
pub use plan::{Asking, Plan};

/// All providers and models at one moment. A reload builds another; live calls keep the one they began with.
#[derive(Debug)]
pub struct Catalogue {
    providers: Vec<(ProviderConfig, Arc<Upstream>)>,
    exact: AHashMap<String, Arc<Entry>>,
    globs: Vec<(Glob, Arc<Entry>)>,
    families: Vec<(Glob, Arc<Upstream>)>,
    prices: Arc<PriceBook>,
    options: UpstreamOptions,
}

/// What an alias begins with.
const ALIAS: &str = "claude/";

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
            } else if providers[..index]
                .iter()
                .any(|known| known.name == config.name)
            {
                faults.push(setting(
                    &path,
                    "name",
                    "another provider has this name already",
                ));
            }
            let mut of_cloud = cloud::faults(config, &path);
            if !of_cloud.is_empty() {
                faults.append(&mut of_cloud);
                continue;
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
        let mut exact = AHashMap::new();
        let mut globs = Vec::new();
        let mut overrides = Vec::new();
        for (index, model) in models.iter().enumerate() {
            let path = format!("models[{index}]");
            overrides.extend(price_overrides(model));
            match entry::resolve(model, &path, &built, providers) {
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
                // Which entry it is shows when each stands alone; else several do not go together.
                let alone = models
                    .iter()
                    .position(|model| bundled.with_overrides(&price_overrides(model)).is_err());
                let path = alone.map_or_else(|| "models".to_owned(), |at| format!("models[{at}]"));
                faults.push(setting(&path, "price", &error.to_string()));
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
            same.filter(|_| previous.is_some_and(|p| p.options.keeps_connections(options)))
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

    /// The targets for a call: `provider/model`, exact id, longest glob, family; ties go to the first in the file.
    #[must_use]
    pub fn plan(&self, asking: &Asking<'_>) -> Option<Plan> {
        let model = asking.model;
        let one = |target| Some(Plan::from_elem(target, 1));
        if let Some((name, rest)) = model.split_once('/')
            && let Some(upstream) = self.provider(name)
        {
            return one(match (upstream.kind, name) {
                // The simulated models' own ids hold the slash.
                (ProviderKind::Sim, "sim") => Target::to(upstream, None),
                (ProviderKind::Sim, _) => Target::to(upstream, Some(&format!("sim/{rest}"))),
                _ => Target::to(upstream, Some(rest)),
            });
        }
        if let Some(entry) = self.exact.get(model) {
            return Some(entry.plan(asking, &self.prices));
        }
        if let Some((_, entry)) = self.globs.iter().find(|(glob, _)| glob.matches(model)) {
            return Some(entry.plan(asking, &self.prices));
        }
        let (_, upstream) = self.families.iter().find(|(glob, _)| glob.matches(model))?;
        one(Target::to(upstream, None))
    }

    /// The id by which budgets and limits know an asked model: without the name of the provider that it is sent to.
    #[must_use]
    pub fn bare<'a>(&self, model: &'a str) -> &'a str {
        let named = model.split_once('/').filter(|(name, _)| {
            self.provider(name)
                .is_some_and(|upstream| upstream.kind != ProviderKind::Sim)
        });
        named.map_or(model, |(_, rest)| rest)
    }

    /// The id behind an alias that a model goes by for clients which list ids of Anthropic's family alone:
    /// `claude/gpt-5.6` is `gpt-5.6`, unless there is a provider of that name.
    #[must_use]
    pub fn unalias<'a>(&self, model: &'a str) -> &'a str {
        match model.strip_prefix(ALIAS) {
            Some(id) if !id.is_empty() && self.provider("claude").is_none() => id,
            _ => model,
        }
    }

    /// The alias of an id that such clients would leave out.
    #[must_use]
    pub fn alias(&self, id: &str) -> Option<String> {
        let listed = id.starts_with("claude") || id.starts_with("anthropic");
        (!listed && self.provider("claude").is_none()).then(|| format!("{ALIAS}{id}"))
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

fn sim_config() -> ProviderConfig {
    ProviderConfig {
        serves: Some(sim::MODELS.iter().map(|id| (*id).to_owned()).collect()),
        ..ProviderConfig::new("sim", ProviderKind::Sim)
    }
}

fn setting(path: &str, field: &str, reason: &str) -> LlmError {
    LlmError::Setting {
        path: format!("{path}.{field}"),
        reason: reason.to_owned(),
    }
}
