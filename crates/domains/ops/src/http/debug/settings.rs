//! `GET /v1/debug/settings`.

use std::sync::Arc;

use axum::extract::State;
use kernel::Page;
use serde::Serialize;
use utoipa::ToSchema;
use web::{Can, Json};

use crate::Ops;
use crate::http::DebugRead;

/// One setting in force.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct SettingView {
    /// The setting, e.g. `http.port`.
    path: String,
    /// Its value; a secret shows as its reference or as `[redacted]`.
    #[schema(value_type = Object)]
    value: serde_json::Value,
    /// Where it was written: `default`, `file:line:column`, `env NAME` or `flag --name`.
    origin: String,
}

/// All settings in force.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct SettingPage {
    /// In the order they are written.
    data: Vec<SettingView>,
    /// Always `null`: there is one page.
    next_cursor: Option<String>,
}

/// The settings in force and where each was written
#[utoipa::path(
    get, path = "/v1/debug/settings", tag = "debug",
    responses((status = 200, description = "all settings, secrets left out", body = SettingPage), web::Refusals),
    extensions(("x-permission" = json!("debug:read")), ("x-audit" = json!("none")))
)]
pub(in crate::http) async fn read_settings(
    State(ops): State<Arc<Ops>>,
    _can: Can<DebugRead>,
) -> Json<Page<SettingView>> {
    let entries = ops.deps.settings_view.entries();
    let data = entries
        .into_iter()
        .map(|entry| SettingView {
            path: entry.path,
            value: entry.value,
            origin: entry.origin,
        })
        .collect();
    Json(Page {
        data,
        next_cursor: None,
    })
}
