//! Drives a gateway as its users will, so that a build which counts what is hot sees all of it: mostly chat passed
//! through, and every other surface and pair for a while.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::gateway::{Gateway, Settings};
use crate::load::Options as Load;
use crate::process;
use crate::ways::{self, PASSED_THROUGH, TRANSLATED, Way};

/// What is trained.
#[derive(Debug, Args)]
pub struct Options {
    /// The binary `switchyard`.
    #[arg(long)]
    gateway: PathBuf,
    /// Percent of the usual time.
    #[arg(long, default_value_t = 100)]
    percent: u64,
}

/// Drives it, then ends it so that it writes down what it counted.
pub fn run(options: &Options) -> Result<()> {
    let binary = options
        .gateway
        .canonicalize()
        .with_context(|| format!("no gateway at {}", options.gateway.display()))?;
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(async {
            let (_mock, mock) = process::server(&["mock"]).await?;
            let gateway = Gateway::start_with(&[], &binary, &Settings::every_way(&mock)).await?;
            drive(&gateway, options.percent).await?;
            gateway.stop().await
        })
}

async fn drive(gateway: &Gateway, percent: u64) -> Result<()> {
    let keys = gateway.spread(&gateway.make_keys(8).await?, 8)?;
    for (what, load) in loads() {
        let load = Load {
            target: gateway.address().to_owned(),
            keys: Some(keys.clone()),
            millis: load.millis * percent / 100,
            ..load
        };
        let seen = match process::load(&load).await {
            Ok(seen) => seen,
            Err(error) if ways::is_unserved(&error) => {
                eprintln!("{what}: left out, this gateway does not serve it");
                continue;
            }
            Err(error) => return Err(error.context(format!("{what} failed"))),
        };
        ensure!(seen.all_requests > 0, "{what}: nothing was asked");
        eprintln!("{what}: {} requests", seen.all_requests);
    }
    Ok(())
}

/// Some forty seconds in all.
fn loads() -> Vec<(String, Load)> {
    let plain = |connections, millis| {
        let name = format!("chat, connections: {connections}");
        (name, Load::chat(connections, millis))
    };
    let stream = |connections, millis, pace_us| {
        let name = format!("chat streams, connections: {connections}, pace {pace_us} µs");
        let load = Load {
            stream: true,
            pace_us,
            ..Load::chat(connections, millis)
        };
        (name, load)
    };
    let large = Load {
        body_bytes: 50_000,
        ..Load::chat(8, 1_500)
    };
    let mut loads = vec![
        plain(1, 3_000),
        plain(8, 4_000),
        plain(64, 4_000),
        stream(8, 3_000, 0),
        stream(32, 3_000, 0),
        stream(1, 2_000, 5_000),
        stream(8, 2_000, 5_000),
        ("chat, 50 KB prompt".to_owned(), large),
    ];
    for way in PASSED_THROUGH.into_iter().skip(1).chain(TRANSLATED) {
        loads.extend(both(way));
    }
    loads
}

/// Whole answers and streams on one way, about a second together.
fn both(way: Way) -> [(String, Load); 2] {
    [("", false), (", streams", true)].map(|(kind, stream)| {
        let load = Load {
            stream,
            ..Load::chat(8, 450)
        };
        (format!("{}{kind}", way.name()), way.load(&load))
    })
}
