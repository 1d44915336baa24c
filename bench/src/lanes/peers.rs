//! Other gateways beside ours, each translating the same calls in the same run. Only where it is asked for by name.

mod program;

use std::path::Path;

use anyhow::Result;
use serde::Serialize;

use super::{Effort, load};
use crate::fixture::{Surface, TEXT_CHUNKS};
use crate::gateway::{Gateway, Settings};
use crate::load::Options;
use crate::peers::{Measured, Peer};
use crate::report::added_ms;
use crate::stats;
use crate::ways::Way;
use program::{Program, Running};

/// Runs last at least this long: some answer a few streams in a second.
const MILLIS: u64 = 3_000;

/// Fewer answers than this in one run are no figure.
const ANSWERS: u64 = 20;

const WAYS: [Way; 2] = [
    Way {
        caller: Surface::Chat,
        upstream: Surface::Messages,
    },
    Way {
        caller: Surface::Messages,
        upstream: Surface::Chat,
    },
];

/// One load through one of them.
#[derive(Debug, Clone, Serialize)]
pub struct PeerRow {
    /// Whose call over what.
    pub load: String,
    /// Whose gateway.
    pub through: String,
    /// Requests in a second.
    pub rate: f64,
    /// Milliseconds added to the middle answer.
    pub added_p50_ms: f64,
    /// Microseconds of processor time for each unit.
    pub cpu_us: f64,
    /// A request, or a chunk of text of a stream.
    pub unit: &'static str,
}

/// Ours and every other that is installed below the folder; what could not be measured is said in words.
pub async fn peers(
    binary: &Path,
    mock: &str,
    dir: Option<&Path>,
    effort: Effort,
) -> Result<(Vec<PeerRow>, Vec<String>)> {
    let gateway = Gateway::start_with(&[], binary, &Settings::every_way(mock)).await?;
    let ours = Peer {
        target: gateway.address().to_owned(),
        pid: Some(gateway.pid()?),
        keys: Some(gateway.key().await?),
    };
    let (mut all, mut notes) = (vec![Running::ours(ours)], Vec::new());
    for program in Program::ALL {
        match program.start(dir, mock).await {
            Ok(running) => all.push(running),
            Err(error) => notes.push(format!("{}: {error:#}", program.name())),
        }
    }
    let mut rows = Vec::new();
    for way in WAYS {
        for stream in [false, true] {
            rows.extend(rounds(&all, mock, way, stream, effort, &mut notes).await?);
        }
    }
    Ok((rows, notes))
}

/// In each round straight to the mock in the caller's protocol, then through each in turn.
async fn rounds(
    all: &[Running],
    mock: &str,
    way: Way,
    stream: bool,
    effort: Effort,
    notes: &mut Vec<String>,
) -> Result<Vec<PeerRow>> {
    let kind = if stream { ", streams" } else { "" };
    let name = format!("{}{kind}", way.name());
    let load = Options {
        stream,
        surface: way.caller,
        millis: effort.millis.max(MILLIS),
        ..load(8, effort)
    };
    let direct = Peer {
        target: mock.to_owned(),
        pid: None,
        keys: None,
    };
    let mut taking_part: Vec<(&Running, Vec<(Measured, u64)>)> = Vec::new();
    let mut note = |running: &Running, what: &str| {
        let note = format!("{}, {name}: {what}", running.name);
        if !notes.contains(&note) {
            notes.push(note);
        }
    };
    for running in all {
        match running.warm_up(way, &load).await {
            Ok(()) => taking_part.push((running, Vec::new())),
            Err(error) => note(running, &brief(&error)),
        }
    }
    for _ in 0..effort.rounds {
        let without = direct.measure(&load).await?.seen.p50_us;
        for (running, measured) in &mut taking_part {
            match running.measure(way, &load).await {
                Ok(through) if through.seen.requests < ANSWERS => {
                    note(running, "too few answers in a round for a figure");
                }
                Ok(through) => measured.push((through, without)),
                Err(error) => note(running, &brief(&error)),
            }
        }
    }
    let rows = taking_part.into_iter().filter(|(_, all)| !all.is_empty());
    Ok(rows
        .map(|(running, measured)| row(&name, running, stream, &measured))
        .collect())
}

fn row(load: &str, running: &Running, stream: bool, measured: &[(Measured, u64)]) -> PeerRow {
    let middle = |value: &dyn Fn(&(Measured, u64)) -> f64| {
        stats::median(&measured.iter().map(value).collect::<Vec<_>>())
    };
    #[expect(clippy::cast_precision_loss, reason = "a small count")]
    let (unit, units) = if stream {
        ("chunk", TEXT_CHUNKS as f64)
    } else {
        ("request", 1.0)
    };
    let row = PeerRow {
        load: load.to_owned(),
        through: running.name.clone(),
        rate: middle(&|(measured, _)| measured.rate()),
        added_p50_ms: middle(&|(measured, direct)| added_ms(measured.seen.p50_us, *direct)),
        cpu_us: middle(&|(measured, _)| measured.cpu_us_per_request() / units),
        unit,
    };
    eprintln!(
        "{load}, {}: {:.0} per second, {:.1} µs of CPU per {unit}",
        row.through, row.rate, row.cpu_us
    );
    row
}

/// An error in one line of the report.
fn brief(error: &anyhow::Error) -> String {
    let text = format!("{error:#}");
    let text = text.split_once("error: ").map_or(&*text, |(_, said)| said);
    let line = text.lines().next().unwrap_or_default();
    line.chars().take(300).collect()
}
