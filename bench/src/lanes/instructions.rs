//! Instructions instead of time, for ratios too small to be told by a clock: the same for the same binary, whatever else
//! the machine does. Needs valgrind.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use tempfile::TempDir;
use tokio::process::Command;

use super::{Effort, load};
use crate::fixture::Surface;
use crate::gateway::{Gateway, Settings};
use crate::load::Options;
use crate::process;

/// A program under valgrind is some fifty times slower.
const REQUESTS: u64 = 2_000;
const STREAMS: u64 = 100;

/// Work that follows a request (the journal's way to the store) ends within this, also under valgrind.
const SETTLE: Duration = Duration::from_secs(5);

/// One load.
#[derive(Debug, Clone, Serialize)]
pub struct Instructions {
    /// What was sent.
    pub name: &'static str,
    /// What instructions are divided by.
    pub unit: &'static str,
    /// Of the bare proxy.
    pub proxy: f64,
    /// Of the gateway.
    pub gateway: f64,
}

/// Counts each load through the proxy and through the gateway.
pub async fn instructions(binary: &Path, mock: &str) -> Result<Vec<Instructions>> {
    let dir = tempfile::tempdir()?;
    let (child, address) =
        process::server_under(&callgrind(&dir, "proxy"), &["proxy", mock]).await?;
    let proxy = Counted::new(&dir, "proxy", child.id(), &address, None)?;
    let of_proxy = proxy.count_all().await?;
    drop(child);
    let gateway = Gateway::start_with(
        &callgrind(&dir, "gateway"),
        binary,
        &Settings::one_provider(mock),
    )
    .await?;
    let keys = gateway.key().await?;
    let counted = Counted::new(
        &dir,
        "gateway",
        Some(gateway.pid()?),
        gateway.address(),
        Some(&keys),
    )?;
    let of_gateway = counted.count_all().await?;
    let names = [
        ("1 KB answer", "request"),
        ("stream unpaced", "chunk"),
        ("stream paced 5 ms", "chunk"),
    ];
    let rows = names.into_iter().zip(of_proxy.into_iter().zip(of_gateway));
    Ok(rows
        .map(|((name, unit), (proxy, gateway))| Instructions {
            name,
            unit,
            proxy,
            gateway,
        })
        .collect())
}

fn callgrind(dir: &TempDir, name: &str) -> Vec<String> {
    vec![
        "valgrind".to_owned(),
        "--tool=callgrind".to_owned(),
        "--quiet".to_owned(),
        format!("--callgrind-out-file={}", dir.path().join(name).display()),
    ]
}

/// A process whose instructions are counted.
struct Counted {
    out: std::path::PathBuf,
    pid: u32,
    load: Options,
}

impl Counted {
    fn new(
        dir: &TempDir,
        name: &str,
        pid: Option<u32>,
        address: &str,
        keys: Option<&Path>,
    ) -> Result<Self> {
        Ok(Self {
            out: dir.path().join(name),
            pid: pid.context("the process has ended")?,
            load: Options {
                target: address.to_owned(),
                keys: keys.map(Path::to_path_buf),
                ..load(8, Effort::QUICK)
            },
        })
    }

    /// The loads in order, after a warm-up that is not counted.
    async fn count_all(&self) -> Result<[f64; 3]> {
        let chunks = Surface::Chat.chunks().len() as u64;
        let plain = Options {
            requests: Some(REQUESTS),
            ..self.load.clone()
        };
        let stream = Options {
            requests: Some(STREAMS),
            stream: true,
            ..self.load.clone()
        };
        let paced = Options {
            pace_us: 5_000,
            ..stream.clone()
        };
        self.count(&plain, 1).await?;
        Ok([
            self.count(&plain, 1).await?,
            self.count(&stream, chunks).await?,
            self.count(&paced, chunks).await?,
        ])
    }

    /// Instructions for each unit of a load.
    #[expect(clippy::cast_precision_loss, reason = "a count far below 2^52")]
    async fn count(&self, load: &Options, units: u64) -> Result<f64> {
        self.dump().await?;
        let seen = process::load(load).await?;
        tokio::time::sleep(SETTLE).await;
        let instructions = self.dump().await?;
        Ok(instructions as f64 / (seen.all_requests * units) as f64)
    }

    /// Has callgrind write what it counted since it last did, and reads that.
    async fn dump(&self) -> Result<u64> {
        let mut number = 1;
        let file = |number: u32| self.out.with_extension(number.to_string());
        while file(number).exists() {
            number += 1;
        }
        let done = Command::new("callgrind_control")
            .arg("--dump")
            .arg(self.pid.to_string())
            .stdin(Stdio::null())
            .output()
            .await
            .context("callgrind_control is missing: install valgrind")?;
        ensure!(
            done.status.success(),
            "callgrind_control: {}",
            String::from_utf8_lossy(&done.stderr)
        );
        let text = std::fs::read_to_string(file(number)).context("callgrind wrote no counts")?;
        text.lines()
            .rev()
            .find_map(|line| line.strip_prefix("totals: "))
            .and_then(|count| count.trim().parse().ok())
            .context("no totals in callgrind's counts")
    }
}
