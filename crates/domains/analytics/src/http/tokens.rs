//! `GET /v1/analytics/tokens`.

use axum::extract::State;
use kernel::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use web::{ApiError, Can, Json, Query};

use super::AnalyticsRead;
use super::usage_view::UsageRow;
use crate::Analytics;
use crate::model::Sums;
use crate::service::query::UsageQuery;
use crate::service::usage::GroupValues;

/// A group's usage with its tokens added up.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TokensRow {
    #[serde(flatten)]
    usage: UsageRow,
    /// Everything sent: fresh, read from a cache and written to one.
    total_input_tokens: i64,
    /// Everything made: output and reasoning.
    total_output_tokens: i64,
    /// Both.
    total_tokens: i64,
    /// The share of everything sent that was read from a cache, in per cent; `null` where nothing was sent.
    cache_read_percent: Option<i64>,
}

impl TokensRow {
    fn new(group: GroupValues, sums: &Sums) -> Self {
        let input = sums.input_tokens + sums.cache_read_tokens + sums.cache_write_tokens;
        let output = sums.output_tokens + sums.reasoning_tokens;
        Self {
            usage: UsageRow::new(group, sums),
            total_input_tokens: input,
            total_output_tokens: output,
            total_tokens: input + output,
            cache_read_percent: (input > 0)
                .then(|| sums.cache_read_tokens.saturating_mul(100) / input),
        }
    }
}

/// Tokens by group.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TokensAnswer {
    /// A page of groups, dearest first.
    data: Vec<TokensRow>,
    /// Hand this back as `cursor` for the next page; `null` on the last one.
    next_cursor: Option<String>,
    /// First instant counted.
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    /// First instant not counted.
    #[schema(value_type = String, format = DateTime)]
    to: Timestamp,
    /// Over all groups of all pages.
    total: TokensRow,
}

/// Tokens over a time range, by group, bucket by bucket and added up
#[utoipa::path(
    get,
    path = "/v1/analytics/tokens",
    tag = "analytics",
    params(UsageQuery),
    responses(
        (status = 200, body = TokensAnswer),
        web::Refusals,
    ),
    extensions(("x-permission" = json!("analytics:read")), ("x-audit" = json!("none")))
)]
pub(super) async fn read_tokens(
    State(room): State<Analytics>,
    caller: Can<AnalyticsRead>,
    Query(query): Query<UsageQuery>,
) -> Result<Json<TokensAnswer>, ApiError> {
    let report = room.usage(caller.0.principal.org, &query).await?;
    Ok(Json(TokensAnswer {
        data: report
            .rows
            .into_iter()
            .map(|(group, sums)| TokensRow::new(group, &sums))
            .collect(),
        next_cursor: report.next,
        from: report.from,
        to: report.to,
        total: TokensRow::new(GroupValues::new(), &report.total),
    }))
}
