//! How sums look in an answer.

use serde::Serialize;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::model::Sums;
use crate::service::usage::GroupValues;

/// The group's own columns, named as in `group_by`.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub(super) struct GroupColumns(GroupValues);

impl PartialSchema for GroupColumns {
    fn schema() -> RefOr<Schema> {
        let mut columns = ObjectBuilder::new().description(Some(
            "The group's own columns, named as in `group_by`; `tag:<name>` is null for calls that do not carry the tag.",
        ));
        for name in [
            "model",
            "requested_model",
            "provider",
            "project",
            "key",
            "surface",
        ] {
            columns = columns.property(name, ObjectBuilder::new().schema_type(Type::String));
        }
        columns.into()
    }
}

impl ToSchema for GroupColumns {}

/// Sums over calls. The five token counts are disjoint: a token stands in exactly one of them.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct UsageRow {
    /// The group's own columns, named as in `group_by`: `model`, `provider`, `project`, `key`, `surface`, `tag:<name>`. `null` for
    /// calls that do not carry the tag.
    #[serde(flatten)]
    group: GroupColumns,
    /// Calls that ended.
    pub(super) calls: i64,
    /// Those that ended in an error; a client that left is none.
    pub(super) errors: i64,
    /// Fresh input tokens: neither read from a cache nor written to one.
    pub(super) input_tokens: i64,
    /// Output tokens without reasoning.
    pub(super) output_tokens: i64,
    /// Reasoning tokens; not in `output_tokens`.
    pub(super) reasoning_tokens: i64,
    /// Input tokens read from a provider's cache; not in `input_tokens`.
    pub(super) cache_read_tokens: i64,
    /// Input tokens written to a provider's cache, whatever their time to live; not in `input_tokens`.
    pub(super) cache_write_tokens: i64,
    /// Calls with a count that was estimated.
    pub(super) estimated_calls: i64,
    /// Calls without a known price; they add only what is known of it, mostly nothing.
    pub(super) unpriced_calls: i64,
    /// US dollars as a decimal string. Without what providers bill to callers' own subscriptions.
    #[schema(example = "0.13844")]
    pub(super) cost_usd: String,
    /// The same in integer nano-dollars.
    pub(super) cost_nano_usd: i64,
    /// What providers bill to callers' own subscriptions, at list price.
    pub(super) client_billed_cost_usd: String,
    /// The same in integer nano-dollars.
    pub(super) client_billed_cost_nano_usd: i64,
    /// Mean from admission to end; `null` without calls.
    pub(super) avg_duration_ms: Option<i64>,
    /// The longest call.
    pub(super) max_duration_ms: i64,
    /// Mean from admission to the upstream's first byte, over the calls that had one.
    pub(super) avg_first_byte_ms: Option<i64>,
}

impl UsageRow {
    pub(super) fn new(group: GroupValues, sums: &Sums) -> Self {
        let mean_ms = |sum: i64, count: i64| (count > 0).then(|| sum / count / 1_000);
        Self {
            group: GroupColumns(group),
            calls: sums.calls,
            errors: sums.errors,
            input_tokens: sums.input_tokens,
            output_tokens: sums.output_tokens,
            reasoning_tokens: sums.reasoning_tokens,
            cache_read_tokens: sums.cache_read_tokens,
            cache_write_tokens: sums.cache_write_tokens,
            estimated_calls: sums.estimated_calls,
            unpriced_calls: sums.unpriced_calls,
            cost_usd: sums.cost().to_string(),
            cost_nano_usd: sums.cost_nano,
            client_billed_cost_usd: kernel::Nano(sums.client_cost_nano).to_string(),
            client_billed_cost_nano_usd: sums.client_cost_nano,
            avg_duration_ms: mean_ms(sums.duration_us, sums.calls),
            max_duration_ms: sums.max_duration_us / 1_000,
            avg_first_byte_ms: mean_ms(sums.first_byte_us, sums.first_byte_calls),
        }
    }
}
