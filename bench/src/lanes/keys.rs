//! Whether a call costs more where there are many keys.

use std::path::Path;

use anyhow::Result;
use serde::Serialize;

use super::{Effort, load};
use crate::gateway::Gateway;
use crate::load::Options;
use crate::peers::Peer;
use crate::stats;

/// Keys that take part in the load where there are many; a store of 100,000 keys does not have them all busy at once.
const BUSY: usize = 1_000;

/// Processor time for each request with few keys and with many.
#[derive(Debug, Clone, Serialize)]
pub struct Flatness {
    /// Few.
    pub few: usize,
    /// Many.
    pub many: usize,
    /// Microseconds for each request with few.
    pub cpu_us_few: f64,
    /// Microseconds for each request with many.
    pub cpu_us_many: f64,
    /// The middle of the rounds' ratios.
    pub ratio: f64,
}

/// Two gateways, one with few keys, one with many, asked in turn.
pub async fn keys(binary: &Path, mock: &str, effort: Effort) -> Result<Flatness> {
    let (few, many) = effort.keys;
    let one = prepared(binary, mock, few, effort).await?;
    let other = prepared(binary, mock, many, effort).await?;
    let load = load(8, effort);
    let (mut with_few, mut with_many, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..effort.rounds {
        let few = one.1.measure(&load).await?.cpu_us_per_request();
        let many = other.1.measure(&load).await?.cpu_us_per_request();
        with_few.push(few);
        with_many.push(many);
        ratios.push(many / few);
    }
    Ok(Flatness {
        few,
        many,
        cpu_us_few: stats::median(&with_few),
        cpu_us_many: stats::median(&with_many),
        ratio: stats::median(&ratios),
    })
}

/// A gateway with that many keys, each busy one seen once, so that the first look into the store is over.
async fn prepared(
    binary: &Path,
    mock: &str,
    count: usize,
    effort: Effort,
) -> Result<(Gateway, Peer)> {
    let gateway = Gateway::start(binary, mock).await?;
    let busy = count.min(BUSY);
    let peer = Peer {
        target: gateway.address().to_owned(),
        pid: Some(gateway.pid()?),
        keys: Some(gateway.keys(count, busy).await?),
    };
    let warm_up = Options {
        requests: Some(busy as u64 * 4),
        ..load(8, effort)
    };
    peer.measure(&warm_up).await?;
    Ok((gateway, peer))
}
