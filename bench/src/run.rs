//! One run: start the mock, the proxy and the gateway, measure the lanes asked for, report.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::gateway::Gateway;
use crate::lanes::{self, Effort, Lane};
use crate::peers::{Peer, Three};
use crate::process;
use crate::report::Report;

/// What to measure.
#[derive(Debug, Args)]
pub struct Options {
    /// The binary `switchyard`, from a release or dist build.
    #[arg(long)]
    gateway: PathBuf,
    /// Only these lanes.
    #[arg(long, value_delimiter = ',')]
    lanes: Vec<Lane>,
    /// Where other gateways are installed, for the lane `peers`.
    #[arg(long, env = "SWITCHYARD_BENCH_PEERS")]
    peers_dir: Option<PathBuf>,
    /// Short rounds and few of them.
    #[arg(long)]
    quick: bool,
    /// Where the report goes as markdown; without it, to the terminal.
    #[arg(long)]
    markdown: Option<PathBuf>,
    /// Where the report goes as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
    /// End with an error where a bound does not hold.
    #[arg(long)]
    strict: bool,
}

/// Measures and reports.
pub fn run(options: &Options) -> Result<()> {
    let binary = options
        .gateway
        .canonicalize()
        .with_context(|| format!("no gateway at {}", options.gateway.display()))?;
    let options = Options {
        gateway: binary,
        lanes: options.lanes.clone(),
        peers_dir: options.peers_dir.clone(),
        markdown: options.markdown.clone(),
        json: options.json.clone(),
        ..*options
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut report = runtime.block_on(measure(&options))?;
    report.judge();
    let markdown = report.markdown();
    match &options.markdown {
        Some(path) => std::fs::write(path, markdown)?,
        None => println!("{markdown}"),
    }
    if let Some(path) = &options.json {
        std::fs::write(path, serde_json::to_string_pretty(&report)?)?;
    }
    let broken = report.claims.iter().filter(|claim| !claim.holds()).count();
    ensure!(
        broken == 0 || !options.strict,
        "{broken} bounds do not hold"
    );
    Ok(())
}

async fn measure(options: &Options) -> Result<Report> {
    let effort = if options.quick {
        Effort::QUICK
    } else {
        Effort::FULL
    };
    let wanted = |lane: Lane| {
        options.lanes.contains(&lane) || (options.lanes.is_empty() && !lane.is_extra())
    };
    let (_mock, mock) = process::server(&["mock"]).await?;
    let (proxy_process, proxy) = process::server(&["proxy", &mock]).await?;
    let mut report = Report::default();
    if wanted(Lane::Plain) || wanted(Lane::Streams) || wanted(Lane::Large) {
        let gateway = Gateway::start(&options.gateway, &mock).await?;
        let three = Three {
            direct: Peer {
                target: mock.clone(),
                pid: None,
                keys: None,
            },
            proxy: Peer {
                target: proxy,
                pid: proxy_process.id(),
                keys: None,
            },
            gateway: Peer {
                target: gateway.address().to_owned(),
                pid: Some(gateway.pid()?),
                keys: Some(gateway.key().await?),
            },
        };
        if wanted(Lane::Plain) {
            report.plain = lanes::plain(&three, effort).await?;
        }
        if wanted(Lane::Streams) {
            report.streams = lanes::streams(&three, effort).await?;
        }
        if wanted(Lane::Large) {
            report.large = lanes::large(&three, effort).await?;
        }
    }
    if wanted(Lane::Start) {
        report.start = Some(lanes::start(&options.gateway, &mock).await?);
    }
    if wanted(Lane::Memory) {
        report.memory = Some(lanes::memory(&options.gateway, &mock, effort).await?);
    }
    if wanted(Lane::Keys) {
        report.keys = lanes::keys(&options.gateway, &mock, effort).await?;
    }
    if wanted(Lane::Translation) {
        let (rows, notes) = lanes::translation(&options.gateway, &mock, effort).await?;
        report.translation = rows;
        report.note(Lane::Translation, notes);
    }
    if wanted(Lane::Fallback) {
        report.fallback = lanes::fallback(&options.gateway, &mock, effort).await?;
    }
    if wanted(Lane::Peers) {
        let dir = options.peers_dir.as_deref();
        let (rows, notes) = lanes::peers(&options.gateway, &mock, dir, effort).await?;
        report.peers = rows;
        report.note(Lane::Peers, notes);
    }
    if wanted(Lane::Instructions) {
        report.instructions = lanes::instructions(&options.gateway, &mock).await?;
    }
    Ok(report)
}
