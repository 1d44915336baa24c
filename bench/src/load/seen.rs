//! What a load showed, summed up.

use serde::{Deserialize, Serialize};

use crate::stats;

/// What was seen.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Seen {
    /// Requests sent in all, the warm-up with them: what CPU time is divided by.
    pub all_requests: u64,
    /// Requests measured.
    pub requests: u64,
    /// Seconds measured.
    pub seconds: f64,
    /// From the request to the last byte.
    pub p50_us: u64,
    /// From the request to the last byte, 99 of 100.
    pub p99_us: u64,
    /// From the request to the first byte of the body.
    pub first_byte_p50_us: u64,
    /// From the request to the first byte of the body, 99 of 100.
    pub first_byte_p99_us: u64,
    /// Pieces that an answer came in, on average.
    pub pieces: f64,
}

/// One measured answer.
pub struct Sample {
    /// From the request to the first byte of the body.
    pub first_byte_us: u64,
    /// From the request to the last byte.
    pub total_us: u64,
    /// Pieces that it came in.
    pub pieces: u64,
}

impl Seen {
    /// Sums up the samples.
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    pub fn of(samples: &[Sample], all_requests: u64, seconds: f64) -> Self {
        let sorted = |value: fn(&Sample) -> u64| {
            let mut values: Vec<u64> = samples.iter().map(value).collect();
            values.sort_unstable();
            values
        };
        let totals = sorted(|sample| sample.total_us);
        let first = sorted(|sample| sample.first_byte_us);
        let pieces: u64 = samples.iter().map(|sample| sample.pieces).sum();
        Self {
            all_requests,
            requests: samples.len() as u64,
            seconds,
            p50_us: stats::quantile(&totals, 0.5),
            p99_us: stats::quantile(&totals, 0.99),
            first_byte_p50_us: stats::quantile(&first, 0.5),
            first_byte_p99_us: stats::quantile(&first, 0.99),
            pieces: pieces as f64 / samples.len().max(1) as f64,
        }
    }
}
