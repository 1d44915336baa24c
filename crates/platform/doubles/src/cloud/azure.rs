//! One Azure resource: OpenAI's models on the current and on the dated surface, Anthropic's below `/anthropic`.

use serde_json::json;

use crate::provider::reply::{Reply, Surface};
use crate::provider::{Answer, Recorded, Script};

/// A resource with this key, or whoever brings this Entra token, whose models say this. Set it as the answer to
/// everything.
#[must_use]
pub fn answer(key: &str, token: &str, reply: Reply) -> Answer {
    let (key, bearer) = (key.to_owned(), format!("Bearer {token}"));
    Answer::from_request(move |request| {
        let by_token = request.header("authorization") == Some(&bearer);
        let name = if request.path().starts_with("/anthropic/") {
            "x-api-key"
        } else {
            "api-key"
        };
        if !by_token && request.header(name) != Some(&key) {
            return Script::json(
                401,
                &json!({"error": {"code": "401", "message": "Access denied due to invalid subscription key."}}),
            );
        }
        match surface(request) {
            Some(surface) => reply.script_as(surface, request),
            None if request.path() == "/anthropic/v1/messages/count_tokens" => {
                Script::json(200, &json!({"input_tokens": 42}))
            }
            None => Script::json(
                404,
                &json!({"error": {"code": "404", "message": "Resource not found"}}),
            ),
        }
    })
}

fn surface(request: &Recorded) -> Option<Surface> {
    let version = request
        .target
        .split_once("api-version=")
        .map(|(_, version)| version);
    let dated = version.is_some_and(|version| version.starts_with("20"));
    let path = request.path();
    if path == "/anthropic/v1/messages" && version.is_none() {
        return Some(Surface::Messages);
    }
    let operation = match path.strip_prefix("/openai/v1/") {
        Some(operation) if !dated => operation,
        Some(_) => return None,
        None if !dated => return None,
        None => match path.strip_prefix("/openai/deployments/") {
            Some(rest) => rest.split_once('/')?.1,
            None => path
                .strip_prefix("/openai/")
                .filter(|rest| *rest == "responses")?,
        },
    };
    match operation {
        "chat/completions" => Some(Surface::Chat),
        "responses" => Some(Surface::Responses),
        "embeddings" => Some(Surface::Embeddings),
        _ => None,
    }
}
