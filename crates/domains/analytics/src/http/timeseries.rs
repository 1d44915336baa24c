//! `GET /v1/analytics/timeseries`.

use axum::extract::State;
use kernel::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use web::{ApiError, Can, Json, Query};

use super::AnalyticsRead;
use super::usage_view::UsageRow;
use crate::Analytics;
use crate::service::query::TimeseriesQuery;

/// The usage of one interval and group.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PointRow {
    /// The interval's start.
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    /// The same instant with the offset that the zone has then.
    #[schema(example = "2026-11-21T00:00:00+01:00")]
    start_local: String,
    #[serde(flatten)]
    usage: UsageRow,
}

/// Usage along time.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TimeseriesAnswer {
    /// By start, then by group. Without `group_by` every interval is there; with it, those with calls.
    data: Vec<PointRow>,
    /// Always `null`: a series is given whole.
    next_cursor: Option<String>,
    /// First instant counted.
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    /// First instant not counted.
    #[schema(value_type = String, format = DateTime)]
    to: Timestamp,
}

/// Calls, tokens and cost in the quarter hours, hours, days, weeks or months of a time zone
#[utoipa::path(
    get,
    path = "/v1/analytics/timeseries",
    tag = "analytics",
    params(TimeseriesQuery),
    responses(
        (status = 200, body = TimeseriesAnswer),
        web::Refusals,
    ),
    extensions(("x-permission" = json!("analytics:read")), ("x-audit" = json!("none")))
)]
pub(super) async fn read_timeseries(
    State(room): State<Analytics>,
    caller: Can<AnalyticsRead>,
    Query(query): Query<TimeseriesQuery>,
) -> Result<Json<TimeseriesAnswer>, ApiError> {
    let report = room.timeseries(caller.0.principal.org, &query).await?;
    Ok(Json(TimeseriesAnswer {
        data: report
            .points
            .into_iter()
            .map(|point| PointRow {
                start: point.start,
                start_local: point.start_local,
                usage: UsageRow::new(point.group, &point.sums),
            })
            .collect(),
        next_cursor: None,
        from: report.from,
        to: report.to,
    }))
}
