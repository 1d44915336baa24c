//! `/v1/circuit-breakers`.

use std::sync::Arc;

use axum::extract::State;
use guard::{BreakerSnapshot, BreakerState};
use kernel::{Page, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;
use web::{ApiError, Can, Json, Path, RequestContext};

use super::{OpsRead, OpsUpdate};
use crate::Ops;

/// The breaker of one provider.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BreakerView {
    /// The provider's configured name.
    name: String,
    /// The provider's kind.
    kind: String,
    /// `closed`, `open` or `half_open`.
    #[schema(value_type = String)]
    state: BreakerState,
    /// Consecutive failures.
    failures: u32,
    /// When it opened, where it is not closed.
    #[schema(value_type = Option<String>, format = DateTime)]
    opened_at: Option<Timestamp>,
    /// Models that rest by themselves, with the time until which they do.
    #[schema(value_type = Vec<Object>)]
    models: serde_json::Value,
}

/// All breakers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BreakerPage {
    /// In the order of their names.
    data: Vec<BreakerView>,
    /// Always `null`: there is one page.
    next_cursor: Option<String>,
}

impl From<BreakerSnapshot> for BreakerView {
    fn from(breaker: BreakerSnapshot) -> Self {
        Self {
            models: serde_json::to_value(&breaker.models).unwrap_or_default(),
            name: breaker.name,
            kind: breaker.kind,
            state: breaker.state,
            failures: breaker.failures,
            opened_at: breaker.opened_at,
        }
    }
}

/// The breakers of all providers
#[utoipa::path(
    get, path = "/v1/circuit-breakers", tag = "ops",
    responses((status = 200, description = "all breakers", body = BreakerPage), web::Refusals),
    extensions(("x-permission" = json!("ops:read")), ("x-audit" = json!("none")))
)]
pub(super) async fn list_breakers(
    State(ops): State<Arc<Ops>>,
    _can: Can<OpsRead>,
) -> Json<Page<BreakerView>> {
    let breakers = ops.deps.breakers.snapshots();
    Json(Page {
        data: breakers.into_iter().map(BreakerView::from).collect(),
        next_cursor: None,
    })
}

/// Close a breaker
///
/// Forgets its failures and lets its resting models be tried again.
#[utoipa::path(
    post, path = "/v1/circuit-breakers/{name}/reset", tag = "ops",
    params(("name" = String, Path, description = "the provider's configured name")),
    responses((status = 200, description = "as it is now", body = BreakerView), web::Refusals),
    extensions(("x-permission" = json!("ops:update")), ("x-audit" = json!("breaker.reset")))
)]
pub(super) async fn reset_breaker(
    State(ops): State<Arc<Ops>>,
    Can(caller, _): Can<OpsUpdate>,
    context: RequestContext,
    Path(name): Path<String>,
) -> Result<Json<BreakerView>, ApiError> {
    let breaker = ops.reset_breaker(&name)?;
    ops.note(super::act(
        &ops,
        &caller,
        &context,
        "breaker.reset",
        name,
        serde_json::json!({}),
    ))
    .await;
    Ok(Json(breaker.into()))
}
