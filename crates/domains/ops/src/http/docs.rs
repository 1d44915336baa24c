//! `/openapi.json` and the page at `/docs/` that reads it. Page and scripts are in the binary.

use std::sync::{Arc, LazyLock};

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderValue, header};
use utoipa_swagger_ui::{Config, SwaggerFile, serve};
use web::{ApiError, Path};

use crate::{Ops, OpsError};

/// How long browsers may keep the page's files, in seconds; they change with the version only.
const KEEP: &str = "public, max-age=3600";

/// The API as a document
#[utoipa::path(
    get, path = "/openapi.json", tag = "ops", security(()),
    responses((status = 200, description = "OpenAPI 3.1", body = Object), (status = 503, description = "the process is starting", body = web::ErrorBody)),
    extensions(("x-permission" = json!("public")), ("x-audit" = json!("none")))
)]
pub(super) async fn read_document(State(ops): State<Arc<Ops>>) -> Result<Response, ApiError> {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    Ok((kind, ops.document()?).into_response())
}

/// To the page of the API
#[utoipa::path(
    get, path = "/docs", tag = "ops", security(()),
    responses((status = 307, description = "to /docs/")),
    extensions(("x-permission" = json!("public")), ("x-audit" = json!("none")))
)]
pub(super) async fn open_docs() -> Redirect {
    Redirect::temporary("/docs/")
}

/// The API as a page
#[utoipa::path(
    get, path = "/docs/", tag = "ops", security(()),
    responses((status = 200, description = "a page", body = String, content_type = "text/html")),
    extensions(("x-permission" = json!("public")), ("x-audit" = json!("none")))
)]
pub(super) async fn read_docs() -> Result<Response, ApiError> {
    file("index.html")
}

/// A file of that page
#[utoipa::path(
    get, path = "/docs/{file}", tag = "ops", security(()),
    params(("file" = String, Path, description = "as the page names it")),
    responses((status = 200, description = "the file", body = String, content_type = "*/*"), (status = 404, description = "no such file", body = web::ErrorBody)),
    extensions(("x-permission" = json!("public")), ("x-audit" = json!("none")))
)]
pub(super) async fn read_docs_file(Path(name): Path<String>) -> Result<Response, ApiError> {
    file(&name)
}

fn file(name: &str) -> Result<Response, ApiError> {
    static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
        let config = Config::from("/openapi.json")
            .validator_url("none")
            .persist_authorization(false)
            .try_it_out_enabled(true);
        Arc::new(config)
    });
    let unknown = || OpsError::NoFile(name.chars().take(100).collect());
    let found = serve(name, Arc::clone(&CONFIG)).ok().flatten();
    Ok(answer(found.ok_or_else(unknown)?))
}

fn answer(file: SwaggerFile<'_>) -> Response {
    let mut response = file.bytes.into_owned().into_response();
    let headers = response.headers_mut();
    if let Ok(kind) = HeaderValue::from_str(&file.content_type) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    if file.gzpipped {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(KEEP));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(web::headers::PAGE_POLICY),
    );
    response
}
