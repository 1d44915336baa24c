//! The report: rows with medians over the rounds, claims held against their bounds, as markdown and as JSON.

use std::fmt::Write as _;

use serde::Serialize;

use crate::lanes::{Flatness, Growth, Instructions, Start};
use crate::peers::{Measured, Three};
use crate::stats;

/// One way through, beside the direct one of the same round.
#[derive(Debug, Clone, Serialize)]
pub struct Side {
    /// Requests in a second.
    pub rate: f64,
    /// Milliseconds added to the middle answer.
    pub added_p50_ms: f64,
    /// Milliseconds added to the 99th of 100.
    pub added_p99_ms: f64,
    /// Milliseconds added to the first byte of the middle answer.
    pub added_first_byte_ms: f64,
    /// Microseconds of processor time for each unit.
    pub cpu_us: f64,
}

/// One load.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// What was sent.
    pub name: String,
    /// What processor time is divided by: a request, or a chunk of a stream.
    pub unit: &'static str,
    /// Requests in a second without a proxy.
    pub direct_rate: f64,
    /// The bare proxy.
    pub proxy: Side,
    /// The gateway.
    pub gateway: Side,
    /// Gateway's processor time over the bare proxy's, the middle of the rounds.
    pub cpu_ratio: f64,
}

impl Row {
    /// Sums up rounds; `units` is how many chunks (or requests: 1) one request has.
    pub fn of(name: &str, unit: &'static str, units: usize, rounds: &[Three<Measured>]) -> Self {
        let middle = |value: &dyn Fn(&Three<Measured>) -> f64| {
            stats::median(&rounds.iter().map(value).collect::<Vec<_>>())
        };
        #[expect(clippy::cast_precision_loss, reason = "a small count")]
        let units = units as f64;
        let side = |pick: fn(&Three<Measured>) -> &Measured| Side {
            rate: middle(&|round| pick(round).rate()),
            added_p50_ms: middle(&|round| {
                added_ms(pick(round).seen.p50_us, round.direct.seen.p50_us)
            }),
            added_p99_ms: middle(&|round| {
                added_ms(pick(round).seen.p99_us, round.direct.seen.p99_us)
            }),
            added_first_byte_ms: middle(&|round| {
                added_ms(
                    pick(round).seen.first_byte_p50_us,
                    round.direct.seen.first_byte_p50_us,
                )
            }),
            cpu_us: middle(&|round| pick(round).cpu_us_per_request() / units),
        };
        let row = Self {
            name: name.to_owned(),
            unit,
            direct_rate: middle(&|round| round.direct.rate()),
            proxy: side(|round| &round.proxy),
            gateway: side(|round| &round.gateway),
            cpu_ratio: middle(&|round| {
                round.gateway.cpu_us_per_request() / round.proxy.cpu_us_per_request().max(1e-9)
            }),
        };
        eprintln!(
            "{name}: proxy {:.1}, gateway {:.1} µs of CPU per {unit}, ratio {:.2}",
            row.proxy.cpu_us, row.gateway.cpu_us, row.cpu_ratio
        );
        row
    }
}

#[expect(clippy::cast_precision_loss, reason = "microseconds of a few seconds")]
fn added_ms(through: u64, direct: u64) -> f64 {
    (through as f64 - direct as f64) / 1_000.0
}

/// A figure that must not be passed.
#[derive(Debug, Clone, Serialize)]
pub struct Claim {
    /// What is bounded.
    pub figure: String,
    /// The bound, inclusive.
    pub bound: f64,
    /// What was measured.
    pub measured: f64,
    /// Of both.
    pub unit: &'static str,
}

impl Claim {
    /// Whether the measured value is within the bound.
    pub fn holds(&self) -> bool {
        self.measured <= self.bound
    }
}

/// Everything that a run measured.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// The loads.
    pub rows: Vec<Row>,
    /// Memory, where that lane ran.
    pub memory: Option<Growth>,
    /// Starts, where that lane ran.
    pub start: Option<Start>,
    /// Few keys and many, where that lane ran.
    pub keys: Option<Flatness>,
    /// Instructions, where that lane ran.
    pub instructions: Vec<Instructions>,
    /// What is held against a bound.
    pub claims: Vec<Claim>,
}

impl Report {
    /// Fills the claims from what was measured.
    pub fn judge(&mut self) {
        let mut claims = Vec::new();
        let mut claim = |figure: String, bound, measured, unit| {
            claims.push(Claim {
                figure,
                bound,
                measured,
                unit,
            });
        };
        for row in &self.rows {
            let bound = match row.name.as_str() {
                name if name.starts_with("1 KB") => 2.0,
                name if name.starts_with("stream unpaced") => 1.0,
                name if name.starts_with("stream paced") => 1.1,
                _ => continue,
            };
            claim(
                format!(
                    "CPU per {}, gateway over bare proxy: {}",
                    row.unit, row.name
                ),
                bound,
                row.cpu_ratio,
                "times",
            );
            if row.name == "stream paced 5 ms, 1 connection" {
                claim(
                    "added to the first byte of a stream, one target".to_owned(),
                    0.3,
                    row.gateway.added_first_byte_ms,
                    "ms",
                );
            }
        }
        if let Some(memory) = &self.memory {
            claim(
                "memory idle (resident)".to_owned(),
                50.0,
                megabytes(memory.idle.rss),
                "MB",
            );
            let span = format!(
                "memory growth, request {} to {}",
                memory.some_requests, memory.many_requests
            );
            claim(span, 2.0, memory.percent(), "%");
        }
        if let Some(start) = &self.start {
            claim(
                "ready on an empty data folder".to_owned(),
                300.0,
                start.median_ms(),
                "ms",
            );
        }
        if let Some(keys) = &self.keys {
            // The room for noise of one run, not for a cost that grows.
            let figure = format!("CPU per request, {} keys over {}", keys.many, keys.few);
            claim(figure, 1.1, keys.ratio, "times");
        }
        self.claims = claims;
    }

    /// The report for people.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        self.write_claims(&mut text);
        self.write_rows(&mut text);
        self.write_rest(&mut text);
        text
    }

    fn write_claims(&self, text: &mut String) {
        text.push_str("### Bounds\n\n| figure | bound | measured | holds |\n|---|---|---|---|\n");
        for claim in &self.claims {
            let holds = if claim.holds() { "yes" } else { "**no**" };
            writeln!(
                text,
                "| {} | {} {unit} | {:.2} {unit} | {holds} |",
                claim.figure,
                claim.bound,
                claim.measured,
                unit = claim.unit
            )
            .ok();
        }
    }

    fn write_rows(&self, text: &mut String) {
        text.push_str(
            "\n### Loads\n\nAdded times are through minus direct in the same round; every figure is the median of the rounds.\n\n\
             | load | through | requests/s (direct) | added p50 ms | added p99 ms | added first byte ms | CPU µs | CPU ratio |\n\
             |---|---|---|---|---|---|---|---|\n",
        );
        for row in &self.rows {
            for (name, side, ratio) in [
                ("bare proxy", &row.proxy, String::new()),
                ("gateway", &row.gateway, format!("{:.2}", row.cpu_ratio)),
            ] {
                writeln!(
                    text,
                    "| {} | {name} | {:.0} ({:.0}) | {:.2} | {:.2} | {:.2} | {:.1} per {} | {ratio} |",
                    row.name,
                    side.rate,
                    row.direct_rate,
                    side.added_p50_ms,
                    side.added_p99_ms,
                    side.added_first_byte_ms,
                    side.cpu_us,
                    row.unit
                )
                .ok();
            }
        }
    }

    fn write_rest(&self, text: &mut String) {
        if let Some(memory) = &self.memory {
            text.push_str("\n### Memory of the gateway\n\n| at | resident MB | proportional MB |\n|---|---|---|\n");
            for (at, memory) in [
                ("idle".to_owned(), memory.idle),
                (
                    format!("after {} requests", memory.some_requests),
                    memory.after_some,
                ),
                (
                    format!("after {} requests", memory.many_requests),
                    memory.after_many,
                ),
            ] {
                writeln!(
                    text,
                    "| {at} | {:.1} | {:.1} |",
                    megabytes(memory.rss),
                    megabytes(memory.pss)
                )
                .ok();
            }
        }
        if let Some(start) = &self.start {
            let times: Vec<String> = start.ready_ms.iter().map(|ms| format!("{ms:.0}")).collect();
            writeln!(
                text,
                "\n### Start\n\nReady on an empty data folder after {} ms.",
                times.join(", ")
            )
            .ok();
        }
        if let Some(keys) = &self.keys {
            writeln!(
                text,
                "\n### Keys\n\nCPU per request with {} keys: {:.1} µs; with {} keys: {:.1} µs.",
                keys.few, keys.cpu_us_few, keys.many, keys.cpu_us_many
            )
            .ok();
        }
        if !self.instructions.is_empty() {
            text.push_str("\n### Instructions\n\n| load | bare proxy | gateway | ratio |\n|---|---|---|---|\n");
        }
        for row in &self.instructions {
            let (proxy, gateway) = (row.proxy, row.gateway);
            let ratio = gateway / proxy.max(1.0);
            writeln!(
                text,
                "| {} | {proxy:.0} per {unit} | {gateway:.0} per {unit} | {ratio:.2} |",
                row.name,
                unit = row.unit
            )
            .ok();
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "bytes far below 2^52")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1_000_000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Seen;

    fn measured(p50_us: u64, cpu_us: f64) -> Measured {
        Measured {
            seen: Seen {
                all_requests: 10,
                requests: 10,
                seconds: 1.0,
                p50_us,
                p99_us: p50_us,
                first_byte_p50_us: p50_us,
                ..Seen::default()
            },
            cpu_us,
        }
    }

    #[test]
    fn a_row_is_the_median_of_rounds_and_is_held_against_its_bound() {
        let rounds: Vec<Three<Measured>> = [(100.0, 150.0), (100.0, 250.0), (100.0, 190.0)]
            .into_iter()
            .map(|(proxy, gateway)| Three {
                direct: measured(100, 0.0),
                proxy: measured(150, proxy),
                gateway: measured(200, gateway),
            })
            .collect();
        let row = Row::of("1 KB answer, 8 connections", "request", 1, &rounds);
        assert!((row.cpu_ratio - 1.9).abs() < 1e-9);
        assert!((row.gateway.added_p50_ms - 0.1).abs() < 1e-9);
        assert!((row.gateway.cpu_us - 19.0).abs() < 1e-9);
        let mut report = Report {
            rows: vec![row],
            ..Report::default()
        };
        report.judge();
        assert!(report.claims.iter().all(Claim::holds) && report.claims.len() == 1);
        assert!(report.markdown().contains("| 2 times | 1.90 times | yes |"));
    }
}
