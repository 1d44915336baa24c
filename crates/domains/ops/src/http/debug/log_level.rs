//! `/v1/debug/log-level`.

use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{ApiError, Can, Json, RequestContext};

use crate::Ops;
use crate::http::{DebugRead, OpsUpdate, act};

/// The log's level.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct LogLevel {
    /// `fatal`, `error`, `warn`, `info`, `debug`, `trace`, or directives like `info,gateway=debug`.
    #[schema(example = "info")]
    level: String,
}

/// The log's level in force
#[utoipa::path(
    get, path = "/v1/debug/log-level", tag = "debug",
    responses((status = 200, description = "the level", body = LogLevel), web::Refusals),
    extensions(("x-permission" = json!("debug:read")), ("x-audit" = json!("none")))
)]
pub(in crate::http) async fn read_log_level(
    State(ops): State<Arc<Ops>>,
    _can: Can<DebugRead>,
) -> Json<LogLevel> {
    Json(LogLevel {
        level: ops.deps.logs.level(),
    })
}

/// Change the log's level until the next start
#[utoipa::path(
    put, path = "/v1/debug/log-level", tag = "debug", request_body = LogLevel,
    responses((status = 200, description = "the level from now on", body = LogLevel), web::Refusals),
    extensions(("x-permission" = json!("ops:update")), ("x-audit" = json!("log_level.change")))
)]
pub(in crate::http) async fn change_log_level(
    State(ops): State<Arc<Ops>>,
    Can(caller, _): Can<OpsUpdate>,
    context: RequestContext,
    Json(wanted): Json<LogLevel>,
) -> Result<Json<LogLevel>, ApiError> {
    let before = ops.deps.logs.level();
    ops.deps.logs.set_level(&wanted.level)?;
    let level = ops.deps.logs.level();
    let change = serde_json::json!({ "from": before, "to": level });
    ops.note(act(
        &ops,
        &caller,
        &context,
        "log_level.change",
        "log".to_owned(),
        change,
    ))
    .await;
    Ok(Json(LogLevel { level }))
}
