//! Our own errors in the caller's protocol: one place where a failure gets its status, headers and body.

use http::header::{
    ALLOW, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER, UPGRADE, WWW_AUTHENTICATE,
};
use http::{Response, StatusCode};
use kernel::{Failure, Kind, RequestId};
use wire::{ErrorShape, ErrorView};

use crate::body::AnswerBody;
use crate::error::GatewayError;
use crate::headers;

/// The status of a kind on model routes. A used-up budget is a 429 there, as the providers' own clients expect it.
#[must_use]
pub(crate) const fn status(kind: Kind) -> u16 {
    match kind {
        Kind::BudgetExhausted => 429,
        other => other.status(),
    }
}

/// Shows a failure to a caller.
pub(crate) fn failure(
    shape: ErrorShape,
    error: &GatewayError,
    request: RequestId,
) -> Response<AnswerBody> {
    let message = error.to_string();
    let request_id = request.to_string();
    let kind = error.kind();
    let body = wire::error_body(
        shape,
        &ErrorView {
            kind,
            code: error.code(),
            message: &message,
            param: error.field(),
            request_id: &request_id,
        },
    );
    let mut response = Response::new(AnswerBody::whole(body));
    *response.status_mut() =
        StatusCode::from_u16(status(kind)).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let out = response.headers_mut();
    out.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers::stamp(out, request);
    if let Some(seconds) = error.retry_after_s() {
        out.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    let mut tried_again = false;
    if let GatewayError::Recorded(recorded) = error {
        tried_again = recorded.tries > 1;
        headers::call(out, recorded.call);
        headers::cost(out, recorded.cost);
    }
    if tried_again || !worth_retrying(kind) {
        out.insert(headers::SHOULD_RETRY, HeaderValue::from_static("false"));
    }
    match error.cause() {
        // How many calls may be live at once is no rate: clients that pace themselves by these headers would misread it.
        GatewayError::Limit(limit) if limit.per_minute().is_some() => {
            let [limit_name, left_name, reset_name] = if limit.per_minute() == Some("tokens") {
                [
                    "x-ratelimit-limit-tokens",
                    "x-ratelimit-remaining-tokens",
                    "x-ratelimit-reset-tokens",
                ]
            } else {
                [
                    "x-ratelimit-limit-requests",
                    "x-ratelimit-remaining-requests",
                    "x-ratelimit-reset-requests",
                ]
            };
            out.insert(limit_name, HeaderValue::from(limit.limit));
            out.insert(left_name, HeaderValue::from(limit.remaining));
            if let Ok(reset) =
                HeaderValue::from_str(&format!("{}ms", limit.reset_us.div_ceil(1_000)))
            {
                out.insert(reset_name, reset);
            }
        }
        GatewayError::Auth(_) => {
            out.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        GatewayError::Method { allow } => {
            out.insert(ALLOW, HeaderValue::from_static(allow));
        }
        GatewayError::NoWebSocket => {
            out.insert(UPGRADE, HeaderValue::from_static("HTTP/1.1"));
            out.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        }
        GatewayError::BodyTooLarge { .. } | GatewayError::BodyTimeout { .. } => {
            // The rest of the body is not read, so the connection cannot serve another request.
            out.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        _ => {}
    }
    response
}

/// Trying again at once can only help where the cause may pass by itself.
const fn worth_retrying(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::RateLimited
            | Kind::Unavailable
            | Kind::Upstream
            | Kind::UpstreamTimeout
            | Kind::Internal
    )
}
