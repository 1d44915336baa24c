//! A cloud's own faults in Anthropic's shape, so that a caller of that protocol can read them. What is in that shape
//! already stays as it is, and so does what is no JSON.

use bytes::Bytes;
use serde_json::{Value, json};

/// Anthropic's name for a fault: by the cloud's name for it, else by the status.
pub(super) fn error_type(name: Option<&str>, status: u16) -> &'static str {
    let known = name.and_then(|name| {
        let word: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        let word = word.to_ascii_lowercase();
        let word = word.strip_suffix("exception").unwrap_or(&word);
        Some(match word {
            "throttling" | "servicequotaexceeded" | "toomanyrequests" | "resourceexhausted" => {
                "rate_limit_error"
            }
            "validation" | "invalidargument" | "failedprecondition" | "outofrange" => {
                "invalid_request_error"
            }
            "accessdenied" | "permissiondenied" => "permission_error",
            "unrecognizedclient"
            | "expiredtoken"
            | "invalidsignature"
            | "missingauthenticationtoken"
            | "incompletesignature"
            | "unauthenticated" => "authentication_error",
            "resourcenotfound" | "notfound" => "not_found_error",
            "serviceunavailable" | "modelnotready" | "unavailable" => "overloaded_error",
            "modeltimeout" | "deadlineexceeded" => "timeout_error",
            "internalserver" | "modelerror" | "internal" => "api_error",
            _ => return None,
        })
    });
    known.unwrap_or(match status {
        400 | 405 | 409 | 415 | 422 => "invalid_request_error",
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        408 | 504 => "timeout_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        503 | 529 => "overloaded_error",
        _ => "api_error",
    })
}

/// A fault as an event of a stream.
pub(super) fn event(kind: &str, message: &str) -> String {
    format!("event: error\ndata: {}\n\n", shape(kind, message))
}

fn shape(kind: &str, message: &str) -> Value {
    json!({"type": "error", "error": {"type": kind, "message": message}})
}

/// The body of an answer that is a fault, in Anthropic's shape; `None` where it stays as it is. `header` is what
/// `x-amzn-errortype` says.
pub(super) fn body(status: u16, header: Option<&str>, body: &[u8]) -> Option<Bytes> {
    if body.is_empty() {
        let kind = error_type(header.map(bare), status);
        let message = header.map_or_else(
            || format!("the provider answered {status}"),
            |name| bare(name).to_owned(),
        );
        return Some(shape(kind, &message).to_string().into());
    }
    let value: Value = serde_json::from_slice(body).ok()?;
    // A stream that never began answers with a list of one.
    let value = match &value {
        Value::Array(list) => list.first()?,
        other => other,
    };
    let fault = &value["error"];
    if value["type"] == "error" && fault.is_object() {
        return None;
    }
    let message = [
        &value["message"],
        &value["Message"],
        &fault["message"],
        fault,
    ]
    .into_iter()
    .find_map(Value::as_str)?;
    let name = header
        .or_else(|| value["__type"].as_str())
        .or_else(|| fault["status"].as_str())
        .or_else(|| fault["code"].as_str());
    let kind = error_type(name.map(bare), status);
    Some(shape(kind, message).to_string().into())
}

/// `com.amazon.coral#ThrottlingException:http://…` is a ThrottlingException.
fn bare(name: &str) -> &str {
    let name = name.split(':').next().unwrap_or(name);
    name.rsplit('#').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_told_in_anthropics_shape_and_their_own_words() {
        let told = |status, header, text: &str| {
            let out = body(status, header, text.as_bytes()).unwrap();
            let out: Value = serde_json::from_slice(&out).unwrap();
            assert_eq!(out["type"], "error");
            let of = |key: &str| out["error"][key].as_str().unwrap().to_owned();
            (of("type"), of("message"))
        };
        for (status, header, text, kind, message) in [
            (
                429,
                Some("ThrottlingException:http://internal.amazon.com/coral/"),
                r#"{"message":"Too many tokens"}"#,
                "rate_limit_error",
                "Too many tokens",
            ),
            (
                400,
                Some("ValidationException"),
                r#"{"message":"no"}"#,
                "invalid_request_error",
                "no",
            ),
            (
                400,
                None,
                r#"{"__type":"com.amazon.coral.service#ExpiredTokenException","Message":"old"}"#,
                "authentication_error",
                "old",
            ),
            (
                403,
                Some("AccessDeniedException"),
                r#"{"Message":"not yours"}"#,
                "permission_error",
                "not yours",
            ),
            (
                424,
                Some("ModelErrorException"),
                r#"{"message":"m"}"#,
                "api_error",
                "m",
            ),
            (
                403,
                None,
                r#"{"error":{"code":403,"message":"m","status":"PERMISSION_DENIED"}}"#,
                "permission_error",
                "m",
            ),
            (
                429,
                None,
                r#"[{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED"}}]"#,
                "rate_limit_error",
                "m",
            ),
            (
                404,
                None,
                r#"{"error":{"code":"DeploymentNotFound","message":"m"}}"#,
                "not_found_error",
                "m",
            ),
            (
                401,
                None,
                r#"{"statusCode":401,"message":"m"}"#,
                "authentication_error",
                "m",
            ),
            (500, None, r#"{"error":"words"}"#, "api_error", "words"),
            (
                503,
                None,
                "",
                "overloaded_error",
                "the provider answered 503",
            ),
        ] {
            assert_eq!(
                told(status, header, text),
                (kind.to_owned(), message.to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn what_can_be_read_already_or_not_at_all_stays() {
        for text in [
            r#"{"type":"error","error":{"type":"overloaded_error","message":"m"},"request_id":"r"}"#,
            "<html>",
            "[]",
            "7",
            r#"{"other":1}"#,
            r#"{"message":7}"#,
        ] {
            assert_eq!(body(500, None, text.as_bytes()), None, "{text}");
        }
    }
}
