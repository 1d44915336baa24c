//! The settings files that lanes need.

use std::fmt::Write as _;

use crate::fixture::Surface;
use crate::ways;

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
