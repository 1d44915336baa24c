//! The gateway as its users run it: settings file, command line, admin key, keys made over HTTP.

mod keys;
mod settings;

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::Method;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::process::Child;

use crate::{client, process};
pub use settings::Settings;

const ADMIN_KEY: &str = "bench-administrator-key-of-enough-length";
/// Long enough under valgrind too.
const READY_WITHIN: Duration = Duration::from_secs(120);
/// Live calls may go on for 30 s after the signal; there are none.
const ENDED_WITHIN: Duration = Duration::from_secs(60);

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
        Self::start_with(&[], binary, &Settings::one_provider(mock)).await
    }

    /// The same with other settings and, perhaps, under another program, such as valgrind.
    pub async fn start_with(wrapper: &[String], binary: &Path, wanted: &Settings) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let settings = dir.path().join("switchyard.toml");
        std::fs::write(&settings, wanted.as_toml())?;
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
        let ready = process::until_ready(
            &mut gateway.child,
            &gateway.address,
            "/health/ready",
            begun,
            READY_WITHIN,
        );
        gateway.ready_after = ready
            .await
            .with_context(|| format!("the gateway: {}", gateway.log()))?;
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

    /// The state of a provider's breaker, as the gateway itself shows it.
    pub async fn breaker(&self, provider: &str) -> Result<String> {
        let mut sender = client::connect(&self.address).await?;
        let path = "/v1/circuit-breakers";
        let request = client::request(
            Method::GET,
            &self.address,
            path,
            Some(ADMIN_KEY),
            Bytes::new(),
        )?;
        let (_, body) = client::send(&mut sender, request).await?;
        let shown: Value = serde_json::from_slice(&body)?;
        let breakers = shown["data"].as_array().into_iter().flatten();
        let mut of_provider = breakers.filter(|breaker| breaker["name"] == provider);
        let state = of_provider.next().and_then(|one| one["state"].as_str());
        Ok(state
            .with_context(|| format!("{path} shows no {provider}"))?
            .to_owned())
    }

    /// Ends it as a service manager does and waits until it is gone.
    pub async fn stop(mut self) -> Result<()> {
        kill(Pid::from_raw(i32::try_from(self.pid()?)?), Signal::SIGTERM)?;
        let status = tokio::time::timeout(ENDED_WITHIN, self.child.wait())
            .await
            .with_context(|| format!("the gateway went on for {ENDED_WITHIN:?}"))??;
        ensure!(
            status.success(),
            "the gateway ended with {status}: {}",
            self.log()
        );
        Ok(())
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }
}

/// A port of this machine that nothing listens on.
pub async fn free_address() -> Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")
        .await?
        .local_addr()?
        .to_string())
}
