//! How soon a gateway serves on an empty data folder.

use std::path::Path;

use anyhow::Result;
use serde::Serialize;

use crate::gateway::Gateway;
use crate::stats;

const STARTS: usize = 5;

/// Times of several starts.
#[derive(Debug, Clone, Serialize)]
pub struct Start {
    /// From the start of the process to the first ready answer, in milliseconds.
    pub ready_ms: Vec<f64>,
}

impl Start {
    /// The middle one.
    pub fn median_ms(&self) -> f64 {
        stats::median(&self.ready_ms)
    }
}

/// Starts one after the other, each on a folder of its own.
pub async fn start(binary: &Path, mock: &str) -> Result<Start> {
    let mut ready_ms = Vec::new();
    for _ in 0..STARTS {
        let gateway = Gateway::start(binary, mock).await?;
        ready_ms.push(gateway.ready_after.as_secs_f64() * 1_000.0);
    }
    Ok(Start { ready_ms })
}
