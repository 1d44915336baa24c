//! The layers around all our own routes: request id, span, figures, security headers, CORS, bounds of body and time, panics
//! caught, and envelopes where no route or method fits.

use std::any::Any;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::header;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument;

use crate::context::RequestContext;
use crate::cors::Cors;
use crate::error::{ApiError, WebError};
use crate::extract::BadRequest;
use crate::headers::secure;
use crate::settings::HttpSettings;

/// The bound of a request body in bytes, among the request's extensions.
#[derive(Debug, Clone, Copy)]
pub struct BodyBound(pub usize);

impl BodyBound {
    pub(crate) const DEFAULT: Self = Self(1024 * 1024);
}

const MAX_PATH_SHOWN: usize = 200;

/// Puts the layers around a router. Call it once, on the whole of the application's own routes.
pub fn harden(router: Router, settings: &HttpSettings) -> Router {
    let bounds = Arc::new(Bounds {
        cors: Cors::new(&settings.cors_origins),
        max_body_bytes: settings.max_body_bytes,
        time_ms: settings.request_timeout_ms,
    });
    router
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(Arc::clone(&bounds), bound))
        .layer(from_fn_with_state(bounds, protect))
        .layer(from_fn(observe))
}

struct Bounds {
    cors: Cors,
    max_body_bytes: usize,
    time_ms: u64,
}

/// Request id, span and figures.
async fn observe(mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let context = match request.extensions().get::<RequestContext>() {
        Some(context) => context.clone(),
        None => {
            let ip = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
            let context = RequestContext::new(ip, request.headers());
            request.extensions_mut().insert(context.clone());
            context
        }
    };
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = request.method().clone();
    let span = tracing::info_span!(
        "request",
        request.id = %context.request_id,
        correlation.id = context.correlation_id.as_deref(),
        http.method = %method,
        http.route = route.as_ref().map(MatchedPath::as_str),
        key.id = tracing::field::Empty,
    );
    let mut response = next.run(request).instrument(span.clone()).await;
    context.mark(response.headers_mut());
    let elapsed = started.elapsed();
    let route = route.as_ref().map_or("unmatched", MatchedPath::as_str);
    telemetry::http::observe(route, method.as_str(), response.status().as_u16(), elapsed);
    let duration_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    span.in_scope(|| {
        tracing::debug!(
            http.status = response.status().as_u16(),
            duration_ms,
            "answered"
        );
    });
    response
}

/// Security headers and CORS.
async fn protect(State(bounds): State<Arc<Bounds>>, request: Request, next: Next) -> Response {
    if let Some(mut response) = bounds.cors.preflight(request.method(), request.headers()) {
        secure(response.headers_mut());
        return response;
    }
    let allowed = bounds.cors.allowed(request.headers());
    let mut response = next.run(request).await;
    secure(response.headers_mut());
    bounds.cors.mark(allowed, response.headers_mut());
    response
}

/// Bounds of body and time. The time ends with the head of the answer: a stream may run on.
async fn bound(State(bounds): State<Arc<Bounds>>, mut request: Request, next: Next) -> Response {
    let declared = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<usize>().ok());
    if declared.is_some_and(|length| length > bounds.max_body_bytes) {
        return ApiError::from(BadRequest::TooLarge(bounds.max_body_bytes)).into_response();
    }
    request
        .extensions_mut()
        .insert(BodyBound(bounds.max_body_bytes));
    let limit_ms = bounds.time_ms;
    match tokio::time::timeout(Duration::from_millis(limit_ms), next.run(request)).await {
        Ok(response) => response,
        Err(_) => ApiError::from(WebError::TimedOut { limit_ms }).into_response(),
    }
}

fn panicked(_payload: Box<dyn Any + Send>) -> Response {
    ApiError::from(WebError::Panicked).into_response()
}

async fn not_found(request: Request) -> ApiError {
    let path = request.uri().path();
    WebError::RouteNotFound {
        method: request.method().to_string(),
        path: path.chars().take(MAX_PATH_SHOWN).collect(),
    }
    .into()
}

async fn method_not_allowed(request: Request) -> ApiError {
    WebError::MethodNotAllowed {
        method: request.method().to_string(),
    }
    .into()
}

#[cfg(test)]
mod tests;
