//! Which pages of other origins may call us. Plain functions over headers, so that routes without layers can use them too.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

/// Answers' headers that pages may read.
const EXPOSED: &str = "x-request-id, request-id, retry-after, x-should-retry, x-switchyard-call-id, \
     x-switchyard-cost-usd, x-switchyard-upstream-request-id, x-ratelimit-limit-requests, \
     x-ratelimit-limit-tokens, x-ratelimit-remaining-requests, x-ratelimit-remaining-tokens, \
     x-ratelimit-reset-requests, x-ratelimit-reset-tokens";

const METHODS: &str = "GET, POST, PUT, PATCH, DELETE, OPTIONS";

/// How long a browser may keep a preflight's answer, in seconds.
const MAX_AGE_S: u64 = 600;

/// The origins that are let in.
#[derive(Debug, Clone, Default)]
pub struct Cors {
    any: bool,
    origins: Vec<HeaderValue>,
}

impl Cors {
    /// Lets in these origins; `*` among them means every one.
    #[must_use]
    pub fn new(origins: &[String]) -> Self {
        Self {
            any: origins.iter().any(|origin| origin == "*"),
            origins: origins
                .iter()
                .filter(|origin| *origin != "*")
                .filter_map(|origin| HeaderValue::from_str(origin).ok())
                .collect(),
        }
    }

    /// Whether no other origin is let in, so that there is nothing to do.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        !self.any && self.origins.is_empty()
    }

    /// The value for `access-control-allow-origin`, where this request's origin is let in.
    #[must_use]
    pub fn allowed(&self, request: &HeaderMap) -> Option<HeaderValue> {
        let origin = request.get(header::ORIGIN)?;
        if self.any {
            return Some(HeaderValue::from_static("*"));
        }
        self.origins.contains(origin).then(|| origin.clone())
    }

    /// Marks an answer for the page that asked; `allowed` is from its request.
    pub fn mark(&self, allowed: Option<HeaderValue>, response: &mut HeaderMap) {
        if self.is_closed() {
            return;
        }
        if !self.any {
            response.append(header::VARY, HeaderValue::from_static("origin"));
        }
        if let Some(origin) = allowed {
            response.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            response.insert(
                header::ACCESS_CONTROL_EXPOSE_HEADERS,
                HeaderValue::from_static(EXPOSED),
            );
        }
    }

    /// The answer to a preflight from an origin that is let in; `None` for every other request.
    #[must_use]
    pub fn preflight(&self, method: &Method, request: &HeaderMap) -> Option<Response> {
        if method != Method::OPTIONS || !request.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
        {
            return None;
        }
        let origin = self.allowed(request)?;
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        self.mark(Some(origin), headers);
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static(METHODS),
        );
        // The names asked for are mirrored: `*` would leave out `authorization`.
        if let Some(names) = request.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
        }
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE_S.into());
        Some(response)
    }
}
