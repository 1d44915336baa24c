//! `GET /v1/debug/memory`.

use serde::Serialize;
use utoipa::ToSchema;
use web::{Can, Json};

use crate::http::DebugRead;

/// Memory and handles of the process.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Memory {
    /// Resident memory in bytes.
    resident_bytes: u64,
    /// The most it ever was, in bytes.
    peak_resident_bytes: u64,
    /// Resident memory that is no mapped file, in bytes.
    private_bytes: u64,
    /// Address space in bytes.
    virtual_bytes: u64,
    /// Threads.
    threads: u64,
    /// Open file descriptors.
    open_fds: u64,
    /// Bound of open file descriptors.
    max_fds: u64,
}

/// Memory of the process
#[utoipa::path(
    get, path = "/v1/debug/memory", tag = "debug",
    responses((status = 200, description = "as the kernel counts it", body = Memory), web::Refusals),
    extensions(("x-permission" = json!("debug:read")), ("x-audit" = json!("none")))
)]
pub(in crate::http) async fn read_memory(_can: Can<DebugRead>) -> Json<Memory> {
    let figures = telemetry::process::read();
    Json(Memory {
        resident_bytes: figures.resident_bytes,
        peak_resident_bytes: figures.peak_resident_bytes,
        private_bytes: figures.private_bytes,
        virtual_bytes: figures.virtual_bytes,
        threads: figures.threads,
        open_fds: figures.open_fds,
        max_fds: figures.max_fds,
    })
}
