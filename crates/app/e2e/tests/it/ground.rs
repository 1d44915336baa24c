//! The ground that tests stand on: the whole product with one double behind it in the place of every provider.

use doubles::Provider;
use doubles::provider::reply::Surface;
use serde_json::{Value, json};
use testkit::TestApp;

use crate::raw::{Answer, Ask};

/// A model with a known price for each surface.
pub const fn model(surface: Surface) -> &'static str {
    match surface {
        Surface::Messages => "claude-opus-5-5",
        Surface::Chat | Surface::Responses => "gpt-5.6-terra",
        Surface::Embeddings => "text-embedding-3-small",
        Surface::Gemini => "gemini-3.5-flash",
    }
}

/// The product and the provider behind it.
pub struct Ground {
    pub app: TestApp,
    pub upstream: Provider,
    /// A key for inference without limits.
    pub key: String,
}

impl Ground {
    pub async fn start() -> Self {
        Self::with("").await
    }

    /// With further settings, as TOML.
    pub async fn with(settings: &str) -> Self {
        let upstream = Provider::start().await;
        let app = TestApp::builder()
            // Here one request is one attempt; trying again has tests of its own.
            .env("SWITCHYARD__GATEWAY__RETRIES", "0")
            .settings(settings)
            .provider("anthropic", "anthropic", &upstream.url())
            .provider("openai", "openai", &upstream.openai_url())
            .start()
            .await;
        let key = app.key(json!({"name": "tests", "limits": {}})).await.key;
        Self { app, upstream, key }
    }

    pub fn url(&self) -> &str {
        self.app.base()
    }

    /// Sends to the product with the inference key.
    pub async fn send(&self, ask: Ask) -> Answer {
        ask.bearer(&self.key).send(self.url()).await
    }

    /// All calls in the order of their admission, once there are `count` of them in the store.
    ///
    /// # Panics
    /// When there are more.
    pub async fn calls(&self, count: usize) -> Vec<Value> {
        let found = doubles::patience::expect("calls in the store", async {
            let mut look = tokio::time::interval(std::time::Duration::from_millis(50));
            loop {
                let found = self.list().await;
                if found.len() >= count {
                    return found;
                }
                look.tick().await;
            }
        })
        .await;
        assert_eq!(found.len(), count, "calls in the store");
        found
    }

    async fn list(&self) -> Vec<Value> {
        let mut rows = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self
                .app
                .get(
                    &format!("/v1/calls?limit=500{cursor}"),
                    self.app.admin_key(),
                )
                .await
                .expect(200)
                .json();
            rows.extend(page["data"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        rows.sort_by_key(|row| row["started_at"].as_str().unwrap_or_default().to_owned());
        rows
    }
}
