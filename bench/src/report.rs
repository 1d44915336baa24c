//! The report: what the lanes measured, and what of it is held against a bound.

mod markdown;
mod row;
mod tables;

use serde::Serialize;

use crate::lanes::{Effort, Fallback, Flatness, Growth, Instructions, PeerRow, Start, Translation};
pub use row::{Row, added_ms};

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
    /// Translated calls, where that lane ran.
    pub translation: Vec<Translation>,
    /// Calls that fell over to another target, where that lane ran.
    pub fallback: Vec<Fallback>,
    /// Other gateways, where that lane ran.
    pub peers: Vec<PeerRow>,
    /// Memory, where that lane ran.
    pub memory: Option<Growth>,
    /// Starts, where that lane ran.
    pub start: Option<Start>,
    /// Few keys and many, where that lane ran.
    pub keys: Option<Flatness>,
    /// Instructions, where that lane ran.
    pub instructions: Vec<Instructions>,
    /// What could not be measured, in words.
    pub notes: Vec<String>,
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
            if let Some(bound) = row.bound {
                let figure = format!(
                    "CPU per {}, gateway over bare proxy: {}",
                    row.unit, row.name
                );
                claim(figure, bound, row.cpu_ratio, "times");
            }
            let (proxy, gateway) = (&row.proxy, &row.gateway);
            match row.name.as_str() {
                "stream unpaced, 1 connection" => claim(
                    "added to the first byte of a stream, one target".to_owned(),
                    0.3,
                    gateway.added_first_byte_ms,
                    "ms",
                ),
                // Between paced chunks the machine sleeps, and every hop waits for it to wake, the bare proxy's too.
                "stream paced 5 ms, 1 connection" => claim(
                    "added to the first byte of a paced stream, beyond what the bare proxy adds"
                        .to_owned(),
                    0.13,
                    gateway.added_first_byte_ms - proxy.added_first_byte_ms,
                    "ms",
                ),
                _ => {}
            }
        }
        for row in &self.translation {
            let figure = format!(
                "CPU per {}, translated over passed through: {}",
                row.unit, row.way
            );
            claim(figure, 3.0, row.ratio, "times");
        }
        for row in &self.fallback {
            let figure = format!(
                "added where the first target {}, its breaker {}",
                row.failure, row.breaker
            );
            claim(figure, 1.0, row.added_p50_ms, "ms");
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
            // Shorter spans are still warming up.
            if memory.some_requests >= Effort::FULL.memory_requests.0 {
                claim(span, 2.0, memory.percent(), "%");
            }
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
}

#[expect(clippy::cast_precision_loss, reason = "bytes far below 2^52")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1_000_000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Seen;
    use crate::peers::{Measured, Three};

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
        let row = Row::of("1 KB answer, 8 connections", "request", 1, &rounds).bounded(2.0);
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

    #[test]
    fn translation_and_falling_over_have_tables_and_bounds() {
        let report = |ratio, added_p50_ms| {
            let mut report = Report {
                translation: vec![Translation {
                    way: "messages over chat".to_owned(),
                    unit: "chunk",
                    passed_through_us: 2.0,
                    translated_us: 2.0 * ratio,
                    ratio,
                }],
                fallback: vec![Fallback {
                    failure: "answers 503",
                    breaker: "closed",
                    straight_p50_ms: 0.2,
                    added_p50_ms,
                    added_p99_ms: 0.3,
                }],
                notes: vec!["LiteLLM: it is not installed".to_owned()],
                ..Report::default()
            };
            report.judge();
            report
        };
        let good = report(3.0, 0.1);
        assert_eq!(good.claims.len(), 2);
        assert!(good.claims.iter().all(Claim::holds));
        let text = good.markdown();
        let rows = [
            "| messages over chat | 2.0 per chunk | 6.0 per chunk | 3.00 |",
            "| answers 503 | closed | 0.20 | 0.10 | 0.30 |",
            "- LiteLLM: it is not installed",
        ];
        for row in rows {
            assert!(text.contains(row), "{text}");
        }
        assert!(!text.contains("### Loads"));
        assert!(!report(3.1, 1.1).claims.iter().any(Claim::holds));
    }
}
