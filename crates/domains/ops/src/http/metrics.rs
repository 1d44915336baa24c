//! `GET /metrics`.

use std::sync::Arc;

use axum::extract::{FromRequestParts, State};
use axum::response::{IntoResponse, Response};
use http::header;
use http::request::Parts;
use web::{ApiError, Can, RequestContext};

use super::OpsRead;
use crate::Ops;
use crate::config::MetricsAccess;

/// Somebody who may read the figures: by key, or by where the request comes from.
pub(super) struct Reader;

/// Headers that a proxy adds: with one of them, a peer on this machine speaks for somebody else.
const FORWARDED: [&str; 3] = ["forwarded", "x-forwarded-for", "x-real-ip"];

impl FromRequestParts<Arc<Ops>> for Reader {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, ops: &Arc<Ops>) -> Result<Self, ApiError> {
        let here = parts
            .extensions
            .get::<RequestContext>()
            .is_some_and(|context| context.client_ip.to_canonical().is_loopback())
            && !FORWARDED
                .iter()
                .any(|name| parts.headers.contains_key(*name));
        // A credential that was sent is checked, wherever the request comes from.
        let anonymous = web::presented(&parts.headers).is_none();
        let open = match ops.deps.settings.metrics_access {
            MetricsAccess::Key => false,
            MetricsAccess::Loopback => here,
            MetricsAccess::Open => true,
        };
        if !(open && anonymous) {
            Can::<OpsRead>::from_request_parts(parts, ops).await?;
        }
        Ok(Self)
    }
}

/// Figures in the Prometheus text format
///
/// Needs `ops:read`, but for requests from the machine itself (`ops.metrics_access`).
#[utoipa::path(
    get, path = "/metrics", tag = "ops",
    responses((status = 200, description = "Prometheus text format 0.0.4", body = String, content_type = "text/plain"), web::Refusals),
    extensions(("x-permission" = json!("ops:read")), ("x-audit" = json!("none")))
)]
pub(super) async fn read_metrics(State(ops): State<Arc<Ops>>, _reader: Reader) -> Response {
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], ops.deps.registry.render()).into_response()
}
