//! `GET /v1/debug/cpu-profile`.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use web::{ApiError, Can, Json, Query};

use crate::Ops;
use crate::http::DebugRead;
use crate::service::CpuProfile;

/// Longest time to watch in milliseconds.
const MAX_MS: u64 = 2_000;

/// How long to watch.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Span {
    /// Milliseconds, 1,000 by default; more than 2,000 counts as 2,000.
    #[param(minimum = 0, maximum = 2000)]
    ms: Option<u32>,
}

/// CPU time by thread, over a span of time
#[utoipa::path(
    get, path = "/v1/debug/cpu-profile", tag = "debug",
    params(Span),
    responses((status = 200, description = "the busiest thread first", body = CpuProfile), (status = 409, description = "one is being taken", body = web::ErrorBody), web::Refusals),
    extensions(("x-permission" = json!("debug:read")), ("x-audit" = json!("none")))
)]
pub(in crate::http) async fn take_cpu_profile(
    State(ops): State<Arc<Ops>>,
    _can: Can<DebugRead>,
    Query(span): Query<Span>,
) -> Result<Json<CpuProfile>, ApiError> {
    let ms = u64::from(span.ms.unwrap_or(1_000)).clamp(50, MAX_MS);
    Ok(Json(ops.cpu_profile(Duration::from_millis(ms)).await?))
}
