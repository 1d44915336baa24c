//! Every client over every kind of provider: a double of each behind one product, the same piece of work over each (two
//! tools called in one turn), and a line for docs/compatibility.md for each thing that was seen to work.

mod claude_code;
mod codex;
mod drivers;
mod upstream;
mod work;

use std::sync::Arc;
use std::time::Duration;

use doubles::Provider;
use doubles::provider::reply::Surface;
use serde_json::{Value, json};
use testkit::TestApp;

pub use upstream::Upstream;
pub use work::*;

/// Each kind of provider, what it speaks to a caller of this surface, and its model.
pub const fn upstreams(caller: Surface) -> [(&'static str, Surface, &'static str); 4] {
    let openai = match caller {
        // What is asked in OpenAI's own protocol passes through.
        Surface::Chat => Surface::Chat,
        _ => Surface::Responses,
    };
    [
        ("anthropic", Surface::Messages, "claude-opus-5-5"),
        ("openai-compatible", Surface::Chat, "its-own"),
        ("openai", openai, "gpt-5.6-terra"),
        ("gemini", Surface::Gemini, "gemini-3.5-flash"),
    ]
}

/// The tools that a model calls at once: names and arguments.
pub type Calls = [(String, String); 2];

/// The product, and a provider of each kind behind it.
pub struct Matrix {
    app: TestApp,
    pub key: String,
    pub upstreams: Vec<Upstream>,
}

impl Matrix {
    /// Callers call the models by this stem and the kind of provider; each model makes these calls.
    pub async fn start(caller: Surface, stem: &str, calls: [(&str, &str); 2]) -> Self {
        let mut builder = TestApp::builder().env("SWITCHYARD__GATEWAY__RETRIES", "0");
        let mut upstreams = Vec::new();
        let mut models = String::new();
        for (kind, spoken, its_own) in self::upstreams(caller) {
            let double = Provider::start().await;
            double.on(spoken.path(), parallel(calls));
            let url = match kind {
                "anthropic" | "gemini" => double.url(),
                _ => double.openai_url(),
            };
            builder = builder.provider(kind, kind, &url);
            let model = format!("{stem}-{kind}");
            models += &format!(
                "[[models]]\nid = \"{model}\"\nroute = [{{ provider = \"{kind}\", model = \"{its_own}\" }}]\n\
                 price = {{ input = \"3\", output = \"5\", cache_read = \"1\" }}\n"
            );
            upstreams.push(Upstream {
                kind,
                spoken,
                model,
                double: Arc::new(double),
                calls: calls.map(|(name, arguments)| (name.to_owned(), arguments.to_owned())),
            });
        }
        let app = builder.settings(&models).start().await;
        let key = app.key(json!({"name": "tests", "limits": {}})).await.key;
        Self {
            app,
            key,
            upstreams,
        }
    }

    /// The address of the product.
    pub fn url(&self) -> &str {
        self.app.base()
    }

    /// Looks at the work over every provider and prints what went well; gives what did not.
    ///
    /// `returned` is how the client writes arguments when it sends them back. `work` gives the features that it saw
    /// working; what came upstream and what it cost are looked at here.
    pub async fn each<W, F>(
        &self,
        client: &str,
        returned: fn(&str) -> String,
        mut work: W,
    ) -> Vec<String>
    where
        W: FnMut(Upstream) -> F,
        F: Future<Output = Vec<&'static str>> + Send + 'static,
    {
        let mut broken = Vec::new();
        for upstream in &self.upstreams {
            let done = tokio::spawn(work(upstream.clone())).await;
            let back = upstream.clone();
            let back = tokio::spawn(async move { back.assert_came_back(returned) }).await;
            let recorded = self.recorded(&upstream.model).await;
            let recorded = tokio::spawn(async move { assert_recorded(&recorded) }).await;
            match (done, back, recorded) {
                (Ok(mut features), Ok(()), Ok(())) => {
                    features.extend(["calls and results", "cost"]);
                    for feature in features {
                        println!("cell: {client} | {} | {feature} => ok", upstream.label());
                    }
                }
                _ => broken.push(format!("{client} over {}", upstream.kind)),
            }
        }
        broken
    }

    /// The calls of a model, once there are two of them or no more are to come.
    async fn recorded(&self, model: &str) -> Vec<Value> {
        let of_model = async || -> Vec<Value> {
            let mut calls = self.app.calls().await;
            calls.retain(|call| call["requested_model"] == model);
            calls
        };
        let waiting = async {
            let mut look = tokio::time::interval(Duration::from_millis(20));
            loop {
                look.tick().await;
                let calls = of_model().await;
                if calls.len() >= 2 {
                    return calls;
                }
            }
        };
        match tokio::time::timeout(Duration::from_secs(5), waiting).await {
            Ok(calls) => calls,
            Err(_) => of_model().await,
        }
    }
}

/// Both calls of a model: whole, and priced to the last nano-dollar.
fn assert_recorded(calls: &[Value]) {
    assert_eq!(calls.len(), 2, "{calls:#?}");
    let mut calls: Vec<&Value> = calls.iter().collect();
    calls.sort_by_key(|call| call["started_at"].as_str());
    for (call, cost) in calls.into_iter().zip(COSTS) {
        assert_eq!(call["status"], "ok", "{call}");
        assert_eq!(call["stream"], true, "{call}");
        assert_eq!(call["estimated"], false, "{call}");
        assert_eq!(call["cost_nano_usd"], cost, "{call}");
    }
}
