//! `GET /v1/debug/tasks`.

use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use web::{Can, Json};

use crate::Ops;
use crate::http::DebugRead;
use crate::service::ThreadTime;

/// What the runtime is doing.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Tasks {
    /// Tasks that are not finished.
    alive: usize,
    /// Threads that run tasks.
    workers: usize,
    /// Tasks that wait for any worker.
    queued: usize,
    /// Model calls under way.
    live_calls: usize,
    /// Threads with the CPU time they have used since they started.
    threads: Vec<ThreadTime>,
}

/// Tasks and threads
#[utoipa::path(
    get, path = "/v1/debug/tasks", tag = "debug",
    responses((status = 200, description = "as they stand now", body = Tasks), web::Refusals),
    extensions(("x-permission" = json!("debug:read")), ("x-audit" = json!("none")))
)]
pub(in crate::http) async fn read_tasks(
    State(ops): State<Arc<Ops>>,
    _can: Can<DebugRead>,
) -> Json<Tasks> {
    let runtime = tokio::runtime::Handle::current().metrics();
    Json(Tasks {
        alive: runtime.num_alive_tasks(),
        workers: runtime.num_workers(),
        queued: runtime.global_queue_depth(),
        live_calls: ops.deps.live_calls.count(),
        threads: ops.thread_times(),
    })
}
