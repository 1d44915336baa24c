//! Conversations that go on: what one answer bears comes back with the next request, to whom it belongs and to nobody else.

use doubles::Provider;
use doubles::provider::Reply;
use doubles::provider::reply::Surface;
use serde_json::{Value, json};
use testkit::TestApp;

use crate::raw::{Answer, Ask};
use crate::translated::Way;

const GEMINI: (Surface, &str, Surface) = (Surface::Messages, "gemini", Surface::Gemini);
const SIGNATURE: &str = "c2lnbmVkIGJ5IGdlbWluaQ==";

fn tools() -> Value {
    json!([{"name": "read", "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}}}])
}

/// A turn of the assistant that calls a tool, and its result.
fn history(assistant: &Value, call: &str) -> Value {
    json!([
        {"role": "user", "content": "Look."},
        {"role": "assistant", "content": assistant},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call, "content": "seen"}]},
    ])
}

async fn ask(app: &TestApp, key: &str, body: &Value) -> Answer {
    let ask = Ask::post("/v1/messages", body.to_string()).bearer(key);
    let answer = ask.send(app.base()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer
}

/// The id of the tool call in a whole answer or a stream.
fn call_id(answer: &Answer) -> String {
    let text = answer.text();
    let from = text.find("\"tool_use\"").unwrap();
    let id = text[from..].find("\"id\":\"").unwrap() + from + 6;
    text[id..].split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_signature_of_gemini_comes_back_with_its_call() {
    for stream in [false, true] {
        let way = Way::with(GEMINI, "").await;
        let reply = Reply::tool("c1", "read", "{\"path\":\"a\"}").thinking("Hm.", SIGNATURE);
        way.provider.next(way.spoken.path(), reply);
        let key = way.app.key(json!({"name": "k", "limits": {}})).await.key;
        let first = json!({"model": "house", "max_tokens": 64, "stream": stream, "tools": tools(),
            "messages": [{"role": "user", "content": "Look."}]});
        let call = call_id(&ask(&way.app, &key, &first).await);
        let used =
            json!([{"type": "tool_use", "id": call, "name": "read", "input": {"path": "a"}}]);
        let second = json!({"model": "house", "max_tokens": 64, "tools": tools(),
            "messages": history(&used, &call)});
        ask(&way.app, &key, &second).await;
        let sent = way.provider.requests()[1].json();
        let parts = sent["contents"][1]["parts"].as_array().unwrap().clone();
        let part = parts.iter().find(|part| part["functionCall"].is_object());
        assert_eq!(part.unwrap()["thoughtSignature"], SIGNATURE, "{sent}");
    }
}

#[tokio::test]
async fn reasoning_of_one_provider_never_reaches_another() {
    let (one, other) = (Provider::start().await, Provider::start().await);
    let app = TestApp::builder()
        .provider("one", "deepseek", &one.openai_url())
        .provider("other", "anthropic", &other.url())
        .settings("[[models]]\nid = \"first\"\nroute = [{ provider = \"one\" }]\nprice = { input = \"1\", output = \"1\" }\n[[models]]\nid = \"second\"\nroute = [{ provider = \"other\" }]\nprice = { input = \"1\", output = \"1\" }\n")
        .start()
        .await;
    let key = app.key(json!({"name": "k", "limits": {}})).await.key;
    let reply = Reply::text("Looking.")
        .thinking("A secret thought.", "")
        .and_tool("call_1", "read", "{\"path\":\"a\"}");
    one.next(Surface::Chat.path(), reply);
    let thinking = json!({"type": "enabled", "budget_tokens": 2000});
    let first = json!({"model": "first", "max_tokens": 4000, "tools": tools(), "thinking": thinking,
        "stream": true, "messages": [{"role": "user", "content": "Look."}]});
    let told = ask(&app, &key, &first).await;
    let events = told.text();
    let signature = events.lines().find_map(|line| {
        let event: Value = serde_json::from_str(line.strip_prefix("data: ")?).ok()?;
        event["delta"]["signature"].as_str().map(str::to_owned)
    });
    let signature = signature.unwrap();
    let call = call_id(&told);
    let said = json!([
        {"type": "thinking", "thinking": "A secret thought.", "signature": signature},
        {"type": "text", "text": "Looking."},
        {"type": "tool_use", "id": call, "name": "read", "input": {"path": "a"}},
    ]);
    let next = |model: &str| {
        json!({"model": model, "max_tokens": 4000, "tools": tools(), "thinking": thinking,
            "messages": history(&said, &call)})
    };
    // The one that reasoned gets it back.
    ask(&app, &key, &next("first")).await;
    let back = one.requests()[1].json();
    assert_eq!(
        back["messages"][1]["reasoning_content"], "A secret thought.",
        "{back}"
    );
    // Another provider would refuse what it did not sign.
    ask(&app, &key, &next("second")).await;
    let sent = other.requests()[0].json();
    let expected = history(&json!([said[1], said[2]]), &call);
    assert_eq!(sent["messages"], expected, "{sent}");
    assert_eq!(sent["model"], "second", "{sent}");
}

#[tokio::test]
async fn gemini_says_in_the_body_how_long_to_wait() {
    let way = Way::with(GEMINI, "").await;
    let body = json!({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "quota is used up",
        "details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "3.2s"}]}});
    way.provider.next(
        way.spoken.path(),
        doubles::provider::Script::json(429, &body),
    );
    let answer = way.ask(false).await;
    assert_eq!(
        (answer.status, answer.header("retry-after")),
        (429, Some("4"))
    );
}

/// Claude Code lists no id that does not begin as Anthropic's do; behind such an alias stands any model.
#[tokio::test]
async fn every_model_has_a_name_that_claude_code_lists() {
    let way = Way::with(GEMINI, "").await;
    let key = way.app.key(json!({"name": "k", "limits": {}})).await.key;
    let list = async |agent: &str| {
        let ask = Ask::get("/v1/models?limit=1000").header("user-agent", agent);
        let listed = ask.bearer(&key).send(way.app.base()).await.json();
        let cards = listed["data"].as_array().unwrap().iter();
        let ids = cards.map(|card| card["id"].as_str().unwrap().to_owned());
        ids.collect::<Vec<_>>()
    };
    let listed = list("claude-code/2.1.329").await;
    assert!(listed.contains(&"claude/house".to_owned()), "{listed:?}");
    let plain = list("curl/8").await;
    assert!(plain.contains(&"house".to_owned()), "{plain:?}");
    assert!(!plain.contains(&"claude/house".to_owned()), "{plain:?}");
    let body = Surface::Messages.request("claude/house", false);
    let answer = ask(&way.app, &key, &body).await;
    assert_eq!(answer.json()["type"], "message");
    let target = &way.provider.requests()[0].target;
    assert_eq!(target, "/v1beta/models/its-own:generateContent");
    let call = way.call().await;
    assert_eq!(call["requested_model"], "house", "{call}");
    assert!(call["cost_nano_usd"].as_u64() > Some(0), "{call}");
}
