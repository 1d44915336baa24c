//! What is measured. A lane is one kind of load; each gives rows for the report.

mod fallback;
mod instructions;
mod keys;
mod memory;
mod peers;
mod start;
mod translation;

use anyhow::Result;
use clap::ValueEnum;
use serde::Serialize;

pub use fallback::{Fallback, fallback};
pub use instructions::{Instructions, instructions};
pub use keys::{KeysRow, keys};
pub use memory::{Growth, memory};
pub use peers::{PeerRow, peers};
pub use start::{Start, start};
pub use translation::{Translation, translation};

use crate::fixture::Surface;
use crate::load::Options;
use crate::peers::{Peer, Three};
use crate::report::Row;

/// What can be measured, in the order of the report, where each has a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Lane {
    /// Whole answers.
    Plain,
    /// Streams.
    Streams,
    /// Large prompts.
    Large,
    /// Calls put into another protocol.
    Translation,
    /// Calls whose first target has failed.
    Fallback,
    /// Other gateways.
    Peers,
    /// Memory.
    Memory,
    /// Starts.
    Start,
    /// Few keys and many.
    Keys,
    /// Instructions instead of time.
    Instructions,
}

impl Lane {
    /// The title of its section.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Plain => "Whole answers",
            Self::Streams => "Streams",
            Self::Large => "Large prompts",
            Self::Translation => "Translation",
            Self::Fallback => "Falling over",
            Self::Peers => "Other gateways",
            Self::Memory => "Memory of the gateway",
            Self::Start => "Start",
            Self::Keys => "Keys",
            Self::Instructions => "Instructions",
        }
    }

    /// Whether it needs more than this repository and minutes, so that it runs only where it is asked for by name.
    pub const fn is_extra(self) -> bool {
        matches!(self, Self::Peers | Self::Instructions)
    }
}

/// How long and how often.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Rounds of each load.
    pub rounds: usize,
    /// Milliseconds of each run.
    pub millis: u64,
    /// Requests of the memory lane: before and after.
    pub memory_requests: (u64, u64),
    /// Keys of the flatness lane: few and many.
    pub keys: (usize, usize),
}

impl Effort {
    /// Minutes in all; what the report is made with.
    pub const FULL: Self = Self {
        rounds: 5,
        millis: 3_000,
        memory_requests: (20_000, 100_000),
        keys: (10, 100_000),
    };
    /// Half a minute, to see whether a change matters.
    pub const QUICK: Self = Self {
        rounds: 2,
        millis: 800,
        memory_requests: (4_000, 20_000),
        keys: (10, 2_000),
    };
}

/// Answers of one kilobyte on 1, 8 and 64 connections.
pub async fn plain(three: &Three<Peer>, effort: Effort) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for connections in [1, 8, 64] {
        let load = load(connections, effort);
        let name = format!("1 KB answer, {}", connections_in_words(connections));
        let rounds = three.rounds(effort.rounds, &load).await?;
        rows.push(Row::of(&name, "request", 1, &rounds).bounded(2.0));
    }
    Ok(rows)
}

/// Streams of 64 chunks as fast as they go, and one chunk every 5 ms.
pub async fn streams(three: &Three<Peer>, effort: Effort) -> Result<Vec<Row>> {
    let chunks = Surface::Chat.chunks().len();
    let mut rows = Vec::new();
    for connections in [1, 8, 32] {
        let load = Options {
            stream: true,
            ..load(connections, effort)
        };
        let name = format!("stream unpaced, {}", connections_in_words(connections));
        let rounds = three.rounds(effort.rounds, &load).await?;
        rows.push(Row::of(&name, "chunk", chunks, &rounds).bounded(1.0));
    }
    for connections in [1, 8, 32] {
        let load = Options {
            stream: true,
            pace_us: 5_000,
            // A stream lasts 0.4 s; a short run would hold too few of them.
            millis: 2 * effort.millis.max(1_500),
            ..load(connections, effort)
        };
        let name = format!("stream paced 5 ms, {}", connections_in_words(connections));
        let rounds = three.rounds(effort.rounds, &load).await?;
        let row = Row::of(&name, "chunk", chunks, &rounds);
        // One slow stream pays alone for what the process does for all streams together: shown, without a bound.
        let row = if connections > 1 {
            row.bounded(1.1)
        } else {
            row
        };
        rows.push(row);
    }
    Ok(rows)
}

/// Prompts as coding agents send them.
pub async fn large(three: &Three<Peer>, effort: Effort) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (size, body_bytes) in [("50 KB", 50_000), ("1 MB", 1_000_000)] {
        let load = Options {
            body_bytes,
            ..load(8, effort)
        };
        let name = format!("{size} prompt, 8 connections");
        rows.push(Row::of(
            &name,
            "request",
            1,
            &three.rounds(effort.rounds, &load).await?,
        ));
    }
    Ok(rows)
}

fn load(connections: usize, effort: Effort) -> Options {
    Options::chat(connections, effort.millis)
}

fn connections_in_words(connections: usize) -> String {
    let plural = if connections == 1 { "" } else { "s" };
    format!("{connections} connection{plural}")
}
