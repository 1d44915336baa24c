//! How a failure looks on our own routes: `{"error", "code", "details"}` and the headers that go with it.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use kernel::{Failure, Kind};
use serde_json::{Map, Value, json};

/// Any failure of any room, as a handler returns it.
#[derive(Debug)]
pub struct ApiError(pub Box<dyn Failure>);

impl<E: Failure> From<E> for ApiError {
    fn from(failure: E) -> Self {
        Self(Box::new(failure))
    }
}

impl ApiError {
    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.kind().status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The body, e.g. for a response that is built by hand.
    #[must_use]
    pub fn body(&self) -> Value {
        envelope(&*self.0)
    }
}

/// The envelope of a failure. What lies behind an internal one stays in the log.
#[must_use]
pub fn envelope(failure: &dyn Failure) -> Value {
    let mut details = match failure.details() {
        Some(Value::Object(details)) => details,
        None => Map::new(),
        Some(other) => Map::from_iter([("info".to_owned(), other)]),
    };
    if let Some(field) = failure.field() {
        details
            .entry("field")
            .or_insert_with(|| field.to_owned().into());
    }
    if let Some(seconds) = failure.retry_after_s() {
        details.entry("retry_after_s").or_insert(seconds.into());
    }
    let message = match failure.kind() {
        Kind::Internal => {
            "an internal error happened; the request id finds it in the log".to_owned()
        }
        _ => failure.to_string(),
    };
    json!({ "error": message, "code": failure.code(), "details": details })
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let kind = self.0.kind();
        if kind == Kind::Internal {
            let sources = chain(&*self.0);
            tracing::error!(error.code = self.0.code(), error = %sources, "request failed");
        }
        let mut response = (self.status(), axum::Json(self.body())).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.0.retry_after_s() {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if kind == Kind::Unauthenticated {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"switchyard\""),
            );
        }
        response
    }
}

/// A failure with its sources, for the log.
fn chain(failure: &dyn Failure) -> String {
    let mut text = failure.to_string();
    let mut source = std::error::Error::source(failure);
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

/// Failures of this crate itself.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// No such path.
    #[error("no route {method} {path}; /openapi.json lists them all")]
    RouteNotFound {
        /// As it was sent.
        method: String,
        /// As it was sent, cut to a bound.
        path: String,
    },
    /// No such method on this path.
    #[error("the method {method} is not offered here; the Allow header lists those that are")]
    MethodNotAllowed {
        /// As it was sent.
        method: String,
    },
    /// The handler took too long.
    #[error("the request took longer than http.request_timeout_ms ({limit_ms} ms)")]
    TimedOut {
        /// The bound.
        limit_ms: u64,
    },
    /// A handler panicked.
    #[error("a handler panicked")]
    Panicked,
    /// The application forgot to put an authenticator into the request.
    #[error("no authenticator stands behind this route")]
    NoAuthenticator,
}

impl Failure for WebError {
    fn kind(&self) -> Kind {
        match self {
            Self::RouteNotFound { .. } => Kind::NotFound,
            Self::MethodNotAllowed { .. } => Kind::MethodNotAllowed,
            Self::TimedOut { .. } => Kind::Unavailable,
            Self::Panicked | Self::NoAuthenticator => Kind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::RouteNotFound { .. } => "ROUTE_NOT_FOUND",
            Self::MethodNotAllowed { .. } => "METHOD_NOT_ALLOWED",
            Self::TimedOut { .. } => "REQUEST_TIMEOUT",
            Self::Panicked | Self::NoAuthenticator => "INTERNAL_ERROR",
        }
    }
}
