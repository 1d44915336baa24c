//! The limits of a key as settings and requests spell them, and what they must be. It counts nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub(super) const REQUESTS: &str = "requests_per_minute";
pub(super) const TOKENS: &str = "tokens_per_minute";
pub(super) const CONCURRENT: &str = "concurrent_requests";

/// Patterns with limits of their own that a key may have at most.
pub const MAX_MODEL_LIMITS: usize = 32;

/// The limits of a key as settings and requests spell them. What is left out is not limited.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Requests in any 60 seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<u64>,
    /// Tokens in any 60 seconds: uncached input, cache writes and output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_per_minute: Option<u64>,
    /// Requests under way at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrent_requests: Option<u64>,
    /// Limits of models by pattern, counted apart; each holds besides the key's own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub models: BTreeMap<String, Limits>,
}

/// Why limits cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct InvalidLimits {
    /// The setting at fault, from `limits` on.
    pub field: String,
    /// What is wrong and what to do.
    pub reason: &'static str,
}

impl Limits {
    /// The product's default: 100 requests in 60 seconds.
    #[must_use]
    pub fn house_default() -> Self {
        Self {
            requests_per_minute: Some(100),
            ..Self::default()
        }
    }

    /// Refuses what could never admit anything and what nests.
    pub fn validate(&self) -> Result<(), InvalidLimits> {
        self.validate_at("limits")?;
        if self.models.len() > MAX_MODEL_LIMITS {
            return Err(InvalidLimits {
                field: "limits.models".into(),
                reason: "at most 32 patterns",
            });
        }
        for (pattern, limits) in &self.models {
            let at = format!("limits.models.{pattern}");
            limits.validate_at(&at)?;
            if !limits.models.is_empty() {
                return Err(InvalidLimits {
                    field: format!("{at}.models"),
                    reason: "limits of a model have no models of their own; list the pattern one level up",
                });
            }
        }
        Ok(())
    }

    fn validate_at(&self, at: &str) -> Result<(), InvalidLimits> {
        for (name, value) in [
            (REQUESTS, self.requests_per_minute),
            (TOKENS, self.tokens_per_minute),
            (CONCURRENT, self.concurrent_requests),
        ] {
            if value == Some(0) {
                return Err(InvalidLimits {
                    field: format!("{at}.{name}"),
                    reason: "must be at least 1; leave it out for no limit",
                });
            }
        }
        Ok(())
    }

    pub(super) const fn is_unlimited(&self) -> bool {
        self.requests_per_minute.is_none()
            && self.tokens_per_minute.is_none()
            && self.concurrent_requests.is_none()
    }
}
