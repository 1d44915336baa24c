//! A started product and the few requests that every test makes.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use reqwest::{Method, RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::{Value, json};

use crate::builder::{ADMIN_KEY, Builder};

/// The whole product, started in this process.
pub struct TestApp {
    running: Option<app::Running>,
    base: String,
    client: reqwest::Client,
    settings_file: PathBuf,
    data_dir: PathBuf,
    scratch: Option<tempfile::TempDir>,
}

/// A key that was just made.
#[derive(Debug, Clone)]
pub struct IssuedKey {
    /// Its id.
    pub id: String,
    /// The secret, shown once.
    pub key: String,
}

/// An answer read whole.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!("no JSON ({error}): {}", String::from_utf8_lossy(&self.body))
        })
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header's text; empty when it is not there.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("")
    }

    /// Insists on a status and shows the body otherwise.
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self
    }
}

impl TestApp {
    /// Defaults: SQLite, no provider but the simulated one.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// A builder.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn new(
        running: app::Running,
        scratch: tempfile::TempDir,
        file: PathBuf,
        data_dir: PathBuf,
    ) -> Self {
        Self {
            base: format!("http://{}", running.address()),
            running: Some(running),
            client: reqwest::Client::builder()
                .no_proxy()
                .build()
                .expect("a client"),
            settings_file: file,
            data_dir,
            scratch: Some(scratch),
        }
    }

    /// The address of the product, without a slash at its end.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The full address of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The key that holds every scope.
    #[must_use]
    pub fn admin_key(&self) -> &'static str {
        ADMIN_KEY
    }

    /// The settings file that it runs on.
    #[must_use]
    pub fn settings_file(&self) -> &Path {
        &self.settings_file
    }

    /// Its data folder.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// The running product.
    #[must_use]
    pub fn running(&self) -> &app::Running {
        self.running.as_ref().expect("the product runs")
    }

    /// A request with a key; send it with [`answer`](Self::answer) or by hand.
    pub fn request(&self, method: Method, path: &str, key: &str) -> RequestBuilder {
        self.client.request(method, self.url(path)).bearer_auth(key)
    }

    /// Sends a request and reads the answer whole.
    pub async fn answer(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.expect("an answer");
        Answer {
            status: response.status(),
            headers: response.headers().clone(),
            body: response.bytes().await.expect("a whole body"),
        }
    }

    /// `GET` with a key.
    pub async fn get(&self, path: &str, key: &str) -> Answer {
        self.answer(self.request(Method::GET, path, key)).await
    }

    /// `POST` of JSON with a key.
    pub async fn post(&self, path: &str, key: &str, body: &Value) -> Answer {
        self.answer(self.request(Method::POST, path, key).json(body))
            .await
    }

    /// `DELETE` with a key.
    pub async fn delete(&self, path: &str, key: &str) -> Answer {
        self.answer(self.request(Method::DELETE, path, key)).await
    }

    /// Makes a key; `fields` without a name gets one.
    pub async fn key(&self, mut fields: Value) -> IssuedKey {
        if fields.get("name").is_none() {
            fields["name"] = json!("test");
        }
        let made = self
            .post("/v1/keys", ADMIN_KEY, &fields)
            .await
            .expect(201)
            .json();
        IssuedKey {
            id: made["id"].as_str().expect("an id").to_owned(),
            key: made["key"].as_str().expect("a secret").to_owned(),
        }
    }

    /// The record of a call.
    pub async fn call(&self, id: &str) -> Value {
        self.get(&format!("/v1/calls/{id}"), ADMIN_KEY)
            .await
            .expect(200)
            .json()
    }

    /// All calls, newest first, at most 500.
    pub async fn calls(&self) -> Vec<Value> {
        let page = self
            .get("/v1/calls?limit=500", ADMIN_KEY)
            .await
            .expect(200)
            .json();
        page["data"].as_array().expect("a list").clone()
    }

    /// Waits until that many calls stand in the record, and gives them newest first.
    pub async fn calls_at_least(&self, count: usize) -> Vec<Value> {
        let waiting = async {
            loop {
                let calls = self.calls().await;
                if calls.len() >= count {
                    return calls;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(crate::PATIENCE, waiting)
            .await
            .expect("the calls are recorded in time")
    }

    /// Usage by model.
    pub async fn usage(&self) -> Value {
        self.get("/v1/analytics/usage?group_by=model", ADMIN_KEY)
            .await
            .expect(200)
            .json()
    }

    /// Stops it in order and gives its folder back, for a restart on the same data.
    pub async fn stop(mut self) -> Option<tempfile::TempDir> {
        if let Some(running) = self.running.take() {
            running.stop().await;
        }
        self.scratch.take()
    }
}
