//! Memory of a fresh gateway: idle, after some requests, after many.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use super::{Effort, load};
use crate::gateway::Gateway;
use crate::load::Options;
use crate::process::{self, Memory};

/// Long enough for the journal to reach the store and for freed memory to be given back.
const REST: Duration = Duration::from_secs(3);

/// Memory at three points.
#[derive(Debug, Clone, Serialize)]
pub struct Growth {
    /// Ready, nothing asked yet.
    pub idle: Memory,
    /// Requests at the second point.
    pub some_requests: u64,
    /// Memory at the second point.
    pub after_some: Memory,
    /// Requests at the third point.
    pub many_requests: u64,
    /// Memory at the third point.
    pub after_many: Memory,
}

impl Growth {
    /// Growth of the resident set from the second point to the third, in percent.
    #[expect(clippy::cast_precision_loss, reason = "bytes far below 2^52")]
    pub fn percent(&self) -> f64 {
        (self.after_many.rss as f64 / self.after_some.rss.max(1) as f64 - 1.0) * 100.0
    }
}

/// Starts a gateway of its own and watches it.
pub async fn memory(binary: &Path, mock: &str, effort: Effort) -> Result<Growth> {
    let gateway = Gateway::start(binary, mock).await?;
    let pid = gateway.pid()?;
    tokio::time::sleep(REST).await;
    let idle = process::memory(pid)?;
    let keys = gateway.key().await?;
    let (some, many) = effort.memory_requests;
    let mut seen = Vec::new();
    for requests in [some, many - some] {
        let load = Options {
            target: gateway.address().to_owned(),
            keys: Some(keys.clone()),
            requests: Some(requests),
            ..load(8, effort)
        };
        process::load(&load).await?;
        tokio::time::sleep(REST).await;
        seen.push(process::memory(pid)?);
    }
    Ok(Growth {
        idle,
        some_requests: some,
        after_some: seen[0],
        many_requests: many,
        after_many: seen[1],
    })
}
