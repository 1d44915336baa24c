//! One cloud behind the product: its double, the settings that lead there, and a key for both sorts of routes.

use std::sync::Arc;

use doubles::Provider;
use doubles::cloud::bedrock::Credential;
use doubles::cloud::sigv4::Keys;
use doubles::cloud::vertex::Vertex;
use doubles::cloud::{azure, bedrock};
use doubles::provider::reply::Surface;
use doubles::provider::{Recorded, Reply, Script};
use serde_json::{Value, json};
use testkit::TestApp;

use crate::raw::{Answer, Ask};

/// Which cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Azure,
    Bedrock,
    Vertex,
}

enum Double {
    One(Provider),
    Vertex(Vertex),
}

pub struct Cloud {
    pub app: TestApp,
    pub key: String,
    double: Double,
}

const ACCESS_KEY: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

impl Cloud {
    /// The model `house` leads to `model` there, which says this.
    pub async fn start(kind: Kind, model: &str, reply: Reply) -> Self {
        Self::with(kind, model, reply, "").await
    }

    /// With further lines for the provider.
    pub async fn with(kind: Kind, model: &str, reply: Reply, lines: &str) -> Self {
        Self::build(kind, model, reply, lines, false).await
    }

    pub async fn with_a_wrong_credential(kind: Kind, model: &str) -> Self {
        Self::build(kind, model, Reply::text("never"), "", true).await
    }

    async fn build(kind: Kind, model: &str, reply: Reply, lines: &str, wrong: bool) -> Self {
        let double = match kind {
            Kind::Vertex => Double::Vertex(Vertex::start(reply).await),
            Kind::Azure => {
                let provider = Provider::start().await;
                provider.otherwise(azure::answer("azure-key-0123456789", "no token", reply));
                Double::One(provider)
            }
            Kind::Bedrock => {
                let provider = Provider::start().await;
                let keys = Keys {
                    id: ACCESS_KEY.to_owned(),
                    secret: SECRET.to_owned(),
                    session_token: None,
                    region: "us-east-1".to_owned(),
                    service: "bedrock".to_owned(),
                };
                provider.otherwise(bedrock::answer(Credential::Signed(keys), reply));
                Double::One(provider)
            }
        };
        let provider = match &double {
            Double::One(provider) => provider,
            Double::Vertex(vertex) => &vertex.provider,
        };
        let secret = |right: &str| if wrong { "some-other-key" } else { right }.to_owned();
        let own = match &double {
            Double::Vertex(vertex) => {
                let account = vertex.service_account();
                // An account that Google does not know, for the double: one whose key is another.
                let account = if wrong {
                    account.replace("@double.", "@other.")
                } else {
                    account
                };
                format!(
                    "kind = \"vertex\"\nregion = \"us-east5\"\nservice_account = '''{account}'''\n"
                )
            }
            Double::One(_) if kind == Kind::Azure => {
                let key = secret("azure-key-0123456789");
                format!("kind = \"azure\"\napi_key = \"{key}\"\n")
            }
            Double::One(_) => format!(
                "kind = \"bedrock\"\nregion = \"us-east-1\"\naccess_key_id = \"{ACCESS_KEY}\"\nsecret_access_key = \"{}\"\n",
                secret(SECRET)
            ),
        };
        let base = provider.url();
        // In no list, so the settings say it.
        let price = if model.starts_with("amazon.") {
            "price = { input = \"0.8\", output = \"3.2\" }\n"
        } else {
            ""
        };
        let app = TestApp::builder()
            .env("SWITCHYARD__GATEWAY__RETRIES", "0")
            .settings(&format!(
                "[[providers]]\nname = \"cloud\"\nbase_url = \"{base}\"\n{own}{lines}\n[[models]]\nid = \"house\"\nroute = [{{ provider = \"cloud\", model = \"{model}\" }}]\n{price}"
            ))
            .start()
            .await;
        let scopes = ["gateway:invoke", "gateway:passthrough"];
        let key = json!({"name": "tests", "limits": {}, "scopes": scopes});
        let key = app.key(key).await.key;
        Self { app, key, double }
    }

    pub fn provider(&self) -> &Provider {
        match &self.double {
            Double::One(provider) => provider,
            Double::Vertex(vertex) => &vertex.provider,
        }
    }

    /// What the next request for this target gets; no credential is asked for.
    pub fn next(&self, target: &str, script: Script) {
        let path = target.split('?').next().unwrap();
        self.provider().next(path, script);
    }

    pub async fn ask(&self, caller: Surface, stream: bool) -> Answer {
        let body = caller.request("house", stream);
        self.send(Ask::post(caller.path(), body.to_string())).await
    }

    pub async fn send(&self, ask: Ask) -> Answer {
        ask.bearer(&self.key).send(self.app.base()).await
    }

    /// The last request for a model.
    pub fn asked(&self) -> Arc<Recorded> {
        self.provider().requests().pop().unwrap()
    }

    /// The only call in the record.
    pub async fn call(&self) -> Value {
        let calls = self.app.calls_at_least(1).await;
        assert_eq!(calls.len(), 1);
        self.app.call(calls[0]["id"].as_str().unwrap()).await
    }
}
