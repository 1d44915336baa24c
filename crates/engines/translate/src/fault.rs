//! An upstream's error in the caller's words. Every provider's shape is read; what clients act on (status, type,
//! wording of an overflowing context) is kept.

use std::borrow::Cow;

use kernel::Kind;
use serde_json::Value;
use wire::{ErrorView, Protocol, error_body};

/// Longer texts of upstreams are cut.
const MAX_MESSAGE_BYTES: usize = 2_000;

/// Anthropic's clients compact the conversation when an error begins like this.
const PROMPT_TOO_LONG: &str = "prompt is too long";

/// What OpenAI calls the same.
const CONTEXT_LENGTH: &str = "context_length_exceeded";

/// An upstream's error answer, translated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorAnswer {
    /// The status that the caller gets.
    pub status: u16,
    /// The body in the caller's own shape.
    pub body: Vec<u8>,
    /// The code or type as the upstream spells it, for records.
    pub code: Option<String>,
    /// The upstream's words, for records.
    pub message: String,
    /// Seconds that the upstream asks to wait, where its body says so and not its head.
    pub retry_after_s: Option<u64>,
}

/// What an upstream says went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub kind: Kind,
    /// As the upstream spells it.
    pub code: Option<String>,
    pub message: String,
    pub param: Option<String>,
    /// The conversation is longer than the model takes.
    pub overflow: bool,
    /// Seconds to wait, rounded up.
    pub retry_after_s: Option<u64>,
}

impl Fault {
    /// Reads an error body or an error object, whatever its shape. `status` is that of the answer, 0 in a stream.
    pub(crate) fn read(status: u16, body: &[u8]) -> Self {
        let value: Value = serde_json::from_slice(body).unwrap_or_default();
        let value = match &value {
            Value::Array(list) => list.first().cloned().unwrap_or_default(),
            _ => value,
        };
        let error = value.get("error").unwrap_or(&value);
        let text = |key: &str| match error.get(key) {
            Some(Value::String(text)) if !text.is_empty() => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        // Gemini's `status` is the word, its `code` the number; `type` is "error" where the event is the object.
        let kind_word = text("type").filter(|word| word != "error");
        let code = text("status")
            .or_else(|| text("code"))
            .or(kind_word.clone());
        let message = text("message")
            .or_else(|| error.as_str().map(str::to_owned))
            .or_else(|| text("detail"))
            .or_else(|| error.get("detail").map(Value::to_string))
            .unwrap_or_else(|| plain(status, body));
        let status = match status {
            0 | 200..=299 => text("code").and_then(|code| code.parse().ok()).unwrap_or(0),
            status => status,
        };
        let overflow = is_overflow(code.as_deref(), &message);
        let mut message = message;
        message.truncate(message.floor_char_boundary(MAX_MESSAGE_BYTES));
        Self {
            kind: kind(status, code.as_deref(), kind_word.as_deref(), overflow),
            code,
            message,
            param: text("param"),
            overflow,
            retry_after_s: retry_delay(error),
        }
    }

    /// The words that the caller's clients know.
    pub(crate) fn message_for(&self, caller: Protocol) -> Cow<'_, str> {
        let known = self.message.starts_with(PROMPT_TOO_LONG);
        if caller == Protocol::Messages && self.overflow && !known {
            return Cow::Owned(format!("{PROMPT_TOO_LONG}: {}", self.message));
        }
        Cow::Borrowed(&self.message)
    }

    /// The code that the caller's clients know.
    pub(crate) fn code_for(&self) -> &str {
        match (&self.code, self.overflow) {
            (_, true) => CONTEXT_LENGTH,
            (Some(code), _) if code.bytes().any(|byte| byte.is_ascii_lowercase()) => code,
            _ => match self.kind {
                Kind::RateLimited => "rate_limit_exceeded",
                Kind::Unauthenticated => "invalid_api_key",
                Kind::Forbidden => "permission_denied",
                Kind::NotFound => "model_not_found",
                Kind::Invalid | Kind::TooLarge => "invalid_request_error",
                _ => "server_error",
            },
        }
    }

    /// Gives the caller's view of it to a writer.
    pub(crate) fn show<T>(
        &self,
        caller: Protocol,
        request_id: &str,
        write: impl FnOnce(&ErrorView<'_>) -> T,
    ) -> T {
        write(&ErrorView {
            kind: self.kind,
            code: self.code_for(),
            message: &self.message_for(caller),
            param: self.param.as_deref(),
            request_id,
        })
    }

    /// A whole error answer.
    pub(crate) fn answer(self, caller: Protocol, status: u16, request_id: &str) -> ErrorAnswer {
        let body = self.show(caller, request_id, |view| {
            error_body(caller.error_shape(), view)
        });
        ErrorAnswer {
            status: status_for(caller, status),
            body: body.to_vec(),
            code: self.code,
            message: self.message,
            retry_after_s: self.retry_after_s,
        }
    }
}

/// Google's `RetryInfo`: `"retryDelay": "34.074824224s"`, rounded up to whole seconds.
fn retry_delay(error: &Value) -> Option<u64> {
    let details = error.get("details")?.as_array()?;
    let delay = details.iter().find_map(|detail| detail.get("retryDelay"))?;
    let (whole, part) = {
        let seconds = delay.as_str()?.strip_suffix('s')?;
        seconds.split_once('.').unwrap_or((seconds, ""))
    };
    let whole: u64 = whole.parse().ok()?;
    Some(whole.saturating_add(u64::from(part.bytes().any(|digit| digit != b'0'))))
}

/// Anthropic's 529 says nothing to OpenAI's clients, whose word for it is 503; and the other way round.
fn status_for(caller: Protocol, status: u16) -> u16 {
    match (caller, status) {
        (Protocol::Messages, 503) => 529,
        (Protocol::Chat | Protocol::Responses | Protocol::Embeddings, 529) => 503,
        (_, status) => status,
    }
}

fn kind(status: u16, code: Option<&str>, word: Option<&str>, overflow: bool) -> Kind {
    if overflow {
        return Kind::Invalid;
    }
    let of_word = |word: &str| {
        Some(match word {
            "overloaded_error" | "overloaded" | "UNAVAILABLE" | "service_unavailable" => {
                Kind::Unavailable
            }
            "rate_limit_error"
            | "rate_limit_exceeded"
            | "RESOURCE_EXHAUSTED"
            | "insufficient_quota"
            | "too_many_requests" => Kind::RateLimited,
            "authentication_error" | "invalid_api_key" | "UNAUTHENTICATED" => Kind::Unauthenticated,
            "permission_error" | "PERMISSION_DENIED" => Kind::Forbidden,
            "not_found_error" | "model_not_found" | "NOT_FOUND" => Kind::NotFound,
            "request_too_large" => Kind::TooLarge,
            "invalid_request_error"
            | "invalid_prompt"
            | "INVALID_ARGUMENT"
            | "FAILED_PRECONDITION" => Kind::Invalid,
            "timeout_error" | "DEADLINE_EXCEEDED" => Kind::UpstreamTimeout,
            _ => return None,
        })
    };
    // The status is what the client's own library judges by, so the body must not say otherwise.
    match status {
        400 | 405 | 409 | 415 | 422 => Kind::Invalid,
        401 => Kind::Unauthenticated,
        402 => Kind::BudgetExhausted,
        403 => Kind::Forbidden,
        404 => Kind::NotFound,
        408 | 504 => Kind::UpstreamTimeout,
        413 => Kind::TooLarge,
        429 => Kind::RateLimited,
        503 | 529 => Kind::Unavailable,
        _ => code
            .and_then(of_word)
            .or_else(|| word.and_then(of_word))
            .unwrap_or(Kind::Upstream),
    }
}

fn is_overflow(code: Option<&str>, message: &str) -> bool {
    code == Some(CONTEXT_LENGTH)
        || message.starts_with(PROMPT_TOO_LONG)
        || message.contains("maximum context length")
        || message.contains("exceeds the maximum number of tokens")
}

/// An error that is no JSON: a page of something in between.
fn plain(status: u16, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(MAX_MESSAGE_BYTES)]);
    let text = text.trim();
    if text.is_empty() || text.starts_with('<') || text.starts_with('{') {
        return format!("the upstream answered with status {status}");
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &str) -> (Kind, String, String) {
        let fault = Fault::read(status, body.as_bytes());
        let code = fault.code_for().to_owned();
        (fault.kind, code, fault.message)
    }

    #[test]
    fn every_shape_is_read() {
        let openai = r#"{"error":{"message":"slow down","type":"tokens","param":null,"code":"rate_limit_exceeded"}}"#;
        let anthropic =
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
        let gemini = r#"[{"error":{"code":404,"message":"no model","status":"NOT_FOUND"}}]"#;
        let fastapi = r#"{"detail":"nope"}"#;
        let cases = [
            (
                429,
                openai,
                Kind::RateLimited,
                "rate_limit_exceeded",
                "slow down",
            ),
            (
                529,
                anthropic,
                Kind::Unavailable,
                "overloaded_error",
                "Overloaded",
            ),
            (
                0,
                anthropic,
                Kind::Unavailable,
                "overloaded_error",
                "Overloaded",
            ),
            (404, gemini, Kind::NotFound, "model_not_found", "no model"),
            (0, gemini, Kind::NotFound, "model_not_found", "no model"),
            (422, fastapi, Kind::Invalid, "invalid_request_error", "nope"),
            (
                502,
                "<html>",
                Kind::Upstream,
                "server_error",
                "the upstream answered with status 502",
            ),
            (
                500,
                r#"{"error":"boom"}"#,
                Kind::Upstream,
                "server_error",
                "boom",
            ),
        ];
        for (status, body, kind, code, message) in cases {
            assert_eq!(
                read(status, body),
                (kind, code.to_owned(), message.to_owned()),
                "{body}"
            );
        }
    }

    #[test]
    fn a_context_that_overflows_is_told_in_the_words_that_clients_compact_on() {
        let body = r#"{"error":{"message":"This model's maximum context length is 8192 tokens.","type":"invalid_request_error","code":"context_length_exceeded"}}"#;
        let fault = Fault::read(400, body.as_bytes());
        assert!(
            fault
                .message_for(Protocol::Messages)
                .starts_with(PROMPT_TOO_LONG)
        );
        assert_eq!(fault.message_for(Protocol::Chat), fault.message);
        let anthropic = r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 9 tokens > 8 maximum"}}"#;
        assert_eq!(
            Fault::read(400, anthropic.as_bytes()).code_for(),
            CONTEXT_LENGTH
        );
    }

    #[test]
    fn overload_has_another_status_in_each_family() {
        assert_eq!(status_for(Protocol::Messages, 503), 529);
        assert_eq!(status_for(Protocol::Chat, 529), 503);
        assert_eq!(status_for(Protocol::Chat, 429), 429);
    }
}
