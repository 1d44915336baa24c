//! Amazon Bedrock's runtime: InvokeModel, its stream and CountTokens for Claude, Converse and its stream for others.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use super::sigv4::{self, Keys};
use super::{converse, eventstream};
use crate::provider::reply::{Reply, Surface};
use crate::provider::{Answer, Recorded, Script};

/// Who may call.
#[derive(Debug, Clone)]
pub enum Credential {
    /// Whose signature holds.
    Signed(Keys),
    /// Who brings this key.
    Bearer(String),
}

/// Bedrock with these callers, whose models say this. Set it as the answer to everything.
#[must_use]
pub fn answer(credential: Credential, reply: Reply) -> Answer {
    Answer::from_request(move |request| {
        allowed(&credential, request)
            .and_then(|()| answered(&reply, request))
            .unwrap_or_else(|(status, kind, words)| {
                Script::json(status, &json!({"message": words})).header(
                    "x-amzn-errortype",
                    &format!("{kind}:http://internal.amazon.com/coral/com.amazon.bedrock/"),
                )
            })
            .header("x-amzn-requestid", "7b1c1c43-0000-4000-8000-000000000001")
    })
}

type Refusal = (u16, &'static str, String);

fn allowed(credential: &Credential, request: &Recorded) -> Result<(), Refusal> {
    match credential {
        Credential::Signed(keys) => {
            sigv4::check(keys, request).map_err(|(kind, words)| (403, kind, words))
        }
        Credential::Bearer(key) => {
            let told = request.header("authorization");
            if told == Some(&format!("Bearer {key}")) {
                Ok(())
            } else {
                Err((
                    403,
                    "AccessDeniedException",
                    format!("{told:?} is no key of ours"),
                ))
            }
        }
    }
}

fn invalid(words: impl Into<String>) -> Refusal {
    (400, "ValidationException", words.into())
}

fn answered(reply: &Reply, request: &Recorded) -> Result<Script, Refusal> {
    let parts: Vec<&str> = request.target.split('/').collect();
    let ["", "model", model, operation] = parts[..] else {
        return Err((404, "UnknownOperationException", request.target.clone()));
    };
    if model.contains(':') || request.method != "POST" {
        return Err((
            404,
            "UnknownOperationException",
            "an id is one escaped segment".to_owned(),
        ));
    }
    if request.header("content-type") != Some("application/json") {
        return Err(invalid("content-type must be application/json"));
    }
    match operation {
        "invoke" => {
            claude(&request.json())?;
            Ok(Script::json(200, &reply.messages_body("claude-double")))
        }
        "invoke-with-response-stream" => {
            claude(&request.json())?;
            Ok(stream(frames(reply)))
        }
        "converse" => {
            converse::check(&request.json()).map_err(invalid)?;
            Ok(Script::json(200, &converse::body(reply)))
        }
        "converse-stream" => {
            converse::check(&request.json()).map_err(invalid)?;
            Ok(stream(converse::frames(reply)))
        }
        "count-tokens" => {
            if model.starts_with("us.") {
                return Err(invalid(
                    "The provided model doesn't support counting tokens.",
                ));
            }
            let body = request.json();
            let body = body["input"]["invokeModel"]["body"].as_str();
            let body = body.and_then(|body| STANDARD.decode(body).ok());
            let body = body.and_then(|body| serde_json::from_slice(&body).ok());
            claude(&body.ok_or_else(|| invalid("input.invokeModel.body is base64 of JSON"))?)?;
            Ok(Script::json(200, &json!({"inputTokens": 42})))
        }
        other => Err((404, "UnknownOperationException", other.to_owned())),
    }
}

/// What the models' own rule wants of a body.
fn claude(body: &Value) -> Result<(), Refusal> {
    let unknown = ["model", "stream"]
        .into_iter()
        .find(|key| !body[*key].is_null());
    if let Some(key) = unknown {
        let words = format!(
            "#: extraneous key [{key}] is not permitted, please reformat your input and try again."
        );
        return Err(invalid(words));
    }
    if body["anthropic_version"] != "bedrock-2023-05-31" {
        return Err(invalid("anthropic_version: Field required"));
    }
    if !body["max_tokens"].is_u64() {
        return Err(invalid("max_tokens: Field required"));
    }
    let betas = &body["anthropic_beta"];
    let known = |beta: &Value| {
        beta.as_str()
            .is_some_and(|beta| beta.ends_with("2025-05-14"))
    };
    if !(betas.is_null() || betas.as_array().is_some_and(|list| list.iter().all(known))) {
        return Err(invalid("invalid beta flag"));
    }
    Ok(())
}

/// An event stream, one write per message.
#[must_use]
pub fn stream(frames: impl IntoIterator<Item = Bytes>) -> Script {
    Script::status(200)
        .header("content-type", "application/vnd.amazon.eventstream")
        .header("x-amzn-bedrock-content-type", "application/json")
        .chunks(frames)
}

/// What a reply says, one frame for each of its events; the last one tells the service's own counts.
#[must_use]
pub fn frames(reply: &Reply) -> Vec<Bytes> {
    events(reply).iter().map(|json| chunk(json)).collect()
}

/// The JSON of each event, as it stands in the frames.
#[must_use]
pub fn events(reply: &Reply) -> Vec<String> {
    let events = reply.events(Surface::Messages, "claude-double", false);
    events
        .iter()
        .map(|event| {
            let text = std::str::from_utf8(event).expect("events are text");
            let data = text.lines().find_map(|line| line.strip_prefix("data: "));
            let data = data.expect("events hold data");
            match data.strip_suffix('}') {
                Some(rest) if data.contains("\"message_stop\"") => format!(
                    "{rest},\"amazon-bedrock-invocationMetrics\":{{\"inputTokenCount\":12,\"outputTokenCount\":7,\"invocationLatency\":1503,\"firstByteLatency\":341}}}}"
                ),
                _ => data.to_owned(),
            }
        })
        .collect()
}

/// One event's JSON in its frame, padded as the service pads it.
#[must_use]
pub fn chunk(json: &str) -> Bytes {
    let padding = &"abcdefghijklmnopqrstuvwxyzABCDEFGH"[..1 + json.len() % 30];
    let bytes = STANDARD.encode(json);
    eventstream::event(
        "chunk",
        &format!("{{\"bytes\":\"{bytes}\",\"p\":\"{padding}\"}}"),
    )
}
