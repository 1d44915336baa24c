//! An authenticated caller with everything that decides what it may do now. How it was found is `identity`'s business.

use std::collections::BTreeMap;
use std::sync::Arc;

use kernel::{Principal, Timestamp};

use crate::budget::Budgets;
use crate::glob::Glob;
use crate::limits::KeyLimits;

/// Which models a key may call; no pattern at all means every model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelAllow(Vec<Glob>);

impl ModelAllow {
    /// Allows what one of the patterns fits; every model where there is none.
    pub fn new<S: AsRef<str>>(patterns: impl IntoIterator<Item = S>) -> Self {
        Self(
            patterns
                .into_iter()
                .map(|pattern| Glob::new(pattern.as_ref()))
                .collect(),
        )
    }

    /// Every model.
    #[must_use]
    pub fn any() -> Self {
        Self::default()
    }

    /// Whether every model may be called.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this model may be called.
    #[must_use]
    pub fn allows(&self, model: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|glob| glob.matches(model))
    }

    /// The patterns as they were given.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(Glob::as_str)
    }
}

/// A caller: shared by all calls of one key, swapped as a whole when the key is edited. The counters behind
/// `limits` and `budgets` survive an edit.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who it is and what it may do.
    pub principal: Principal,
    /// The models it may call.
    pub models: ModelAllow,
    /// Requests, tokens and concurrency.
    pub limits: Arc<KeyLimits>,
    /// Money.
    pub budgets: Arc<Budgets>,
    /// Tags that every call of this key carries.
    pub tags: BTreeMap<String, String>,
    /// Whether payloads of its calls are kept.
    pub capture: bool,
    /// When the credential that was shown stops to hold: the key's expiry, or the end of a rotated secret's overlap.
    pub expires_at: Option<Timestamp>,
}

impl Caller {
    /// Whether the credential has run out at `now`.
    #[must_use]
    pub fn expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_pattern_allows_every_model() {
        assert!(ModelAllow::any().allows("gpt-5"));
        let some = ModelAllow::new(["claude*", "sim/echo"]);
        assert!(some.allows("claude-opus-5-5") && some.allows("sim/echo"));
        assert!(!some.allows("gpt-5"));
    }
}
