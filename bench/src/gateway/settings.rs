//! The settings files that lanes need.

use std::fmt::Write as _;

use crate::fixture::Surface;
use crate::{mock, ways};

/// A settings file.
pub struct Settings(String);

impl Settings {
    /// The mock in the place of OpenAI, nothing else.
    pub fn one_provider(mock: &str) -> Self {
        let mut settings = Self(String::new());
        settings.provider("openai", "openai", &format!("{mock}/v1"));
        settings
    }

    /// The mock in the place of a provider of each protocol, and for each a model that leads to it whatever the caller
    /// speaks.
    pub fn every_way(mock: &str) -> Self {
        let mut settings = Self::one_provider(mock);
        settings.provider("anthropic", "anthropic", mock);
        settings.provider("compatible", "openai-compatible", &format!("{mock}/v1"));
        settings.provider("gemini", "gemini", mock);
        for surface in Surface::ALL {
            let provider = match surface {
                Surface::Chat => "compatible",
                Surface::Messages => "anthropic",
                Surface::Responses => "openai",
                Surface::Gemini => "gemini",
            };
            settings.model(&ways::model_over(surface), &[provider], surface.model());
        }
        settings
    }

    /// A provider that answers and, before it, one that refuses every request and one that refuses connections; a
    /// breaker opens after so many failures and stays open.
    pub fn falling_over(mock: &str, refusing: &str, failures: u32) -> Self {
        let mut settings = Self(format!(
            "[gateway]\nbreaker_failures = {failures}\nbreaker_open_ms = 3600000\n\n"
        ));
        let failing = format!("{mock}{}/v1", mock::FAILING);
        settings.provider("failing", "openai-compatible", &failing);
        settings.provider("gone", "openai-compatible", &format!("{refusing}/v1"));
        settings.provider("good", "openai-compatible", &format!("{mock}/v1"));
        let model = Surface::Chat.model();
        settings.model("straight", &["good"], model);
        settings.model("over-failing", &["failing", "good"], model);
        settings.model("over-gone", &["gone", "good"], model);
        settings
    }

    /// The file's text.
    pub fn as_toml(&self) -> &str {
        &self.0
    }

    /// Adds a provider at host:port and path.
    fn provider(&mut self, name: &str, kind: &str, place: &str) {
        writeln!(
            self.0,
            "[[providers]]\nname = \"{name}\"\nkind = \"{kind}\"\nbase_url = \"http://{place}\"\napi_key = \"not-a-secret\"\n"
        )
        .ok();
    }

    /// Adds a model with a price: the first provider serves it, each further one when those before it failed.
    fn model(&mut self, id: &str, providers: &[&str], model: &str) {
        let targets: Vec<String> = providers
            .iter()
            .map(|provider| format!("{{ provider = \"{provider}\", model = \"{model}\" }}"))
            .collect();
        let (first, rest) = targets.split_at(targets.len().min(1));
        writeln!(
            self.0,
            "[[models]]\nid = \"{id}\"\nroute = [{}]\nfallback = [{}]\nprice = {{ input = \"1\", output = \"5\" }}\n",
            first.concat(),
            rest.join(", ")
        )
        .ok();
    }
}
