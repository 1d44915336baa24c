//! Keys, made over HTTP as an administrator does.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use super::{ADMIN_KEY, Gateway};
use crate::client;

impl Gateway {
    /// A key for the load generator, in a file.
    pub async fn key(&self) -> Result<PathBuf> {
        self.spread(&self.make_keys(1).await?, 1)
    }

    /// Makes keys as an administrator does, with everything on that costs something, in the order of their making.
    pub async fn make_keys(&self, count: usize) -> Result<Vec<String>> {
        let shared = Arc::new(AtomicUsize::new(0));
        let mut tasks = Vec::new();
        for _ in 0..16.min(count) {
            let (shared, address) = (Arc::clone(&shared), self.address.clone());
            tasks.push(tokio::spawn(async move {
                let mut sender = client::connect(&address).await?;
                let mut made = Vec::new();
                loop {
                    let number = shared.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return anyhow::Ok(made);
                    }
                    made.push((number, make_key(&mut sender, &address, number).await?));
                }
            }));
        }
        let mut made = Vec::new();
        for task in tasks {
            made.extend(task.await??);
        }
        made.sort_unstable();
        Ok(made.into_iter().map(|(_, key)| key).collect())
    }

    /// Writes `use_of` of the keys, evenly spread over them, to a file for the load generator.
    pub fn spread(&self, keys: &[String], use_of: usize) -> Result<PathBuf> {
        let every = (keys.len() / use_of.max(1)).max(1);
        let used: Vec<&str> = keys
            .iter()
            .step_by(every)
            .take(use_of)
            .map(String::as_str)
            .collect();
        let path = self.dir.path().join(format!("keys-{use_of}"));
        std::fs::write(&path, used.join("\n"))?;
        Ok(path)
    }
}

async fn make_key(
    sender: &mut hyper::client::conn::http1::SendRequest<http_body_util::Full<Bytes>>,
    address: &str,
    number: usize,
) -> Result<String> {
    let wanted = json!({
        "name": format!("bench-{number}"),
        "limits": {
            "requests_per_minute": 1_000_000_000_u64,
            "tokens_per_minute": 1_000_000_000_000_u64,
            "concurrent_requests": 100_000
        },
        "budgets": [{"amount_usd": "1000000", "period": "month", "hard": true}]
    });
    let body = Bytes::from(serde_json::to_vec(&wanted)?);
    let request = client::request(Method::POST, address, "/v1/keys", Some(ADMIN_KEY), body)?;
    let (status, body) = client::send(sender, request).await?;
    ensure!(
        status == 201,
        "POST /v1/keys answered {status}: {}",
        String::from_utf8_lossy(&body)
    );
    let body: Value = serde_json::from_slice(&body)?;
    body.get("key")
        .and_then(Value::as_str)
        .map(str::to_owned)
        .context("POST /v1/keys gave no key")
}
