//! `GET /v1/analytics/usage`.

use axum::extract::State;
use kernel::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use web::{ApiError, Can, Json, Query};

use super::AnalyticsRead;
use super::usage_view::UsageRow;
use crate::Analytics;
use crate::service::query::UsageQuery;
use crate::service::usage::GroupValues;

/// Usage by group.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UsageAnswer {
    /// A page of groups, dearest first.
    data: Vec<UsageRow>,
    /// Hand this back as `cursor` for the next page; `null` on the last one.
    next_cursor: Option<String>,
    /// First instant counted.
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    /// First instant not counted.
    #[schema(value_type = String, format = DateTime)]
    to: Timestamp,
    /// Over all groups of all pages.
    total: UsageRow,
}

/// Calls, tokens and cost over a time range, by group
#[utoipa::path(
    get,
    path = "/v1/analytics/usage",
    tag = "analytics",
    params(UsageQuery),
    responses(
        (status = 200, body = UsageAnswer),
        web::Refusals,
    ),
    extensions(("x-permission" = json!("analytics:read")), ("x-audit" = json!("none")))
)]
pub(super) async fn read_usage(
    State(room): State<Analytics>,
    caller: Can<AnalyticsRead>,
    Query(query): Query<UsageQuery>,
) -> Result<Json<UsageAnswer>, ApiError> {
    let report = room.usage(caller.0.principal.org, &query).await?;
    Ok(Json(UsageAnswer {
        data: report
            .rows
            .into_iter()
            .map(|(group, sums)| UsageRow::new(group, &sums))
            .collect(),
        next_cursor: report.next,
        from: report.from,
        to: report.to,
        total: UsageRow::new(GroupValues::new(), &report.total),
    }))
}
