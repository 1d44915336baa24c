//! What every request carries from the moment it is accepted: its id and where it came from.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use kernel::RequestId;

/// The header that carries the request id on answers, and the client's own correlation id on requests.
pub const X_REQUEST_ID: &str = "x-request-id";

/// The same id under the name that Anthropic's clients read.
pub const REQUEST_ID: &str = "request-id";

const MAX_CORRELATION_BYTES: usize = 128;

/// A request's id and origin. The application puts one among the extensions of every request it accepts.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// Ours, new for every request.
    pub request_id: RequestId,
    /// The client's own `x-request-id`, where it sent a short printable one.
    pub correlation_id: Option<Box<str>>,
    /// The address of the client.
    pub client_ip: IpAddr,
}

impl RequestContext {
    /// The context of a request that came in from `client_ip`.
    #[must_use]
    pub fn new(client_ip: IpAddr, headers: &HeaderMap) -> Self {
        Self {
            request_id: RequestId::new(),
            correlation_id: headers.get(X_REQUEST_ID).and_then(correlation),
            client_ip,
        }
    }

    /// Puts the request id on an answer, under both names.
    pub fn mark(&self, headers: &mut HeaderMap) {
        if let Ok(value) = HeaderValue::from_str(&self.request_id.to_string()) {
            headers.insert(X_REQUEST_ID, value.clone());
            headers.insert(REQUEST_ID, value);
        }
    }
}

/// An id that may stand in logs: short, printable, no spaces.
fn correlation(value: &HeaderValue) -> Option<Box<str>> {
    let text = value.to_str().ok()?;
    let fits = !text.is_empty()
        && text.len() <= MAX_CORRELATION_BYTES
        && text.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then(|| text.into())
}

impl<S: Sync> FromRequestParts<S> for RequestContext {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        if let Some(context) = parts.extensions.get::<Self>() {
            return Ok(context.clone());
        }
        let context = Self::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), &parts.headers);
        parts.extensions.insert(context.clone());
        Ok(context)
    }
}
