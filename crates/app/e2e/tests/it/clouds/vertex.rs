//! Vertex: one token for all calls, Gemini without the fields that only Google's own API knows, and what happens where no
//! token can be had.

use doubles::Provider;
use doubles::cloud::vertex::Vertex;
use doubles::provider::reply::Surface;
use doubles::provider::{Reply, Script};
use serde_json::{Value, json};
use testkit::TestApp;

use super::ON_VERTEX;
use super::ground::{Cloud, Kind};
use crate::bad_input::assert_error_shape;
use crate::raw::Ask;

const BELOW: &str = "/v1/projects/double-project/locations/us-east5/publishers";

#[tokio::test]
async fn all_calls_share_one_token() {
    let cloud = Cloud::start(Kind::Vertex, ON_VERTEX, Reply::text("Hello.")).await;
    for stream in [false, true, false] {
        assert_eq!(cloud.ask(Surface::Messages, stream).await.status, 200);
    }
    let requests = cloud.provider().requests();
    let tokens = requests.iter().filter(|request| request.path() == "/token");
    assert_eq!((tokens.count(), requests.len()), (1, 4));
}

#[tokio::test]
async fn tokens_are_counted_for_both_makers() {
    for (model, target) in [
        (ON_VERTEX, "anthropic/models/count-tokens:rawPredict"),
        (
            "gemini-3.5-flash",
            "google/models/gemini-3.5-flash:countTokens",
        ),
    ] {
        let cloud = Cloud::start(Kind::Vertex, model, Reply::text("")).await;
        let mut body = Surface::Messages.request("house", false);
        body["tools"] = json!([{"name": "read", "input_schema": {"type": "object"}}]);
        body["tool_choice"] = json!({"type": "any"});
        let ask = Ask::post("/v1/messages/count_tokens", body.to_string());
        let answer = cloud.send(ask).await;
        assert_eq!(answer.json(), json!({"input_tokens": 42}));
        assert_eq!(cloud.asked().target, format!("{BELOW}/{target}"));
    }
}

#[tokio::test]
async fn geminis_tools_go_back_and_forth_without_ids() {
    let reply = Reply::tool("call_1", "read", "{\"path\":\"a\"}");
    let cloud = Cloud::start(Kind::Vertex, "gemini-3.5-flash", reply).await;
    let mut body = Surface::Messages.request("house", false);
    body["tools"] = json!([{"name": "read", "input_schema": {"type": "object"}}]);
    let called = json!({"type": "tool_use", "id": "toolu_1", "name": "read", "input": {}});
    let result = json!({"type": "tool_result", "tool_use_id": "toolu_1", "content": "done"});
    let turns = body["messages"].as_array_mut().unwrap();
    turns.push(json!({"role": "assistant", "content": [called]}));
    turns.push(json!({"role": "user", "content": [result]}));
    let answer = cloud
        .send(Ask::post("/v1/messages", body.to_string()))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let content: Value = answer.json()["content"].clone();
    assert_eq!(
        (&content[0]["type"], &content[0]["input"]),
        (&json!("tool_use"), &json!({"path": "a"}))
    );
    let sent = cloud.asked().json();
    assert_eq!(
        sent["contents"][2]["parts"][0]["functionResponse"]["name"], "read",
        "{sent}"
    );
}

#[tokio::test]
async fn what_the_cloud_cannot_be_asked_is_refused_with_its_name() {
    for (model, caller) in [
        ("gemini-3.5-flash", Surface::Embeddings),
        ("llama-4-maverick", Surface::Messages),
    ] {
        let cloud = Cloud::start(Kind::Vertex, model, Reply::text("")).await;
        let answer = cloud.ask(caller, false).await;
        let words = assert_error_shape(caller, &answer);
        assert!(
            words.contains("cloud") && words.contains("vertex"),
            "{words}"
        );
        assert!(cloud.provider().requests().is_empty());
    }
}

#[tokio::test]
async fn without_a_token_another_provider_takes_over_and_nothing_is_owed() {
    let (vertex, other) = (
        Vertex::start(Reply::text("never")).await,
        Provider::start().await,
    );
    let refused = json!({"error": "invalid_grant", "error_description": "the account is gone"});
    vertex.provider.on("/token", Script::json(400, &refused));
    let (account, base) = (vertex.service_account(), vertex.provider.url());
    let app = TestApp::builder()
        .settings(&format!(
            "[[providers]]\nname = \"google\"\nkind = \"vertex\"\nregion = \"us-east5\"\nbase_url = \"{base}\"\nservice_account = '''{account}'''\n"
        ))
        .provider("direct", "anthropic", &other.url())
        .settings("[[models]]\nid = \"claude-opus-5-5\"\nroute = [{ provider = \"google\" }]\nfallback = [{ provider = \"direct\" }]\n")
        .start()
        .await;
    let key = app.key(json!({"limits": {}})).await.key;
    for stream in [false, true] {
        let body = Surface::Messages.request("claude-opus-5-5", stream);
        let ask = Ask::post("/v1/messages", body.to_string()).bearer(&key);
        let answer = ask.send(app.base()).await;
        assert_eq!(
            (answer.status, answer.whole),
            (200, true),
            "{}",
            answer.text()
        );
    }
    let calls = app.calls_at_least(2).await;
    for call in calls {
        let call = app.call(call["id"].as_str().unwrap()).await;
        assert_eq!(
            (&call["provider"], &call["status"]),
            (&json!("direct"), &json!("ok")),
            "{call}"
        );
        assert_eq!(call["cost_nano_usd"], super::CLAUDE, "{call}");
    }
}

#[tokio::test]
async fn native_routes_go_out_with_a_token() {
    let cloud = Cloud::start(Kind::Vertex, ON_VERTEX, Reply::text("Hello.")).await;
    let body = json!({"anthropic_version": "vertex-2023-10-16", "max_tokens": 9, "messages": []});
    let path = format!("{BELOW}/anthropic/models/{ON_VERTEX}:rawPredict");
    let ask = Ask::post(&format!("/providers/cloud{path}"), body.to_string());
    let answer = cloud.send(ask).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let asked = cloud.asked();
    assert_eq!(asked.target, path);
    assert_eq!(asked.header("authorization"), Some("Bearer ya29.double-1"));
    let call = cloud.call().await;
    assert_eq!(
        (&call["surface"], &call["unpriced"]),
        (&json!("native"), &json!(true))
    );
}
