//! Which failures are tried again, where, and after how long. It sends nothing.

use std::time::Duration;

use llm::{LlmError, ProviderKind};
use rand::Rng as _;

use crate::config::GatewayConfig;

/// Where a failed attempt may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// Nowhere: the request itself is at fault.
    Never,
    /// At another target only: this one would fail in the same way, or has taken too much time already.
    Elsewhere,
    /// Anywhere; here after a pause.
    Anywhere,
}

impl Again {
    /// By the status of an answer of this kind of provider.
    pub fn of_status(kind: ProviderKind, status: u16) -> Self {
        match status {
            // Amazon's word for a model that broke down.
            424 if kind == ProviderKind::Bedrock => Self::Anywhere,
            // The provider's own trouble with us: its key, its account, its list of models.
            401..=404 => Self::Elsewhere,
            408 | 429 | 500 | 502..=504 | 529 => Self::Anywhere,
            505..=599 => Self::Elsewhere,
            _ => Self::Never,
        }
    }

    /// By the code or type of an error that a provider sent in place of an answer's beginning.
    pub fn of_code(code: &str) -> Self {
        let ours = [
            "invalid",
            "context_length",
            "content_policy",
            "unsupported",
            "too_large",
            "string_above",
        ];
        if ours.iter().any(|word| code.contains(word)) {
            return Self::Never;
        }
        let its = ["auth", "permission", "billing", "quota", "not_found"];
        if its.iter().any(|word| code.contains(word)) {
            return Self::Elsewhere;
        }
        Self::Anywhere
    }

    /// By the reason why there was no answer.
    pub fn of_error(error: &LlmError) -> Self {
        match error {
            LlmError::FirstByteTimeout { .. }
            | LlmError::IdleTimeout { .. }
            | LlmError::TotalTimeout { .. }
            | LlmError::Unsendable { .. } => Self::Elsewhere,
            _ => Self::Anywhere,
        }
    }
}

/// What to do after an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Try the target at this place of the plan, after this long.
    Try(usize, Duration),
    /// Tell the caller.
    Stop,
}

/// The bounds of trying again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Attempts beyond one at each target.
    pub retries: u32,
    /// The first pause; each further one is twice as long.
    pub base: Duration,
    /// The longest pause, also where a provider asks for one.
    pub most: Duration,
}

impl Bounds {
    pub fn of(config: &GatewayConfig) -> Self {
        Self {
            retries: config.retries,
            base: Duration::from_millis(config.retry_base_ms),
            most: Duration::from_millis(config.retry_max_ms),
        }
    }
}

/// The attempts of one call so far.
#[derive(Debug)]
pub(crate) struct Attempts {
    bounds: Bounds,
    targets: usize,
    at: usize,
    /// Attempts beyond one at each target, so far.
    again: u32,
    /// Targets at which the call is not tried again.
    given_up: u64,
}

impl Attempts {
    /// Begins with the first target. Targets beyond the sixty-fourth are never reached.
    pub fn new(bounds: Bounds, targets: usize) -> Self {
        Self {
            bounds,
            targets: targets.min(64),
            at: 0,
            again: 0,
            given_up: 0,
        }
    }

    /// Whether anything would be tried after a failure that can be repeated elsewhere: then a stream's first bytes are
    /// held back.
    pub fn has_other(&self) -> bool {
        (0..self.targets).any(|at| at != self.at && self.given_up & (1 << at) == 0)
            && (self.again == 0 && self.at + 1 < self.targets || self.again < self.bounds.retries)
    }

    /// What follows a failure. `asked` is the pause that the provider asks for, `left` the time left for the call.
    pub fn after(&mut self, again: Again, asked: Option<Duration>, left: Duration) -> Next {
        match again {
            Again::Never => return Next::Stop,
            Again::Elsewhere => self.given_up |= 1 << self.at,
            Again::Anywhere => {}
        }
        let failed = self.at;
        let others = (1..=self.targets).map(|step| (failed + step) % self.targets);
        let Some(next) = others.into_iter().find(|at| self.given_up & (1 << at) == 0) else {
            return Next::Stop;
        };
        // A target that was not asked yet is asked at once.
        let pause = if self.again == 0 && next > failed {
            Duration::ZERO
        } else {
            if self.again >= self.bounds.retries {
                return Next::Stop;
            }
            self.again += 1;
            self.pause(asked.filter(|_| next == failed))
        };
        self.at = next;
        if pause > self.bounds.most || pause >= left {
            return Next::Stop;
        }
        Next::Try(self.at, pause)
    }

    /// Doubling, with half of it left to chance so that callers do not come back in step; never less than was asked.
    fn pause(&self, asked: Option<Duration>) -> Duration {
        let doubled = self
            .bounds
            .base
            .saturating_mul(1 << (self.again - 1).min(16));
        let most = doubled.min(self.bounds.most);
        let drawn = most.mul_f64(rand::rng().random_range(0.5..=1.0));
        asked.map_or(drawn, |asked| asked.max(drawn))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds {
        retries: 2,
        base: Duration::from_millis(500),
        most: Duration::from_secs(8),
    };
    const LONG: Duration = Duration::from_secs(600);

    fn attempts(targets: usize) -> Attempts {
        Attempts::new(BOUNDS, targets)
    }

    fn tried(next: Next) -> Option<usize> {
        match next {
            Next::Try(at, _) => Some(at),
            Next::Stop => None,
        }
    }

    #[test]
    fn every_target_is_asked_at_once_and_then_again_after_pauses() {
        let mut three = attempts(3);
        let next: Vec<Next> = (0..5)
            .map(|_| three.after(Again::Anywhere, None, LONG))
            .collect();
        assert_eq!(
            next[..2],
            [Next::Try(1, Duration::ZERO), Next::Try(2, Duration::ZERO)]
        );
        let Next::Try(0, pause) = next[2] else {
            panic!("{next:?}")
        };
        assert!((250..=500).contains(&pause.as_millis()), "{pause:?}");
        assert_eq!((tried(next[3]), next[4]), (Some(1), Next::Stop));
    }

    #[test]
    fn one_target_is_asked_again_as_often_as_is_set_with_doubling_pauses() {
        let mut one = attempts(1);
        let Next::Try(0, first) = one.after(Again::Anywhere, None, LONG) else {
            panic!()
        };
        let Next::Try(0, second) = one.after(Again::Anywhere, None, LONG) else {
            panic!()
        };
        assert!(first >= Duration::from_millis(250) && second >= Duration::from_millis(500));
        assert!(second <= Duration::from_secs(1));
        assert_eq!(one.after(Again::Anywhere, None, LONG), Next::Stop);
    }

    #[test]
    fn a_pause_that_was_asked_for_is_kept_or_the_caller_is_told() {
        let asked =
            |seconds| attempts(1).after(Again::Anywhere, Some(Duration::from_secs(seconds)), LONG);
        assert_eq!(asked(3), Next::Try(0, Duration::from_secs(3)));
        assert_eq!(asked(9), Next::Stop);
        let late = attempts(1).after(
            Again::Anywhere,
            Some(Duration::from_secs(3)),
            Duration::from_secs(2),
        );
        assert_eq!(late, Next::Stop);
        // Another target owes nobody a pause.
        let other = attempts(2).after(Again::Anywhere, Some(Duration::from_secs(9)), LONG);
        assert_eq!(other, Next::Try(1, Duration::ZERO));
    }

    #[test]
    fn a_target_that_would_fail_again_is_not_asked_again() {
        let mut two = attempts(2);
        assert!(two.has_other());
        assert_eq!(tried(two.after(Again::Elsewhere, None, LONG)), Some(1));
        assert!(!two.has_other());
        assert_eq!(tried(two.after(Again::Anywhere, None, LONG)), Some(1));
        assert_eq!(two.after(Again::Elsewhere, None, LONG), Next::Stop);
        assert_eq!(attempts(1).after(Again::Elsewhere, None, LONG), Next::Stop);
        assert_eq!(attempts(3).after(Again::Never, None, LONG), Next::Stop);
        assert!(!attempts(1).has_other());
    }
}
