//! `/health`, `/health/live`, `/health/ready`, `/health/detailed` and `/ready`. All answer from memory.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kernel::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use web::{Can, Json};

use super::OpsRead;
use crate::Ops;
use crate::model::{Finding, Phase, Readiness};
use crate::ports::Gravity;

/// Whether requests are served.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    /// The verdict.
    status: Readiness,
    /// What is missing; empty when all is well.
    reasons: Vec<String>,
    /// The product's version.
    version: &'static str,
}

/// The process answers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Alive {
    /// Always `alive`.
    status: &'static str,
}

/// Everything that is known about health.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Detailed {
    /// The verdict.
    status: Readiness,
    /// What is missing.
    reasons: Vec<String>,
    /// The product's version.
    version: &'static str,
    /// `starting`, `serving` or `draining`.
    #[schema(value_type = String)]
    phase: Phase,
    /// When the process started.
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    /// Seconds since then.
    uptime_s: i64,
    /// The parts that health depends on.
    parts: Vec<PartView>,
    /// Providers whose breaker is not closed.
    open_breakers: Vec<String>,
    /// Model calls under way.
    live_calls: usize,
}

/// One part.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PartView {
    /// Its name.
    name: &'static str,
    /// `up`, `degraded`, `down` or `unknown`.
    state: &'static str,
    /// What it means when it is down: `blocks` or `degrades`.
    #[schema(value_type = String)]
    gravity: Gravity,
    /// Why it is not up.
    reason: Option<String>,
    /// Since when it is so.
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// When it was last looked at.
    #[schema(value_type = Option<String>, format = DateTime)]
    checked_at: Option<Timestamp>,
    /// How long the look took, in microseconds.
    check_us: Option<u64>,
}

fn verdict(ops: &Ops) -> Response {
    let (status, reasons) = ops.readiness();
    let code = match status {
        Readiness::Ok | Readiness::Degraded => StatusCode::OK,
        Readiness::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    };
    let body = Health {
        status,
        reasons,
        version: ops.deps.version,
    };
    (code, Json(body)).into_response()
}

/// Whether requests are served
#[utoipa::path(
    get, path = "/health", tag = "ops", security(()),
    responses((status = 200, description = "`ok` or `degraded`", body = Health), (status = 503, description = "`unavailable`", body = Health)),
    extensions(("x-permission" = json!("public")), ("x-audit" = json!("none")))
)]
pub(super) async fn read_health(State(ops): State<Arc<Ops>>) -> Response {
    verdict(&ops)
}

/// Whether the process answers at all
#[utoipa::path(
    get, path = "/health/live", tag = "ops", security(()),
    responses((status = 200, description = "it does", body = Alive)),
    extensions(("x-permission" = json!("public")), ("x-audit" = json!("none")))
)]
pub(super) async fn read_live() -> Json<Alive> {
    Json(Alive { status: "alive" })
}

/// Whether requests should be sent here
///
/// 200 while requests are served, with `degraded` while something is missing (model calls are served without the store); 503 at
/// start, while draining and with the journal full.
#[utoipa::path(
    get, path = "/health/ready", tag = "ops", security(()),
    responses((status = 200, description = "`ok` or `degraded`", body = Health), (status = 503, description = "`unavailable`", body = Health)),
    extensions(("x-permission" = json!("public")), ("x-audit" = json!("none")))
)]
pub(super) async fn read_ready(State(ops): State<Arc<Ops>>) -> Response {
    verdict(&ops)
}

/// The same as `/health/ready`
#[utoipa::path(
    get, path = "/ready", tag = "ops", security(()),
    responses((status = 200, description = "`ok` or `degraded`", body = Health), (status = 503, description = "`unavailable`", body = Health)),
    extensions(("x-permission" = json!("public")), ("x-audit" = json!("none")))
)]
pub(super) async fn read_ready_short(State(ops): State<Arc<Ops>>) -> Response {
    verdict(&ops)
}

/// Every part that health depends on, and since when it is as it is
#[utoipa::path(
    get, path = "/health/detailed", tag = "ops",
    responses((status = 200, description = "all parts", body = Detailed), web::Refusals),
    extensions(("x-permission" = json!("ops:read")), ("x-audit" = json!("none")))
)]
pub(super) async fn read_detailed(
    State(ops): State<Arc<Ops>>,
    _can: Can<OpsRead>,
) -> Json<Detailed> {
    let (status, reasons) = ops.readiness();
    let now = ops.deps.clock.now();
    Json(Detailed {
        status,
        reasons,
        version: ops.deps.version,
        phase: ops.phase(),
        started_at: ops.started_at,
        uptime_s: now.since(ops.started_at) / 1_000_000,
        parts: parts(&ops),
        open_breakers: ops
            .deps
            .breakers
            .snapshots()
            .into_iter()
            .filter(|breaker| breaker.state != guard::BreakerState::Closed)
            .map(|breaker| breaker.name)
            .collect(),
        live_calls: ops.deps.live_calls.count(),
    })
}

fn parts(ops: &Ops) -> Vec<PartView> {
    ops.parts()
        .into_iter()
        .zip(&ops.watched)
        .map(|(part, watched)| {
            let seen = watched.seen.read().clone();
            let (state, reason) = match part.finding {
                None => ("unknown", None),
                Some(Finding::Up) => ("up", None),
                Some(Finding::Degraded(why)) => ("degraded", Some(why)),
                Some(Finding::Down(why)) => ("down", Some(why)),
            };
            PartView {
                name: part.name,
                state,
                gravity: part.gravity,
                reason,
                since: seen.as_ref().map(|seen| seen.since),
                checked_at: seen.as_ref().map(|seen| seen.at),
                check_us: seen.map(|seen| u64::try_from(seen.took.as_micros()).unwrap_or(0)),
            }
        })
        .collect()
}
