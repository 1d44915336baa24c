//! Limits as bodies spell them: those of a key, and within them those of models, which hold none again.

use std::collections::BTreeMap;

use guard::Limits;
use serde::Deserialize;
use utoipa::ToSchema;

/// Limits of a key.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = KeyLimits)]
#[serde(deny_unknown_fields)]
pub(super) struct LimitsBody {
    /// Requests in any 60 seconds.
    #[schema(minimum = 1)]
    requests_per_minute: Option<u64>,
    /// Tokens in any 60 seconds: uncached input, cache writes and output.
    #[schema(minimum = 1)]
    tokens_per_minute: Option<u64>,
    /// Requests under way at once.
    #[schema(minimum = 1)]
    concurrent_requests: Option<u64>,
    /// Limits of models by pattern, counted apart; each holds besides the key's own.
    #[serde(default)]
    models: BTreeMap<String, ModelLimitsBody>,
}

/// Limits of the models of one pattern.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ModelLimits)]
#[serde(deny_unknown_fields)]
pub(super) struct ModelLimitsBody {
    /// Requests in any 60 seconds.
    #[schema(minimum = 1)]
    requests_per_minute: Option<u64>,
    /// Tokens in any 60 seconds: uncached input, cache writes and output.
    #[schema(minimum = 1)]
    tokens_per_minute: Option<u64>,
    /// Requests under way at once.
    #[schema(minimum = 1)]
    concurrent_requests: Option<u64>,
}

impl From<LimitsBody> for Limits {
    fn from(body: LimitsBody) -> Self {
        let models = body.models.into_iter();
        Self {
            requests_per_minute: body.requests_per_minute,
            tokens_per_minute: body.tokens_per_minute,
            concurrent_requests: body.concurrent_requests,
            models: models
                .map(|(pattern, limits)| (pattern, limits.into()))
                .collect(),
        }
    }
}

impl From<ModelLimitsBody> for Limits {
    fn from(body: ModelLimitsBody) -> Self {
        Self {
            requests_per_minute: body.requests_per_minute,
            tokens_per_minute: body.tokens_per_minute,
            concurrent_requests: body.concurrent_requests,
            models: BTreeMap::new(),
        }
    }
}
