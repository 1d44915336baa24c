//! One load on the three that are always compared, summed up over the rounds.

use serde::Serialize;

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
    /// What that ratio must not pass.
    pub bound: Option<f64>,
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
            bound: None,
        };
        eprintln!(
            "{name}: proxy {:.1}, gateway {:.1} µs of CPU per {unit}, ratio {:.2}",
            row.proxy.cpu_us, row.gateway.cpu_us, row.cpu_ratio
        );
        row
    }

    /// The row with its ratio held against a bound.
    #[must_use]
    pub fn bounded(self, bound: f64) -> Self {
        Self {
            bound: Some(bound),
            ..self
        }
    }
}

/// Milliseconds that one way takes longer than another.
#[expect(clippy::cast_precision_loss, reason = "microseconds of a few seconds")]
pub fn added_ms(through: u64, direct: u64) -> f64 {
    (through as f64 - direct as f64) / 1_000.0
}
