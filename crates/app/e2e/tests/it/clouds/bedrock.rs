//! Bedrock: what moves between header, path and body, faults of its event stream, a model's own trouble, and its native
//! routes under our signature.

use doubles::cloud::eventstream::exception;
use doubles::provider::reply::Surface;
use doubles::provider::{Reply, Script};
use serde_json::{Value, json};

use super::ground::{Cloud, Kind};
use super::{OF_AMAZON, ON_BEDROCK, frames};
use crate::bad_input::assert_error_shape;
use crate::faults::assert_error_event;
use crate::raw::Ask;

const INVOKE: &str = "/model/us.anthropic.claude-opus-5-5-v1%3A0/invoke";

async fn start() -> Cloud {
    let reply = Reply::text("Hello.").model("claude-opus-5-5");
    Cloud::start(Kind::Bedrock, ON_BEDROCK, reply).await
}

fn stream_path() -> String {
    format!("{INVOKE}-with-response-stream")
}

#[tokio::test]
async fn betas_that_the_provider_does_not_take_stay_behind_and_are_named() {
    let reply = Reply::text("Hello.").model("claude-opus-5-5");
    let lines = "betas = [\"*-2025-05-14\"]\n";
    let cloud = Cloud::with(Kind::Bedrock, ON_BEDROCK, reply, lines).await;
    for stream in [false, true] {
        let body = Surface::Messages.request("house", stream).to_string();
        let ask = Ask::post("/v1/messages?beta=true", body)
            .header("anthropic-beta", "interleaved-thinking-2025-05-14, new-1")
            .header("anthropic-version", "2023-06-01");
        let answer = cloud.send(ask).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.header("x-switchyard-dropped"), Some("new-1"));
        let upstream_id = answer.header("x-switchyard-upstream-request-id");
        assert_eq!(upstream_id, Some("7b1c1c43-0000-4000-8000-000000000001"));
        let asked = cloud.asked();
        let betas = json!(["interleaved-thinking-2025-05-14"]);
        assert_eq!(asked.json()["anthropic_beta"], betas);
        assert_eq!(asked.header("anthropic-beta"), None);
        assert_eq!(asked.header("anthropic-version"), None);
    }
}

#[tokio::test]
async fn an_encoded_body_is_decoded_before_it_is_spliced_and_signed() {
    let cloud = start().await;
    let body = Surface::Messages.request("house", false);
    let gzip = Script::json(200, &body).gzip().body();
    let ask = Ask::post("/v1/messages", gzip.to_vec()).header("Content-Encoding", "gzip");
    let answer = cloud.send(ask).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let asked = cloud.asked();
    assert_eq!(asked.header("content-encoding"), None);
    assert_eq!(asked.json()["messages"], body["messages"]);
}

#[tokio::test]
async fn tokens_are_counted_by_the_service_and_cost_nothing() {
    let cloud = start().await;
    let body = Surface::Messages.request("house", false).to_string();
    let answer = cloud
        .send(Ask::post("/v1/messages/count_tokens", body))
        .await;
    assert_eq!(answer.json(), json!({"input_tokens": 42}));
    assert_eq!(
        cloud.asked().target,
        "/model/anthropic.claude-opus-5-5-v1%3A0/count-tokens"
    );
    assert_eq!(cloud.call().await["cost_nano_usd"], 0);
}

#[tokio::test]
async fn a_frame_that_cannot_be_trusted_ends_the_stream_with_an_error() {
    let cloud = start().await;
    let whole = frames::frames(&Reply::text("Hello.").model("claude-opus-5-5"));
    let broken = whole.iter().enumerate().map(|(index, frame)| {
        let mut frame = frame.to_vec();
        if index == 2 {
            frame[20] ^= 1;
        }
        frame.into()
    });
    cloud.next(&stream_path(), frames::stream(broken));
    let answer = cloud.ask(Surface::Messages, true).await;
    assert_error_event(Surface::Messages, &answer.body);
    assert!(
        answer.text().contains("provider cloud"),
        "{}",
        answer.text()
    );
    assert!(cloud.call().await["cost_nano_usd"].as_u64() > Some(0));
}

#[tokio::test]
async fn an_exception_in_the_stream_is_told_in_the_callers_words() {
    for caller in [Surface::Messages, Surface::Chat, Surface::Responses] {
        let cloud = start().await;
        let mut said = frames::frames(&Reply::text("Hello."));
        said.truncate(3);
        let thrown = r#"{"message":"Too many requests, please wait."}"#;
        said.push(exception("throttlingException", thrown));
        cloud.next(&stream_path(), frames::stream(said));
        let answer = cloud.ask(caller, true).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_error_event(caller, &answer.body);
        assert!(
            answer.text().contains("Too many requests"),
            "{}",
            answer.text()
        );
        assert_eq!(cloud.call().await["status"], "upstream_error", "{caller:?}");
    }
}

#[tokio::test]
async fn a_model_that_broke_down_rests_and_its_provider_goes_on() {
    let cloud = start().await;
    let words = json!({"message": "The model had an unexpected error."});
    let script = Script::json(424, &words).header("x-amzn-errortype", "ModelErrorException");
    cloud.next(INVOKE, script);
    let answer = cloud.ask(Surface::Messages, false).await;
    assert_eq!(answer.status, 424, "{}", answer.text());
    assert_eq!(answer.json()["error"]["type"], "api_error");
    assert_eq!(cloud.call().await["cost_nano_usd"], 0);
    let admin = cloud.app.admin_key();
    let listed = cloud.app.get("/v1/circuit-breakers", admin).await.json();
    let listed = listed["data"].as_array().unwrap();
    let shown = listed
        .iter()
        .find(|shown| shown["name"] == "cloud")
        .unwrap();
    assert_eq!(
        (&shown["state"], &shown["failures"]),
        (&json!("closed"), &json!(0))
    );
    assert_eq!(shown["models"][0]["model"], ON_BEDROCK, "{shown}");
}

#[tokio::test]
async fn what_no_path_can_name_is_the_callers_fault_and_never_sent() {
    for caller in [Surface::Messages, Surface::Chat] {
        let cloud = start().await;
        // Its name says whose it is, and is no name.
        let body = caller.request("cloud/..", false).to_string();
        let answer = cloud.send(Ask::post(caller.path(), body)).await;
        let told = assert_error_shape(caller, &answer);
        assert!((400..500).contains(&answer.status), "{told}");
        assert!(cloud.provider().requests().is_empty());
    }
}

#[tokio::test]
async fn any_makers_models_call_tools_in_the_callers_words() {
    let reply = Reply::text("Looking.").and_tool("tooluse_1", "read", "{\"path\": \"a\"}");
    let cloud = Cloud::start(Kind::Bedrock, OF_AMAZON, reply).await;
    let mut body = Surface::Messages.request("house", false);
    body["top_k"] = json!(5);
    body["tools"] = json!([{"name": "read", "input_schema": {"type": "object"}}]);
    let called = json!({"type": "tool_use", "id": "toolu_1", "name": "read", "input": {}});
    let result = json!({"type": "tool_result", "tool_use_id": "toolu_1", "content": "done"});
    let turns = body["messages"].as_array_mut().unwrap();
    turns.push(json!({"role": "assistant", "content": [called]}));
    turns.push(json!({"role": "user", "content": [result]}));
    for stream in [false, true] {
        body["stream"] = json!(stream);
        let answer = cloud
            .send(Ask::post("/v1/messages", body.to_string()))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.header("x-switchyard-dropped"), Some("top_k"));
        let text = answer.text();
        assert!(
            text.contains("tooluse_1") && text.contains("\"tool_use\""),
            "{text}"
        );
    }
    let body = Surface::Messages.request("house", false).to_string();
    let answer = cloud
        .send(Ask::post("/v1/messages/count_tokens", body))
        .await;
    assert!(
        answer.json()["input_tokens"].as_u64() > Some(0),
        "{}",
        answer.text()
    );
    assert_eq!(cloud.provider().requests().len(), 2);
}

#[tokio::test]
async fn native_routes_go_out_under_our_signature() {
    let cloud = start().await;
    let body = json!({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": []});
    let path = format!("/providers/cloud{INVOKE}?trace=ENABLED&a");
    // The double knows no query; that it says so means that the signature held.
    let answer = cloud.send(Ask::post(&path, body.to_string())).await;
    assert_eq!(answer.status, 404, "{}", answer.text());
    let path = format!("/providers/cloud{INVOKE}");
    let answer = cloud.send(Ask::post(&path, body.to_string())).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(cloud.asked().target, INVOKE);
    assert_eq!(cloud.asked().body, body.to_string());
    let calls = cloud.app.calls_at_least(2).await;
    let ok = |call: &&Value| call["status"] == "ok";
    let call = calls.iter().find(ok).unwrap();
    assert_eq!(
        (&call["surface"], &call["unpriced"]),
        (&json!("native"), &json!(true))
    );
}
