//! Whether a call costs more where there are many keys, and where many of them are in use.

use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::Serialize;

use super::{Effort, load};
use crate::gateway::Gateway;
use crate::load::Options;
use crate::peers::Peer;
use crate::stats;

/// Keys in use on both sides, so that their number alone differs.
const BUSY: usize = 10;
/// Of the many, for the row that shows what it costs that many are in use.
const MANY_BUSY: usize = 1_000;

/// Calls with so many keys.
#[derive(Debug, Clone, Serialize)]
pub struct KeysRow {
    /// Keys that there are.
    pub keys: usize,
    /// Keys that calls carry, in turn.
    pub busy: usize,
    /// Microseconds of processor time for each request.
    pub cpu_us: f64,
    /// Over that of the first row, the middle of the rounds' ratios.
    pub ratio: f64,
}

/// Two gateways asked in turn, one with few keys, one with many; of the many first as few in use, then more.
pub async fn keys(binary: &Path, mock: &str, effort: Effort) -> Result<Vec<KeysRow>> {
    let (few, many) = effort.keys;
    let small = Gateway::start(binary, mock).await?;
    let large = Gateway::start(binary, mock).await?;
    let of_few = small.make_keys(few).await?;
    let of_many = large.make_keys(many).await?;
    let sides = [
        (few, BUSY, peer(&small, small.spread(&of_few, BUSY)?)?),
        (many, BUSY, peer(&large, large.spread(&of_many, BUSY)?)?),
        (
            many,
            MANY_BUSY,
            peer(&large, large.spread(&of_many, MANY_BUSY)?)?,
        ),
    ];
    for (_, busy, peer) in &sides {
        // Each busy key is seen, so that the first look into the store is over.
        let warm_up = Options {
            requests: Some(*busy as u64 * 4),
            ..load(8, effort)
        };
        peer.measure(&warm_up).await?;
    }
    let load = load(8, effort);
    let mut costs: [Vec<f64>; 3] = Default::default();
    // Twice the rounds of other lanes: what is looked for is a difference of a few percent.
    for _ in 0..2 * effort.rounds {
        for ((_, _, peer), costs) in sides.iter().zip(&mut costs) {
            costs.push(peer.measure(&load).await?.cpu_us_per_request());
        }
    }
    let row = |((keys, busy, _), own): (&(usize, usize, Peer), &Vec<f64>)| {
        let ratios: Vec<f64> = own
            .iter()
            .zip(&costs[0])
            .map(|(own, few)| own / few)
            .collect();
        let row = KeysRow {
            keys: *keys,
            busy: *busy,
            cpu_us: stats::median(own),
            ratio: stats::median(&ratios),
        };
        eprintln!(
            "{keys} keys, {busy} in use: {:.1} µs, ratio {:.2}",
            row.cpu_us, row.ratio
        );
        row
    };
    Ok(sides.iter().zip(&costs).map(row).collect())
}

fn peer(gateway: &Gateway, keys: PathBuf) -> Result<Peer> {
    Ok(Peer {
        target: gateway.address().to_owned(),
        pid: Some(gateway.pid()?),
        keys: Some(keys),
    })
}
