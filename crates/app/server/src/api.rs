//! A client of a running server's own routes.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;

/// A running server.
pub struct Api {
    client: Client,
    url: String,
    key: Option<String>,
}

impl Api {
    /// A server at an address; calls act with `key`.
    pub fn new(url: &str, key: Option<String>) -> anyhow::Result<Self> {
        Ok(Self {
            client: client(Duration::from_secs(30))?,
            url: url.trim_end_matches('/').to_owned(),
            key,
        })
    }

    /// Whether a server answers there.
    pub async fn is_live(&self) -> bool {
        let url = format!("{}/health/live", self.url);
        let asked = self.client.get(url).timeout(Duration::from_secs(2)).send();
        asked.await.is_ok_and(|answer| answer.status().is_success())
    }

    /// Sends a request; gives the answer's JSON, `null` where it has none.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Value> {
        let url = format!("{}{path}", self.url);
        let mut request = self.client.request(method, &url);
        if let Some(key) = &self.key {
            request = request.bearer_auth(key);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request
            .send()
            .await
            .with_context(|| format!("no answer from {url}"))?;
        let status = answer.status();
        let text = answer
            .text()
            .await
            .with_context(|| format!("the answer of {url} broke off"))?;
        let json: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        if status.is_success() {
            return Ok(json);
        }
        let told = json["error"].as_str().unwrap_or("no reason given");
        if status == StatusCode::UNAUTHORIZED && self.key.is_none() {
            bail!(
                "the server wants a key; pass --admin-key, set SWITCHYARD_ADMIN_KEY, or run where admin.key can be read"
            );
        }
        bail!("{told} ({status})");
    }
}

/// A client for short questions. It uses no proxy: what it asks is near.
pub fn client(timeout: Duration) -> anyhow::Result<Client> {
    tls();
    Client::builder()
        .no_proxy()
        .timeout(timeout)
        .connect_timeout(Duration::from_secs(5).min(timeout))
        .build()
        .context("no HTTP client")
}

/// Chooses the cryptography of TLS for this process; a second time changes nothing.
pub fn tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// The key to administer a server with: given, or the admin key's variable, or its file.
pub fn admin_key(given: Option<&str>, variable: Option<&str>, data_dir: &Path) -> Option<String> {
    given
        .or(variable)
        .map(ToOwned::to_owned)
        .or_else(|| std::fs::read_to_string(data_dir.join("admin.key")).ok())
        .map(|key| key.trim().to_owned())
        .filter(|key| !key.is_empty())
}
