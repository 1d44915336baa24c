//! What it costs to put a call into another protocol: beside the same caller's calls passed through.

use std::path::Path;

use anyhow::{Result, bail};
use serde::Serialize;

use super::{Effort, load};
use crate::fixture::TEXT_CHUNKS;
use crate::gateway::{Gateway, Settings};
use crate::load::Options;
use crate::peers::Peer;
use crate::stats;
use crate::ways::{self, PASSED_THROUGH, TRANSLATED, Way};

/// One way and one kind of answer.
#[derive(Debug, Clone, Serialize)]
pub struct Translation {
    /// Whose call over what.
    pub way: String,
    /// What processor time is divided by: a request, or a chunk of text of a stream.
    pub unit: &'static str,
    /// Microseconds of processor time for each unit where the caller's calls are passed through.
    pub passed_through_us: f64,
    /// The same where they are translated.
    pub translated_us: f64,
    /// The middle of the rounds' ratios.
    pub ratio: f64,
}

/// Every way, and what to say of those that this gateway has not.
pub async fn translation(
    binary: &Path,
    mock: &str,
    effort: Effort,
) -> Result<(Vec<Translation>, Vec<String>)> {
    let gateway = Gateway::start_with(&[], binary, &Settings::every_way(mock)).await?;
    let peer = Peer {
        target: gateway.address().to_owned(),
        pid: Some(gateway.pid()?),
        keys: Some(gateway.key().await?),
    };
    let (mut rows, mut notes) = (Vec::new(), Vec::new());
    for base in PASSED_THROUGH {
        let mut ways = Vec::new();
        for way in TRANSLATED.into_iter().filter(|way| way.has_caller_of(base)) {
            if is_served(&peer, way).await? {
                ways.push(way);
            } else {
                notes.push(format!("{}: this gateway does not serve it", way.name()));
            }
        }
        for stream in [false, true] {
            rows.extend(rounds(&peer, base, &ways, stream, effort).await?);
        }
    }
    Ok((rows, notes))
}

/// Asks a few times on that way, so that what is done once is over.
async fn is_served(peer: &Peer, way: Way) -> Result<bool> {
    let warm_up = Options {
        requests: Some(100),
        ..Options::chat(8, 0)
    };
    match peer.measure(&way.load(&warm_up)).await {
        Ok(_) => Ok(true),
        Err(error) if ways::is_unserved(&error) => Ok(false),
        Err(error) => bail!("{}: {error:#}", way.name()),
    }
}

/// In each round the caller's own protocol and then every translation of it.
async fn rounds(
    peer: &Peer,
    base: Way,
    ways: &[Way],
    stream: bool,
    effort: Effort,
) -> Result<Vec<Translation>> {
    let load = Options {
        stream,
        // There are many of them; half the time of other lanes each.
        millis: effort.millis / 2,
        ..load(8, effort)
    };
    let (unit, units) = if stream {
        ("chunk", TEXT_CHUNKS)
    } else {
        ("request", 1)
    };
    let mut costs: Vec<Vec<f64>> = vec![Vec::new(); ways.len() + 1];
    for _ in 0..effort.rounds {
        for (way, costs) in std::iter::once(&base).chain(ways).zip(&mut costs) {
            let measured = peer.measure(&way.load(&load)).await?;
            #[expect(clippy::cast_precision_loss, reason = "a small count")]
            costs.push(measured.cpu_us_per_request() / units as f64);
        }
    }
    let Some((passed_through, costs)) = costs.split_first() else {
        return Ok(Vec::new());
    };
    let row = |(way, costs): (&Way, &Vec<f64>)| {
        let ratios: Vec<f64> = costs
            .iter()
            .zip(passed_through)
            .map(|(cost, base)| cost / base.max(1e-9))
            .collect();
        let row = Translation {
            way: way.name(),
            unit,
            passed_through_us: stats::median(passed_through),
            translated_us: stats::median(costs),
            ratio: stats::median(&ratios),
        };
        eprintln!("{}, per {unit}: ratio {:.2}", row.way, row.ratio);
        row
    };
    Ok(ways.iter().zip(costs).map(row).collect())
}
