//! What an answer says about its provider's health and its own failure.

use std::time::Duration;

use facts::CallStatus;
use guard::{Pass, Verdict};
use http::HeaderMap;
use kernel::{Failure, Kind};
use llm::{LlmError, ProviderKind, Upstream};
use serde::Deserialize;

use crate::headers;

/// How long a model rests after its own 404, 429 or 529, unless the provider says.
const REST: Duration = Duration::from_secs(5);
const LONGEST_REST: Duration = Duration::from_secs(60);

/// Tells the breaker how an answer of this status went.
pub(crate) fn tell(pass: Pass, upstream: &Upstream, model: &str, status: u16, headers: &HeaderMap) {
    match of_answer(upstream.kind, status) {
        Verdict::Healthy => {
            if status < 300 {
                upstream.breaker.warm(model);
            }
            pass.success();
        }
        Verdict::Failing => pass.failure(),
        Verdict::CoolModel => {
            upstream.breaker.cool(model, rest(headers));
            pass.success();
        }
    }
}

/// The general rule, and what a cloud says in words of its own.
fn of_answer(kind: ProviderKind, status: u16) -> Verdict {
    match (kind, status) {
        // The model took too long or broke down; the service in front of it is well.
        (ProviderKind::Bedrock, 408 | 424) => Verdict::CoolModel,
        _ => Verdict::of_status(status),
    }
}

/// Tells the breaker that no answer came. What could not be sent for the caller's sake says nothing of the provider.
pub(crate) fn tell_error(pass: Pass, error: &LlmError) {
    if !matches!(error, LlmError::Unsendable { .. }) {
        pass.failure();
    }
}

/// Lets a model rest whose provider said that it is too busy, in a stream that had begun with success.
pub(crate) fn cool(upstream: &Upstream, model: &str) {
    upstream.breaker.cool(model, REST);
}

/// The same for a route on which no model is known.
pub(crate) fn tell_unread(pass: Pass, status: u16) {
    match Verdict::of_status(status) {
        Verdict::Failing => pass.failure(),
        Verdict::Healthy | Verdict::CoolModel => pass.success(),
    }
}

/// Whether the provider may have worked for a request that failed so: not where no connection was made or nothing sent.
pub(crate) fn may_be_billed(error: &LlmError) -> bool {
    !matches!(
        error,
        LlmError::Unreachable { .. }
            | LlmError::ConnectTimeout { .. }
            | LlmError::Credential { .. }
            | LlmError::Unsendable { .. }
    )
}

fn rest(headers: &HeaderMap) -> Duration {
    headers::retry_after(headers)
        .unwrap_or(REST)
        .min(LONGEST_REST)
}

/// The status of a call that ended with this failure.
pub(crate) fn of_error(error: &LlmError) -> CallStatus {
    match error.kind() {
        Kind::UpstreamTimeout => CallStatus::TimedOut,
        Kind::Invalid => CallStatus::Unavailable,
        _ => CallStatus::UpstreamFailed,
    }
}

#[derive(Deserialize)]
struct ErrorBody {
    error: ErrorPart,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ErrorPart {
    Object {
        #[serde(default)]
        code: Option<serde_json::Value>,
        #[serde(default, rename = "type")]
        kind: Option<String>,
        #[serde(default)]
        message: Option<String>,
    },
    Text(String),
}

/// Code and words of an error that came with a status of success; `None` for an answer.
pub(crate) fn error_in_answer(body: &[u8]) -> Option<(String, String)> {
    let parsed: ErrorBody = serde_json::from_slice(body).ok()?;
    match parsed.error {
        ErrorPart::Text(_)
        | ErrorPart::Object {
            message: Some(_), ..
        } => Some(upstream_error(body, 200)),
        ErrorPart::Object { .. } => None,
    }
}

/// Code and words of an upstream's own error body, for the record.
pub(crate) fn upstream_error(body: &[u8], status: u16) -> (String, String) {
    match serde_json::from_slice::<ErrorBody>(body) {
        Ok(ErrorBody {
            error:
                ErrorPart::Object {
                    code,
                    kind,
                    message,
                },
        }) => {
            let code = code.and_then(|code| match code {
                serde_json::Value::String(text) => Some(text),
                serde_json::Value::Number(number) => Some(number.to_string()),
                _ => None,
            });
            let code = code.or(kind).unwrap_or_else(|| format!("HTTP_{status}"));
            (
                code,
                message.unwrap_or_else(|| format!("the provider answered {status}")),
            )
        }
        Ok(ErrorBody {
            error: ErrorPart::Text(text),
        }) => (format!("HTTP_{status}"), text),
        Err(_) => {
            let shown: String = String::from_utf8_lossy(&body[..body.len().min(400)]).into_owned();
            (
                format!("HTTP_{status}"),
                format!("the provider answered {status}: {shown}"),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_read_however_they_are_spelled() {
        let read = |body: &str| upstream_error(body.as_bytes(), 400);
        let of = |code: &str, message: &str| (code.to_owned(), message.to_owned());
        for (body, expected) in [
            (
                r#"{"error":{"code":"c","type":"t","message":"m"}}"#,
                of("c", "m"),
            ),
            (r#"{"error":{"code":7,"message":"m"}}"#, of("7", "m")),
            (
                r#"{"type":"error","error":{"type":"t","message":"m"}}"#,
                of("t", "m"),
            ),
            (
                r#"{"error":{"code":null}}"#,
                of("HTTP_400", "the provider answered 400"),
            ),
            (r#"{"error":"words"}"#, of("HTTP_400", "words")),
            (
                "<html>",
                of("HTTP_400", "the provider answered 400: <html>"),
            ),
            ("", of("HTTP_400", "the provider answered 400: ")),
        ] {
            assert_eq!(read(body), expected, "{body}");
        }
    }

    #[test]
    fn amazons_own_words_for_a_models_trouble_let_that_model_rest() {
        use ProviderKind::{Azure, Bedrock};
        for (kind, status, expected) in [
            (Bedrock, 424, Verdict::CoolModel),
            (Bedrock, 408, Verdict::CoolModel),
            (Bedrock, 400, Verdict::Healthy),
            (Bedrock, 503, Verdict::Failing),
            (Azure, 424, Verdict::Healthy),
        ] {
            assert_eq!(of_answer(kind, status), expected, "{kind:?} {status}");
        }
    }

    #[test]
    fn what_was_not_sent_is_not_billed() {
        let (provider, reason) = (String::new(), String::new());
        let credential = LlmError::Credential { provider, reason };
        let (provider, reason) = (String::new(), String::new());
        let unsendable = LlmError::Unsendable { provider, reason };
        assert!(!may_be_billed(&credential) && !may_be_billed(&unsendable));
        assert_eq!(of_error(&credential), CallStatus::UpstreamFailed);
        assert_eq!(of_error(&unsendable), CallStatus::Unavailable);
    }

    #[test]
    fn an_answer_is_no_error_for_having_an_empty_one() {
        for answer in [
            r#"{"id":"r","error":null,"output":[]}"#,
            r#"{"error":{}}"#,
            "[]",
            "",
        ] {
            assert_eq!(error_in_answer(answer.as_bytes()), None, "{answer}");
        }
        assert!(error_in_answer(br#"{"error":{"message":"no"}}"#).is_some());
        assert!(error_in_answer(br#"{"error":"no"}"#).is_some());
    }

    #[test]
    fn models_rest_as_long_as_the_provider_says_within_bounds() {
        let with = |text: &'static str| {
            let value = http::HeaderValue::from_static(text);
            rest(&[(http::header::RETRY_AFTER, value)].into_iter().collect())
        };
        assert_eq!(with("7"), Duration::from_secs(7));
        assert_eq!(with("86400"), LONGEST_REST);
        assert_eq!(with("Wed, 21 Oct 2026 07:28:00 GMT"), REST);
        assert_eq!(rest(&HeaderMap::new()), REST);
    }
}
