//! Models in the clouds, through the whole product: every call in its envelope with a credential that the double checks,
//! every answer out of it, priced to the token, and every failure in the caller's own grammar.

mod azure;
mod bedrock;
mod ground;
mod vertex;

use bytes::Bytes;
use doubles::cloud::{bedrock as frames, converse};
use doubles::provider::reply::Surface;
use doubles::provider::{Cut, Reply, Script};
use serde_json::json;

use crate::bad_input::assert_error_shape;
use crate::faults::assert_error_event;
use ground::{Cloud, Kind};

/// Who calls which model of which cloud, what is spoken to it, and what 12 tokens in and 7 out cost there.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    pub kind: Kind,
    pub caller: Surface,
    /// The cloud's own id.
    pub model: &'static str,
    pub spoken: Surface,
    pub nano: u64,
}

const fn way(kind: Kind, caller: Surface, model: &'static str, spoken: Surface, nano: u64) -> Way {
    Way {
        kind,
        caller,
        model,
        spoken,
        nano,
    }
}

/// 4 and 20, 2 and 12, 1.50 and 9, 0.80 and 3.20 dollars a million; the last by the settings.
const CLAUDE: u64 = 12 * 4_000 + 7 * 20_000;
const GPT: u64 = 12 * 2_000 + 7 * 12_000;
const GEMINI: u64 = 12 * 1_500 + 7 * 9_000;
const NOVA: u64 = 12 * 800 + 7 * 3_200;

const ON_AZURE: &str = "claude-opus-5-5";
const ON_BEDROCK: &str = "us.anthropic.claude-opus-5-5-v1:0";
const OF_AMAZON: &str = "amazon.nova-pro-v1:0";
const ON_VERTEX: &str = "claude-opus-5-5@default";

const WAYS: [Way; 16] = [
    way(
        Kind::Azure,
        Surface::Messages,
        ON_AZURE,
        Surface::Messages,
        CLAUDE,
    ),
    way(
        Kind::Azure,
        Surface::Chat,
        ON_AZURE,
        Surface::Messages,
        CLAUDE,
    ),
    way(
        Kind::Azure,
        Surface::Chat,
        "gpt-5.6-terra",
        Surface::Chat,
        GPT,
    ),
    way(
        Kind::Azure,
        Surface::Responses,
        "gpt-5.6-terra",
        Surface::Responses,
        GPT,
    ),
    way(
        Kind::Azure,
        Surface::Messages,
        "gpt-5.6-terra",
        Surface::Responses,
        GPT,
    ),
    way(
        Kind::Bedrock,
        Surface::Messages,
        ON_BEDROCK,
        Surface::Messages,
        CLAUDE,
    ),
    way(
        Kind::Bedrock,
        Surface::Chat,
        ON_BEDROCK,
        Surface::Messages,
        CLAUDE,
    ),
    way(
        Kind::Bedrock,
        Surface::Responses,
        ON_BEDROCK,
        Surface::Messages,
        CLAUDE,
    ),
    way(
        Kind::Vertex,
        Surface::Messages,
        ON_VERTEX,
        Surface::Messages,
        CLAUDE,
    ),
    way(
        Kind::Vertex,
        Surface::Chat,
        ON_VERTEX,
        Surface::Messages,
        CLAUDE,
    ),
    way(
        Kind::Vertex,
        Surface::Messages,
        "gemini-3.5-flash",
        Surface::Gemini,
        GEMINI,
    ),
    way(
        Kind::Vertex,
        Surface::Chat,
        "gemini-3.5-flash",
        Surface::Gemini,
        GEMINI,
    ),
    way(
        Kind::Vertex,
        Surface::Responses,
        "gemini-3.5-flash",
        Surface::Gemini,
        GEMINI,
    ),
    // What Converse says is told by no surface of its own.
    way(
        Kind::Bedrock,
        Surface::Messages,
        OF_AMAZON,
        Surface::Chat,
        NOVA,
    ),
    way(Kind::Bedrock, Surface::Chat, OF_AMAZON, Surface::Chat, NOVA),
    way(
        Kind::Bedrock,
        Surface::Responses,
        OF_AMAZON,
        Surface::Chat,
        NOVA,
    ),
];

/// What the model says. Claude names itself without what a cloud adds to its id.
fn reply(way: Way) -> Reply {
    let reply = Reply::text("Hello from afar.");
    match way.spoken {
        Surface::Messages => reply.model("claude-opus-5-5"),
        _ => reply,
    }
}

/// The path that a double is asked on.
fn target(way: Way, stream: bool) -> String {
    let vertex = "/v1/projects/double-project/locations/us-east5/publishers";
    match (way.kind, way.spoken) {
        (Kind::Azure, Surface::Messages) => "/anthropic/v1/messages".to_owned(),
        (Kind::Azure, Surface::Chat) => "/openai/v1/chat/completions".to_owned(),
        (Kind::Azure, _) => "/openai/v1/responses".to_owned(),
        (Kind::Bedrock, Surface::Chat) => {
            let end = if stream { "-stream" } else { "" };
            format!("/model/amazon.nova-pro-v1%3A0/converse{end}")
        }
        (Kind::Bedrock, _) => {
            let end = if stream { "-with-response-stream" } else { "" };
            format!("/model/us.anthropic.claude-opus-5-5-v1%3A0/invoke{end}")
        }
        (Kind::Vertex, Surface::Gemini) => {
            let verb = if stream {
                "streamGenerateContent?alt=sse"
            } else {
                "generateContent"
            };
            format!("{vertex}/google/models/{}:{verb}", way.model)
        }
        (Kind::Vertex, _) => {
            let verb = if stream {
                "streamRawPredict"
            } else {
                "rawPredict"
            };
            format!("{vertex}/anthropic/models/{}:{verb}", way.model)
        }
    }
}

#[tokio::test]
async fn an_answer_comes_whole_and_is_priced_to_the_token() {
    for way in WAYS {
        let cloud = Cloud::start(way.kind, way.model, reply(way)).await;
        let answer = cloud.ask(way.caller, false).await;
        let what = format!("{way:?}: {}", answer.text());
        assert_eq!(answer.status, 200, "{what}");
        assert!(answer.text().contains("Hello from afar."), "{what}");
        let usd = format!("{}", kernel::Nano(i64::try_from(way.nano).unwrap()));
        assert_eq!(
            answer.header("x-switchyard-cost-usd"),
            Some(&*usd),
            "{what}"
        );
        assert_eq!(cloud.asked().target, target(way, false), "{what}");
        let call = cloud.call().await;
        assert_eq!(
            (&call["status"], &call["cost_nano_usd"], &call["estimated"]),
            (&json!("ok"), &json!(way.nano), &json!(false)),
            "{call}"
        );
        assert_eq!(
            (&call["input_tokens"], &call["output_tokens"]),
            (&json!(12), &json!(7)),
            "{call}"
        );
    }
}

#[tokio::test]
async fn a_stream_comes_whole_and_is_priced_to_the_token() {
    for way in WAYS {
        let cloud = Cloud::start(way.kind, way.model, reply(way)).await;
        let answer = cloud.ask(way.caller, true).await;
        let what = format!("{way:?}: {}", answer.text());
        assert_eq!(answer.status, 200, "{what}");
        let kind = answer.header("content-type").unwrap();
        assert!(kind.starts_with("text/event-stream"), "{what}");
        let end = match way.caller {
            Surface::Messages => "event: message_stop",
            Surface::Responses => "event: response.completed",
            _ => "data: [DONE]",
        };
        assert!(answer.whole && answer.text().contains(end), "{what}");
        assert_eq!(cloud.asked().target, target(way, true), "{what}");
        let call = cloud.call().await;
        assert_eq!(
            (&call["status"], &call["cost_nano_usd"], &call["estimated"]),
            (&json!("ok"), &json!(way.nano), &json!(false)),
            "{call}"
        );
    }
}

/// The whole stream as the cloud sends it.
fn stream(way: Way) -> Script {
    match (way.kind, way.spoken) {
        (Kind::Bedrock, Surface::Chat) => return frames::stream(converse::frames(&reply(way))),
        (Kind::Bedrock, _) => return frames::stream(frames::frames(&reply(way))),
        _ => {}
    }
    let said = reply(way).events(way.spoken, way.model, true).concat();
    Script::stream([Bytes::from(said)])
}

#[tokio::test]
async fn a_stream_that_breaks_ends_in_the_callers_grammar() {
    for way in WAYS {
        let cloud = Cloud::start(way.kind, way.model, reply(way)).await;
        let script = stream(way);
        let half = script.body().len() * 2 / 3;
        cloud.next(&target(way, true), script.cut_after_bytes(half, Cut::Fin));
        let answer = cloud.ask(way.caller, true).await;
        assert_eq!(answer.status, 200, "{way:?}: {}", answer.text());
        assert_error_event(way.caller, &answer.body);
        let call = cloud.call().await;
        assert_eq!(
            (&call["status"], &call["estimated"]),
            (&json!("upstream_failed"), &json!(true)),
            "{way:?} {call}"
        );
        assert!(call["cost_nano_usd"].as_u64() > Some(0), "{call}");
    }
}

#[tokio::test]
async fn a_refused_credential_is_told_in_the_callers_shape_and_costs_nothing() {
    for way in WAYS {
        for stream in [false, true] {
            let cloud = Cloud::with_a_wrong_credential(way.kind, way.model).await;
            let answer = cloud.ask(way.caller, stream).await;
            let what = format!("{way:?}: {}", answer.text());
            let told = answer.json();
            match way.kind {
                // Nothing was sent: Google gives out no token.
                Kind::Vertex => {
                    assert_eq!(answer.status, 502, "{what}");
                    let words = assert_error_shape(way.caller, &answer);
                    assert!(words.contains("invalid_grant"), "{what}");
                }
                Kind::Bedrock => assert_eq!(answer.status, 403, "{what}"),
                Kind::Azure => assert_eq!(answer.status, 401, "{what}"),
            }
            if way.caller == Surface::Messages {
                assert_eq!(told["type"], "error", "{what}");
                assert!(told["error"]["type"].is_string(), "{what}");
            }
            assert!(told["error"]["message"].is_string(), "{what}");
            let call = cloud.call().await;
            let status = match way.kind {
                Kind::Vertex => "upstream_failed",
                _ => "upstream_error",
            };
            assert_eq!(
                (&call["status"], &call["cost_nano_usd"]),
                (&json!(status), &json!(0)),
                "{call}"
            );
        }
    }
}
