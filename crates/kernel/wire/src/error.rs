//! How a failure looks in each protocol's own error shape. Which failures there are is every room's own business.

use bytes::Bytes;
use kernel::Kind;
use serde::Serialize;

use crate::Protocol;

/// A failure as far as a caller may see it.
#[derive(Debug, Clone, Copy)]
pub struct ErrorView<'a> {
    /// The sort of failure; decides type names.
    pub kind: Kind,
    /// Our stable code in UPPER_SNAKE.
    pub code: &'a str,
    /// What is wrong and what to do about it.
    pub message: &'a str,
    /// The field at fault, as the caller spelled its path.
    pub param: Option<&'a str>,
    /// The request's id, as in `x-request-id`.
    pub request_id: &'a str,
}

/// The shapes that error bodies come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorShape {
    /// `{"error":{message,type,param,code}}`
    OpenAi,
    /// `{"type":"error","error":{type,message},"request_id"}`
    Anthropic,
    /// `{"error","code","details"}`
    Own,
}

impl Protocol {
    /// The shape that this protocol's clients read.
    #[must_use]
    pub const fn error_shape(self) -> ErrorShape {
        match self {
            Self::Messages => ErrorShape::Anthropic,
            Self::Chat | Self::Responses | Self::Embeddings => ErrorShape::OpenAi,
        }
    }
}

/// Anthropic's name for a kind of failure.
#[must_use]
pub const fn anthropic_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Invalid
        | Kind::NotSupported
        | Kind::Conflict
        | Kind::MethodNotAllowed
        | Kind::UpgradeRequired => "invalid_request_error",
        Kind::Unauthenticated => "authentication_error",
        Kind::BudgetExhausted => "billing_error",
        Kind::Forbidden => "permission_error",
        Kind::NotFound => "not_found_error",
        Kind::TooLarge => "request_too_large",
        Kind::RateLimited => "rate_limit_error",
        Kind::Internal | Kind::Upstream => "api_error",
        Kind::Unavailable => "overloaded_error",
        Kind::UpstreamTimeout => "timeout_error",
    }
}

/// OpenAI's name for a kind of failure.
#[must_use]
pub const fn openai_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Invalid
        | Kind::NotSupported
        | Kind::Conflict
        | Kind::MethodNotAllowed
        | Kind::NotFound
        | Kind::TooLarge
        | Kind::UpgradeRequired => "invalid_request_error",
        Kind::Unauthenticated => "authentication_error",
        Kind::Forbidden => "permission_error",
        Kind::RateLimited => "rate_limit_error",
        Kind::BudgetExhausted => "insufficient_quota",
        Kind::Internal | Kind::Upstream | Kind::UpstreamTimeout | Kind::Unavailable => {
            "server_error"
        }
    }
}

/// The code in a Responses stream. Codex decides by it whether trying again makes sense.
#[must_use]
pub const fn openai_stream_code(kind: Kind) -> &'static str {
    match kind {
        Kind::RateLimited => "rate_limit_exceeded",
        Kind::BudgetExhausted => "insufficient_quota",
        Kind::Invalid | Kind::NotSupported | Kind::TooLarge => "invalid_prompt",
        _ => "server_error",
    }
}

#[derive(Serialize)]
pub(crate) struct OpenAiError<'a> {
    pub message: &'a str,
    pub r#type: &'static str,
    pub param: Option<&'a str>,
    pub code: &'a str,
}

impl<'a> OpenAiError<'a> {
    pub(crate) fn of(error: &ErrorView<'a>) -> Self {
        Self {
            message: error.message,
            r#type: openai_type(error.kind),
            param: error.param,
            code: error.code,
        }
    }
}

#[derive(Serialize)]
struct OpenAiBody<'a> {
    error: OpenAiError<'a>,
}

#[derive(Serialize)]
struct AnthropicBody<'a> {
    r#type: &'static str,
    error: AnthropicError<'a>,
    request_id: &'a str,
}

#[derive(Serialize)]
struct AnthropicError<'a> {
    r#type: &'static str,
    message: &'a str,
}

#[derive(Serialize)]
struct OwnBody<'a> {
    error: &'a str,
    code: &'a str,
    details: OwnDetails<'a>,
}

#[derive(Serialize)]
struct OwnDetails<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    request_id: &'a str,
}

/// The whole body of an error answer.
#[must_use]
pub fn error_body(shape: ErrorShape, error: &ErrorView<'_>) -> Bytes {
    match shape {
        ErrorShape::OpenAi => json(&OpenAiBody {
            error: OpenAiError::of(error),
        }),
        ErrorShape::Anthropic => json(&AnthropicBody {
            r#type: "error",
            error: AnthropicError {
                r#type: anthropic_type(error.kind),
                message: error.message,
            },
            request_id: error.request_id,
        }),
        ErrorShape::Own => json(&OwnBody {
            error: error.message,
            code: error.code,
            details: OwnDetails {
                field: error.param,
                request_id: error.request_id,
            },
        }),
    }
}

/// Encodes a shape of this crate. Strings and numbers alone always encode; an empty object stands in for the impossible.
pub(crate) fn json<T: Serialize>(value: &T) -> Bytes {
    serde_json::to_vec(value).map_or_else(|_| Bytes::from_static(b"{}"), Bytes::from)
}

/// One server-sent event around a body of one line.
pub(crate) fn event_of_body(name: Option<&str>, body: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(body.len() + 64);
    if let Some(name) = name {
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(name.as_bytes());
        out.push(b'\n');
    }
    out.extend_from_slice(b"data: ");
    out.extend_from_slice(body);
    out.extend_from_slice(b"\n\n");
    Bytes::from(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIEW: ErrorView<'_> = ErrorView {
        kind: Kind::Invalid,
        code: "MISSING_FIELD",
        message: "`model` is missing",
        param: Some("model"),
        request_id: "req_1",
    };

    fn text(shape: ErrorShape, view: &ErrorView<'_>) -> String {
        String::from_utf8(error_body(shape, view).to_vec()).unwrap()
    }

    #[test]
    fn each_shape() {
        insta::assert_snapshot!(text(ErrorShape::OpenAi, &VIEW), @r#"{"error":{"message":"`model` is missing","type":"invalid_request_error","param":"model","code":"MISSING_FIELD"}}"#);
        insta::assert_snapshot!(text(ErrorShape::Anthropic, &VIEW), @r#"{"type":"error","error":{"type":"invalid_request_error","message":"`model` is missing"},"request_id":"req_1"}"#);
        insta::assert_snapshot!(text(ErrorShape::Own, &VIEW), @r#"{"error":"`model` is missing","code":"MISSING_FIELD","details":{"field":"model","request_id":"req_1"}}"#);
    }

    #[test]
    fn each_kind_has_its_name_in_both_families() {
        let names: Vec<_> = [
            Kind::Invalid,
            Kind::Unauthenticated,
            Kind::Forbidden,
            Kind::NotFound,
            Kind::MethodNotAllowed,
            Kind::Conflict,
            Kind::TooLarge,
            Kind::RateLimited,
            Kind::BudgetExhausted,
            Kind::UpgradeRequired,
            Kind::NotSupported,
            Kind::Upstream,
            Kind::UpstreamTimeout,
            Kind::Unavailable,
            Kind::Internal,
        ]
        .into_iter()
        .map(|kind| {
            format!(
                "{} {kind:?}: {} | {} | {}",
                kind.status(),
                anthropic_type(kind),
                openai_type(kind),
                openai_stream_code(kind)
            )
        })
        .collect();
        insta::assert_snapshot!(names.join("\n"), @r"
        400 Invalid: invalid_request_error | invalid_request_error | invalid_prompt
        401 Unauthenticated: authentication_error | authentication_error | server_error
        403 Forbidden: permission_error | permission_error | server_error
        404 NotFound: not_found_error | invalid_request_error | server_error
        405 MethodNotAllowed: invalid_request_error | invalid_request_error | server_error
        409 Conflict: invalid_request_error | invalid_request_error | server_error
        413 TooLarge: request_too_large | invalid_request_error | invalid_prompt
        429 RateLimited: rate_limit_error | rate_limit_error | rate_limit_exceeded
        402 BudgetExhausted: billing_error | insufficient_quota | insufficient_quota
        426 UpgradeRequired: invalid_request_error | invalid_request_error | server_error
        400 NotSupported: invalid_request_error | invalid_request_error | invalid_prompt
        502 Upstream: api_error | server_error | server_error
        504 UpstreamTimeout: timeout_error | server_error | server_error
        503 Unavailable: overloaded_error | server_error | server_error
        500 Internal: api_error | server_error | server_error
        ");
    }
}
