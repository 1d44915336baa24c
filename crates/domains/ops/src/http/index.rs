//! `GET /`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, header};
use serde::Serialize;
use utoipa::ToSchema;
use web::Json;

use crate::Ops;

/// What stands at this address.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Index {
    /// The product.
    name: &'static str,
    /// Its version.
    version: &'static str,
    /// Where to go on.
    links: Links,
}

/// Where to go on.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Links {
    /// The API as a page.
    docs: &'static str,
    /// The API as a document.
    openapi: &'static str,
    /// Whether requests are served.
    health: &'static str,
    /// The models on offer.
    models: &'static str,
}

const LINKS: Links = Links {
    docs: "/docs/",
    openapi: "/openapi.json",
    health: "/health/ready",
    models: "/v1/models",
};

/// What stands at this address
///
/// JSON for programs, a small page for browsers.
#[utoipa::path(
    get,
    path = "/",
    tag = "ops",
    security(()),
    responses((status = 200, description = "name, version and links", body = Index)),
    extensions(("x-permission" = json!("public")), ("x-audit" = json!("none")))
)]
pub(super) async fn read_index(State(ops): State<Arc<Ops>>, headers: HeaderMap) -> Response {
    let version = ops.deps.version;
    if !wants_page(&headers) {
        return Json(Index {
            name: "switchyard",
            version,
            links: LINKS,
        })
        .into_response();
    }
    let mut response = axum::response::Html(page(version)).into_response();
    response.headers_mut().insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(web::headers::PAGE_POLICY),
    );
    response
}

fn wants_page(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

fn page(version: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Switchyard</title>\
         <style>body{{font:16px/1.6 system-ui;max-width:36rem;margin:4rem auto;padding:0 1rem}}</style>\
         <h1>Switchyard</h1><p>Version {version}.</p><ul>\
         <li><a href=\"{}\">API reference</a></li><li><a href=\"{}\">OpenAPI document</a></li>\
         <li><a href=\"{}\">Health</a></li></ul></html>\n",
        LINKS.docs, LINKS.openapi, LINKS.health
    )
}
