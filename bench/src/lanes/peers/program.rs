//! The other gateways: where they are installed, how they are started, how they are told where a call shall go.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::fixture::Surface;
use crate::gateway::free_address;
use crate::load::Options;
use crate::peers::{Measured, Peer};
use crate::process;
use crate::ways::{self, Way};

/// Importing its Python alone takes seconds on a busy machine.
const READY_WITHIN: Duration = Duration::from_secs(180);

/// It does not start without one, and it must not be a weak one.
const MASTER_KEY: &str = "sk-bench-7f3c0d9e5b1a4c8892e6f0a7d4b3c2e1";

/// What can be measured beside ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    LiteLlm,
    Portkey,
}

/// One that runs.
pub struct Running {
    /// What it is called in the report.
    pub name: String,
    /// None is ours.
    program: Option<Program>,
    peer: Peer,
    mock: String,
    _process: Option<(Child, TempDir)>,
}

impl Program {
    pub const ALL: [Self; 2] = [Self::LiteLlm, Self::Portkey];

    /// Its maker's name for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LiteLlm => "LiteLLM",
            Self::Portkey => "Portkey",
        }
    }

    /// Starts it from where it is installed and waits until it answers.
    pub async fn start(self, installed: Option<&Path>, mock: &str) -> Result<Running> {
        let installed = installed.context("no folder given where it is installed (--peers-dir)")?;
        let dir = tempfile::tempdir()?;
        let address = free_address().await?;
        let port = address.rsplit(':').next().unwrap_or_default();
        let (mut command, ready) = match self {
            Self::LiteLlm => (
                litellm(installed, dir.path(), mock, port)?,
                "/health/liveliness",
            ),
            Self::Portkey => (portkey(installed, port)?, "/"),
        };
        let log = std::fs::File::create(dir.path().join("log"))?;
        let begun = Instant::now();
        let mut child = command
            .current_dir(dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::from(log.try_clone()?))
            .stderr(Stdio::from(log))
            .kill_on_drop(true)
            .spawn()?;
        process::until_ready(&mut child, &address, ready, begun, READY_WITHIN).await?;
        let keys = dir.path().join("keys");
        std::fs::write(&keys, MASTER_KEY)?;
        Ok(Running {
            name: format!("{} {}", self.name(), self.version(installed)?),
            program: Some(self),
            peer: Peer {
                target: address,
                pid: child.id(),
                keys: Some(keys),
            },
            mock: mock.to_owned(),
            _process: Some((child, dir)),
        })
    }

    /// The version that is installed.
    fn version(self, installed: &Path) -> Result<String> {
        match self {
            Self::LiteLlm => {
                let pins = std::fs::read_to_string(installed.join("venv/requirements.txt"))?;
                let pin = pins
                    .lines()
                    .find_map(|line| line.strip_prefix("litellm[proxy]=="));
                Ok(pin.context("no version of litellm is pinned")?.to_owned())
            }
            Self::Portkey => {
                let package = std::fs::read(package(installed).join("package.json"))?;
                let package: serde_json::Value = serde_json::from_slice(&package)?;
                let version = package["version"].as_str();
                Ok(version.context("the package has no version")?.to_owned())
            }
        }
    }
}

impl Running {
    /// The gateway that all of this is about.
    pub fn ours(peer: Peer) -> Self {
        Self {
            name: "Switchyard".to_owned(),
            program: None,
            peer,
            mock: String::new(),
            _process: None,
        }
    }

    /// Some calls that do not count, so that what is done once is over.
    pub async fn warm_up(&self, way: Way, load: &Options) -> Result<()> {
        let warm_up = Options {
            requests: Some(100),
            ..load.clone()
        };
        self.measure(way, &warm_up).await.map(|_| ())
    }

    /// Measures that load on that way.
    pub async fn measure(&self, way: Way, load: &Options) -> Result<Measured> {
        let mut load = way.load(load);
        if self.program == Some(Program::Portkey) {
            let provider = match way.upstream {
                Surface::Messages => "anthropic",
                Surface::Gemini => "google",
                Surface::Chat | Surface::Responses => "openai",
            };
            load.model = Some(way.upstream.model().to_owned());
            load.headers = vec![
                format!("x-portkey-provider: {provider}"),
                format!("x-portkey-custom-host: http://{}/v1", self.mock),
            ];
        }
        self.peer.measure(&load).await
    }
}

fn litellm(installed: &Path, dir: &Path, mock: &str, port: &str) -> Result<Command> {
    let program = installed.join("venv/bin/litellm");
    ensure!(program.is_file(), "it is not installed");
    let model = |upstream: Surface, provider: &str, base: &str| {
        format!(
            "  - model_name: {}\n    litellm_params: {{model: {provider}/{}, api_base: \"http://{base}\", api_key: none}}\n",
            ways::model_over(upstream),
            upstream.model()
        )
    };
    let config = dir.join("config.yaml");
    let models = [
        model(Surface::Messages, "anthropic", mock),
        model(Surface::Chat, "openai", &format!("{mock}/v1")),
    ];
    std::fs::write(&config, format!("model_list:\n{}", models.concat()))?;
    let mut command = Command::new(program);
    command
        .arg("--config")
        .arg(config)
        .args(["--host", "127.0.0.1", "--port", port])
        .args(["--num_workers", "1", "--telemetry", "False"])
        .env("LITELLM_MASTER_KEY", MASTER_KEY)
        // Prices from the package instead of from the network.
        .env("LITELLM_LOCAL_MODEL_COST_MAP", "True")
        // Messages over chat, as ours; by itself it would ask OpenAI's models over Responses.
        .env(
            "LITELLM_USE_CHAT_COMPLETIONS_URL_FOR_ANTHROPIC_MESSAGES",
            "true",
        );
    Ok(command)
}

fn portkey(installed: &Path, port: &str) -> Result<Command> {
    let program = package(installed).join("build/start-server.js");
    ensure!(program.is_file(), "it is not installed");
    let mut command = Command::new("node");
    command
        .arg(program)
        .arg(format!("--port={port}"))
        .arg("--headless");
    Ok(command)
}

fn package(installed: &Path) -> PathBuf {
    installed.join("node_modules/@portkey-ai/gateway")
}
