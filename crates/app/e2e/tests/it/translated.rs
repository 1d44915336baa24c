//! Callers of one protocol over providers of another, through the whole product: text, tools, usage and cost, errors and
//! broken streams, each in the caller's own grammar.

use doubles::Provider;
use doubles::provider::reply::Surface;
use doubles::provider::{Cut, Reply, Script};
use serde_json::{Value, json};
use testkit::TestApp;

use crate::faults::assert_error_event;
use crate::raw::{Answer, Ask};

/// Who calls, the kind of provider behind, and what that one speaks.
pub const WAYS: [(Surface, &str, Surface); 9] = [
    (Surface::Messages, "openai-compatible", Surface::Chat),
    (Surface::Messages, "gemini", Surface::Gemini),
    (Surface::Messages, "openai", Surface::Responses),
    (Surface::Messages, "deepseek", Surface::Chat),
    (Surface::Chat, "anthropic", Surface::Messages),
    (Surface::Chat, "gemini", Surface::Gemini),
    (Surface::Responses, "openai-compatible", Surface::Chat),
    (Surface::Responses, "anthropic", Surface::Messages),
    (Surface::Responses, "gemini", Surface::Gemini),
];

pub struct Way {
    pub app: TestApp,
    pub provider: Provider,
    key: String,
    pub caller: Surface,
    pub spoken: Surface,
}

impl Way {
    async fn start(way: (Surface, &str, Surface)) -> Self {
        Self::with(way, "").await
    }

    /// With further settings, as TOML.
    pub async fn with((caller, kind, spoken): (Surface, &str, Surface), settings: &str) -> Self {
        let provider = Provider::start().await;
        let url = match spoken {
            Surface::Messages | Surface::Gemini => provider.url(),
            _ => provider.openai_url(),
        };
        let app = TestApp::builder()
            .env("SWITCHYARD__GATEWAY__RETRIES", "0")
            .provider("other", kind, &url)
            .settings(settings)
            .settings("[[models]]\nid = \"house\"\nroute = [{ provider = \"other\", model = \"its-own\" }]\nprice = { input = \"3\", output = \"5\", cache_read = \"1\" }\n")
            .start()
            .await;
        let key = app.key(json!({"name": "tests", "limits": {}})).await.key;
        Self {
            app,
            provider,
            key,
            caller,
            spoken,
        }
    }

    pub async fn ask(&self, stream: bool) -> Answer {
        let mut body = self.caller.request("house", stream);
        let parameters = json!({"type": "object", "properties": {"path": {"type": "string"}}});
        body["tools"] = match self.caller {
            Surface::Messages => json!([{"name": "read", "input_schema": parameters}]),
            Surface::Responses => {
                json!([{"type": "function", "name": "read", "parameters": parameters}])
            }
            _ => {
                json!([{"type": "function", "function": {"name": "read", "parameters": parameters}}])
            }
        };
        let ask = Ask::post(self.caller.path(), body.to_string()).bearer(&self.key);
        ask.send(self.app.base()).await
    }

    pub async fn call(&self) -> Value {
        let calls = self.app.calls_at_least(1).await;
        self.app.call(calls[0]["id"].as_str().unwrap()).await
    }
}

/// A tool's arguments, with what translators like to lose: spaces, number text, escapes.
const ARGUMENTS: &str = "{\"path\": \"a\\u00e4/ \\\"b\\\"\", \"n\":1.0}";

fn reply() -> Reply {
    Reply::text("Looking.").and_tool("call_1", "read", ARGUMENTS)
}

/// The tool's arguments as the caller finds them in a whole answer.
fn arguments(caller: Surface, answer: &Value) -> Value {
    let parsed = |text: &Value| serde_json::from_str(text.as_str().unwrap()).unwrap();
    match caller {
        Surface::Messages => answer["content"][1]["input"].clone(),
        Surface::Responses => {
            let items = answer["output"].as_array().unwrap();
            let call = items
                .iter()
                .find(|item| item["type"] == "function_call")
                .unwrap();
            parsed(&call["arguments"])
        }
        _ => parsed(&answer["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"]),
    }
}

#[tokio::test]
async fn an_answer_arrives_whole_with_its_tools_and_its_price() {
    for way in WAYS {
        let way = Way::start(way).await;
        way.provider.next(way.spoken.path(), reply());
        let answer = way.ask(false).await;
        let what = format!("{:?} over {:?}: {}", way.caller, way.spoken, answer.text());
        assert_eq!(answer.status, 200, "{what}");
        assert!(answer.text().contains("Looking."), "{what}");
        let expected: Value = serde_json::from_str(ARGUMENTS).unwrap();
        assert_eq!(arguments(way.caller, &answer.json()), expected, "{what}");
        // 12 in and 7 out at 3 and 5 dollars a million.
        assert_eq!(
            answer.header("x-switchyard-cost-usd"),
            Some("0.000071"),
            "{what}"
        );
        let sent = &way.provider.requests()[0];
        match way.spoken {
            Surface::Gemini => assert_eq!(sent.target, "/v1beta/models/its-own:generateContent"),
            _ => assert_eq!(sent.json()["model"], "its-own", "{}", sent.json()),
        }
        let call = way.call().await;
        assert_eq!(
            (&call["status"], &call["cost_nano_usd"]),
            (&json!("ok"), &json!(71_000)),
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
async fn a_stream_arrives_whole_with_its_tools_and_its_price() {
    for way in WAYS {
        let way = Way::start(way).await;
        way.provider.next(way.spoken.path(), reply());
        let answer = way.ask(true).await;
        let what = format!("{:?} over {:?}: {}", way.caller, way.spoken, answer.text());
        assert_eq!(answer.status, 200, "{what}");
        let end = match way.caller {
            Surface::Messages => "event: message_stop",
            Surface::Responses => "event: response.completed",
            _ => "data: [DONE]",
        };
        assert!(answer.whole && answer.text().contains(end), "{what}");
        assert!(answer.text().contains("read"), "{what}");
        let call = way.call().await;
        assert_eq!(
            (&call["status"], &call["cost_nano_usd"]),
            (&json!("ok"), &json!(71_000)),
            "{call}"
        );
        assert_eq!(call["estimated"], false, "{call}");
    }
}

#[tokio::test]
async fn a_stream_that_breaks_ends_in_the_callers_grammar() {
    for way in WAYS {
        let way = Way::start(way).await;
        let said = reply().events(way.spoken, "its-own", true).concat();
        let script =
            Script::stream([said.clone().into()]).cut_after_bytes(said.len() * 2 / 3, Cut::Fin);
        way.provider.next(way.spoken.path(), script);
        let answer = way.ask(true).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_error_event(way.caller, &answer.body);
        let call = way.call().await;
        assert_eq!(
            (&call["status"], &call["estimated"]),
            (&json!("upstream_failed"), &json!(true)),
            "{call}"
        );
        assert!(call["cost_nano_usd"].as_u64() > Some(0), "{call}");
    }
}

#[tokio::test]
async fn an_error_is_told_in_the_callers_shape_and_costs_nothing() {
    for way in WAYS {
        let way = Way::start(way).await;
        let error = match way.spoken {
            Surface::Messages => {
                json!({"type": "error", "error": {"type": "rate_limit_error", "message": "slow down"}})
            }
            Surface::Gemini => {
                json!({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "slow down"}})
            }
            _ => {
                json!({"error": {"type": "rate_limit", "code": "rate_limit_exceeded", "message": "slow down"}})
            }
        };
        let script = Script::json(429, &error).header("retry-after", "7");
        way.provider.next(way.spoken.path(), script);
        let answer = way.ask(true).await;
        assert_eq!(
            (answer.status, answer.header("retry-after")),
            (429, Some("7")),
            "{}",
            answer.text()
        );
        let told = answer.json();
        assert_eq!(told["error"]["message"], "slow down", "{told}");
        if way.caller == Surface::Messages {
            assert_eq!(
                (&told["type"], &told["error"]["type"]),
                (&json!("error"), &json!("rate_limit_error")),
                "{told}"
            );
        } else {
            assert!(
                told["error"]["type"].is_string() && told.get("type").is_none(),
                "{told}"
            );
        }
        let call = way.call().await;
        assert_eq!(
            (&call["status"], &call["cost_nano_usd"]),
            (&json!("upstream_error"), &json!(0)),
            "{call}"
        );
    }
}

#[tokio::test]
async fn tokens_are_counted_for_providers_that_cannot() {
    let way = Way::start(WAYS[0]).await;
    let body = way.caller.request("house", false).to_string();
    let ask = Ask::post("/v1/messages/count_tokens", body).bearer(&way.key);
    let answer = ask.send(way.app.base()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(
        answer.json()["input_tokens"].as_u64() > Some(0),
        "{}",
        answer.text()
    );
    assert!(way.provider.requests().is_empty());
}

#[tokio::test]
async fn tokens_are_counted_by_providers_that_can() {
    let way = Way::start(WAYS[1]).await;
    let body = way.caller.request("house", false).to_string();
    let ask = Ask::post("/v1/messages/count_tokens", body).bearer(&way.key);
    let answer = ask.send(way.app.base()).await;
    assert_eq!(answer.json(), json!({"input_tokens": 42}));
    let sent = &way.provider.requests()[0];
    assert_eq!(sent.target, "/v1beta/models/its-own:countTokens");
}

#[tokio::test]
async fn texts_become_vectors_at_gemini_too() {
    let way = Way::start((Surface::Embeddings, "gemini", Surface::Gemini)).await;
    let body = json!({"model": "house", "input": ["one", "two"]}).to_string();
    let ask = Ask::post("/v1/embeddings", body).bearer(&way.key);
    let answer = ask.send(way.app.base()).await.json();
    assert_eq!(answer["data"].as_array().map(Vec::len), Some(2), "{answer}");
    assert_eq!(answer["data"][1]["embedding"][1], -0.25, "{answer}");
    let sent = &way.provider.requests()[0];
    assert_eq!(sent.target, "/v1beta/models/its-own:batchEmbedContents");
    let call = way.call().await;
    assert_eq!(
        (&call["status"], &call["input_tokens"]),
        (&json!("ok"), &json!(12)),
        "{call}"
    );
}
