//! The gateway as its users run it: settings file, command line, admin key, keys made over HTTP.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::process::Child;

use crate::{client, process};

const ADMIN_KEY: &str = "bench-administrator-key-of-enough-length";
/// Long enough under valgrind too.
const READY_WITHIN: Duration = Duration::from_secs(120);

/// A running gateway on a data folder of its own.
pub struct Gateway {
    child: Child,
    address: String,
    dir: TempDir,
    /// From the start of the process to the first ready answer.
    pub ready_after: Duration,
}

impl Gateway {
    /// Starts the binary with one provider, the mock, and waits until it is ready.
    pub async fn start(binary: &Path, mock: &str) -> Result<Self> {
        Self::start_under(&[], binary, mock).await
    }

    /// The same under another program, such as valgrind.
    pub async fn start_under(wrapper: &[String], binary: &Path, mock: &str) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let settings = dir.path().join("switchyard.toml");
        std::fs::write(
            &settings,
            format!(
                "[[providers]]\nname = \"mock\"\nkind = \"openai\"\nbase_url = \"http://{mock}/v1\"\napi_key = \"not-a-secret\"\n"
            ),
        )?;
        let address = free_address().await?;
        let log = std::fs::File::create(dir.path().join("log"))?;
        let begun = Instant::now();
        let child = process::under(wrapper, binary)
            .args(["serve", "--listen", &address, "--config"])
            .arg(&settings)
            .arg("--data-dir")
            .arg(dir.path().join("data"))
            .env("SWITCHYARD_ADMIN_KEY", ADMIN_KEY)
            .current_dir(dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::from(log.try_clone()?))
            .stderr(Stdio::from(log))
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", binary.display()))?;
        let mut gateway = Self {
            child,
            address,
            dir,
            ready_after: Duration::ZERO,
        };
        gateway.wait_ready(begun).await?;
        Ok(gateway)
    }

    /// host:port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The process.
    pub fn pid(&self) -> Result<u32> {
        self.child.id().context("the gateway has ended")
    }

    /// Makes keys as an administrator does, with everything on that costs something, and writes `use_of` of them,
    /// evenly spread, to a file for the load generator.
    pub async fn keys(&self, count: usize, use_of: usize) -> Result<PathBuf> {
        let shared = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let mut tasks = Vec::new();
        for _ in 0..16.min(count) {
            let (shared, address) = (std::sync::Arc::clone(&shared), self.address.clone());
            tasks.push(tokio::spawn(async move {
                let mut sender = client::connect(&address).await?;
                let mut made = Vec::new();
                loop {
                    let number = shared.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
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
        let every = (count / use_of.max(1)).max(1);
        let lines: Vec<String> = made
            .into_iter()
            .step_by(every)
            .take(use_of)
            .map(|(_, key)| key)
            .collect();
        let path = self.dir.path().join("keys");
        std::fs::write(&path, lines.join("\n"))?;
        Ok(path)
    }

    async fn wait_ready(&mut self, begun: Instant) -> Result<()> {
        while begun.elapsed() < READY_WITHIN {
            if is_ready(&self.address).await.unwrap_or(false) {
                self.ready_after = begun.elapsed();
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("the gateway ended with {status}: {}", self.log());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        bail!(
            "the gateway was not ready within {READY_WITHIN:?}: {}",
            self.log()
        )
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }
}

async fn is_ready(address: &str) -> Result<bool> {
    let mut sender = client::connect(address).await?;
    let request = client::request(Method::GET, address, "/health/ready", None, Bytes::new())?;
    Ok(client::send(&mut sender, request).await?.0 == 200)
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

async fn free_address() -> Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")
        .await?
        .local_addr()?
        .to_string())
}
