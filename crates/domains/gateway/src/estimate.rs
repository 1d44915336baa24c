//! Bytes per token, learned from answers that told their counts. It never counts tokens itself.

use std::sync::atomic::{AtomicU32, Ordering};

use ahash::AHashMap;
use parking_lot::RwLock;

/// Before anything is learned: English text in JSON, on the safe (small) side.
const FIRST_GUESS: f32 = 3.5;
/// No token is shorter, and none is longer, however little a text says.
const SHORTEST: f64 = 0.5;
const LONGEST: f64 = 64.0;
/// Weight of the newest observation.
const LEARNING: f32 = 0.1;
/// Models remembered; beyond that the first guess serves.
const MODELS: usize = 2_000;

/// Learned ratios of one model.
#[derive(Debug)]
struct Ratios {
    input: AtomicU32,
    output: AtomicU32,
}

impl Default for Ratios {
    fn default() -> Self {
        Self {
            input: AtomicU32::new(FIRST_GUESS.to_bits()),
            output: AtomicU32::new(FIRST_GUESS.to_bits()),
        }
    }
}

/// What is known of every model's bytes per token.
#[derive(Debug, Default)]
pub struct Estimator {
    models: RwLock<AHashMap<Box<str>, Ratios>>,
}

impl Estimator {
    /// Tokens that a request body of this size holds, rounded up; at least one.
    #[must_use]
    pub fn input_tokens(&self, model: &str, bytes: u64) -> u64 {
        tokens(bytes, self.ratio(model, |r| &r.input))
    }

    /// Tokens behind this many bytes of streamed text, reasoning and arguments.
    #[must_use]
    pub fn output_tokens(&self, model: &str, bytes: u64) -> u64 {
        if bytes == 0 {
            0
        } else {
            tokens(bytes, self.ratio(model, |r| &r.output))
        }
    }

    /// More tokens than any estimate for this many bytes; needs no look at what was learned.
    #[must_use]
    pub const fn most_tokens(bytes: u64) -> u64 {
        bytes.saturating_mul(2)
    }

    /// Learns from an answer that told its counts.
    pub fn learn(
        &self,
        model: &str,
        request_bytes: u64,
        input_tokens: u64,
        output_bytes: u64,
        output_tokens: u64,
    ) {
        let known = self.models.read();
        if let Some(ratios) = known.get(model) {
            observe(&ratios.input, request_bytes, input_tokens);
            observe(&ratios.output, output_bytes, output_tokens);
            return;
        }
        drop(known);
        let mut known = self.models.write();
        if known.len() < MODELS {
            let ratios = known.entry(model.into()).or_default();
            observe(&ratios.input, request_bytes, input_tokens);
            observe(&ratios.output, output_bytes, output_tokens);
        }
    }

    fn ratio(&self, model: &str, which: impl Fn(&Ratios) -> &AtomicU32) -> f32 {
        self.models.read().get(model).map_or(FIRST_GUESS, |ratios| {
            f32::from_bits(which(ratios).load(Ordering::Relaxed))
        })
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "an estimate; the ratio is at least 0.5, so the result fits"
)]
fn tokens(bytes: u64, ratio: f32) -> u64 {
    ((bytes as f64 / f64::from(ratio)).ceil() as u64).max(1)
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a ratio needs no more"
)]
fn observe(ratio: &AtomicU32, bytes: u64, tokens: u64) {
    // Short texts say little: their fixed parts outweigh what was said.
    if tokens < 8 || bytes < 32 {
        return;
    }
    let seen = (bytes as f64 / tokens as f64).clamp(SHORTEST, LONGEST) as f32;
    let old = f32::from_bits(ratio.load(Ordering::Relaxed));
    // A lost update between two answers does no harm.
    ratio.store((old + (seen - old) * LEARNING).to_bits(), Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_approach_what_answers_tell() {
        let estimator = Estimator::default();
        assert_eq!(estimator.input_tokens("m", 350), 100);
        for _ in 0..100 {
            estimator.learn("m", 7_000, 1_000, 5_000, 1_000);
        }
        assert!((995..=1_005).contains(&estimator.input_tokens("m", 7_000)));
        assert!((995..=1_010).contains(&estimator.output_tokens("m", 5_000)));
        assert_eq!(estimator.output_tokens("m", 0), 0);
        assert_eq!(estimator.input_tokens("other", 350), 100);
    }

    #[test]
    fn short_texts_teach_nothing_and_odd_ones_little() {
        let estimator = Estimator::default();
        estimator.learn("m", 31, 100, 1_000, 7);
        assert_eq!(estimator.input_tokens("m", 350), 100);
        assert_eq!(estimator.output_tokens("m", 350), 100);
        for _ in 0..1_000 {
            estimator.learn("m", 1 << 30, 10, 64, 1 << 30);
        }
        assert!((100..=101).contains(&estimator.input_tokens("m", 6_400)));
        let bytes = 1_000;
        assert!(estimator.output_tokens("m", bytes) <= Estimator::most_tokens(bytes));
        assert!(estimator.output_tokens("m", bytes) > 1_990);
        assert_eq!(estimator.input_tokens("m", 0), 1);
    }

    #[test]
    fn the_memory_for_models_is_bounded() {
        let estimator = Estimator::default();
        for n in 0..MODELS + 10 {
            estimator.learn(&format!("m{n}"), 1_000, 100, 1_000, 100);
        }
        assert_eq!(estimator.models.read().len(), MODELS);
    }
}
