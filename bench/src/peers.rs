//! The three that are compared: no proxy, the bare proxy, the gateway. Each round asks them in turn.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;

use crate::load::{Options, Seen};
use crate::process;

/// The journal's last facts reach the store within a second; that work belongs to the requests that caused it.
const SETTLE: Duration = Duration::from_millis(1_200);

/// One of those compared.
#[derive(Debug, Clone)]
pub struct Peer {
    /// host:port.
    pub target: String,
    /// The process whose processor time counts; none where there is no proxy.
    pub pid: Option<u32>,
    /// The keys that requests carry.
    pub keys: Option<PathBuf>,
}

/// What one run against one of them showed.
#[derive(Debug, Clone)]
pub struct Measured {
    /// What the load generator saw.
    pub seen: Seen,
    /// Processor time of the process, in microseconds.
    pub cpu_us: f64,
}

impl Measured {
    /// Processor time for each request, in microseconds.
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    pub fn cpu_us_per_request(&self) -> f64 {
        self.cpu_us / (self.seen.all_requests.max(1) as f64)
    }

    /// Requests in a second.
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    pub fn rate(&self) -> f64 {
        self.seen.requests as f64 / self.seen.seconds.max(1e-9)
    }
}

impl Peer {
    /// Sends load to this one and measures it.
    pub async fn measure(&self, load: &Options) -> Result<Measured> {
        let load = Options {
            target: self.target.clone(),
            keys: self.keys.clone(),
            ..load.clone()
        };
        let before = self.cpu_ns()?;
        let seen = process::load(&load).await?;
        if self.keys.is_some() {
            tokio::time::sleep(SETTLE).await;
        }
        #[expect(clippy::cast_precision_loss, reason = "nanoseconds of a few seconds")]
        let cpu_us = (self.cpu_ns()? - before) as f64 / 1_000.0;
        Ok(Measured { seen, cpu_us })
    }

    fn cpu_ns(&self) -> Result<i64> {
        self.pid.map_or(Ok(0), process::cpu_ns)
    }
}

/// The three of one run.
#[derive(Debug, Clone)]
pub struct Three<T> {
    /// Straight to the mock.
    pub direct: T,
    /// Through the bare proxy.
    pub proxy: T,
    /// Through the gateway.
    pub gateway: T,
}

impl Three<Peer> {
    /// Rounds of the same load, the three in turn in each, so that a slow minute of the machine hits all of them.
    pub async fn rounds(&self, rounds: usize, load: &Options) -> Result<Vec<Three<Measured>>> {
        let mut all = Vec::new();
        for _ in 0..rounds {
            all.push(Three {
                direct: self.direct.measure(load).await?,
                proxy: self.proxy.measure(load).await?,
                gateway: self.gateway.measure(load).await?,
            });
        }
        Ok(all)
    }
}
