//! The report: what the lanes measured, and what of it is held against a bound.

mod judge;
mod markdown;
mod row;
mod tables;

use serde::Serialize;

use crate::lanes::{Fallback, Growth, Instructions, KeysRow, Lane, PeerRow, Start, Translation};
pub use row::{Row, added_ms};

/// A figure that must not be passed.
#[derive(Debug, Clone, Serialize)]
pub struct Claim {
    /// Whose figure it is.
    pub lane: Lane,
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

/// What could not be measured, in words.
#[derive(Debug, Clone, Serialize)]
pub struct Note {
    /// By which lane.
    pub lane: Lane,
    /// What and why.
    pub text: String,
}

/// Everything that a run measured.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Whole answers, where that lane ran; so with all below.
    pub plain: Vec<Row>,
    /// Streams.
    pub streams: Vec<Row>,
    /// Large prompts.
    pub large: Vec<Row>,
    /// Translated calls.
    pub translation: Vec<Translation>,
    /// Calls that fell over to another target.
    pub fallback: Vec<Fallback>,
    /// Other gateways.
    pub peers: Vec<PeerRow>,
    /// Memory.
    pub memory: Option<Growth>,
    /// Starts.
    pub start: Option<Start>,
    /// Few keys and many.
    pub keys: Vec<KeysRow>,
    /// Instructions.
    pub instructions: Vec<Instructions>,
    /// What could not be measured.
    pub notes: Vec<Note>,
    /// What is held against a bound.
    pub claims: Vec<Claim>,
}

impl Report {
    /// Adds what a lane could not measure.
    pub fn note(&mut self, lane: Lane, texts: Vec<String>) {
        self.notes
            .extend(texts.into_iter().map(|text| Note { lane, text }));
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
            plain: vec![row],
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
                ..Report::default()
            };
            report.note(Lane::Peers, vec!["LiteLLM: it is not installed".to_owned()]);
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
        assert!(
            text.contains("### Whole answers\n\n### Streams\n"),
            "{text}"
        );
        assert!(!report(3.1, 1.1).claims.iter().any(Claim::holds));
    }
}
