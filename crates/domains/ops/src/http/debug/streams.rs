//! `GET /v1/debug/streams`.

use std::sync::Arc;

use axum::extract::State;
use kernel::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use web::{Can, Json};

use crate::Ops;
use crate::http::DebugRead;
use crate::ports::LiveCall;

/// The most that are listed at once; `total` tells how many there are.
const MAX_LISTED: usize = 1_000;

/// A model call under way.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct StreamView {
    /// The call.
    id: String,
    /// The key used.
    key: String,
    /// The surface it came in on.
    surface: String,
    /// The model asked for.
    model: String,
    /// The provider.
    provider: String,
    /// Whether a stream was asked for.
    stream: bool,
    /// When it was admitted.
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    /// Milliseconds since then.
    age_ms: i64,
}

/// The calls under way.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct StreamPage {
    /// The oldest first.
    data: Vec<StreamView>,
    /// Always `null`: there is one page.
    next_cursor: Option<String>,
    /// How many there are in all.
    total: usize,
}

/// The model calls under way
#[utoipa::path(
    get, path = "/v1/debug/streams", tag = "debug",
    responses((status = 200, description = "the oldest 1,000", body = StreamPage), web::Refusals),
    extensions(("x-permission" = json!("debug:read")), ("x-audit" = json!("none")))
)]
pub(in crate::http) async fn list_streams(
    State(ops): State<Arc<Ops>>,
    _can: Can<DebugRead>,
) -> Json<StreamPage> {
    let now = ops.deps.clock.now();
    let calls = ops.deps.live_calls.list(MAX_LISTED);
    Json(StreamPage {
        data: calls.into_iter().map(|call| view(call, now)).collect(),
        next_cursor: None,
        total: ops.deps.live_calls.count(),
    })
}

fn view(call: LiveCall, now: Timestamp) -> StreamView {
    StreamView {
        id: call.id.to_string(),
        key: call.key.to_string(),
        surface: call.surface,
        model: call.model,
        provider: call.provider,
        stream: call.stream,
        started_at: call.started_at,
        age_ms: now.since(call.started_at) / 1_000,
    }
}
