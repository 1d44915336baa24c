//! Azure: two makers' models at one resource, the older surface, stored responses and native routes.

use doubles::provider::reply::Surface;
use doubles::provider::{Reply, Script};
use serde_json::json;

use super::ground::{Cloud, Kind};
use super::{CLAUDE, GPT};
use crate::raw::Ask;

const KEY: &str = "azure-key-0123456789";

async fn start(model: &str, lines: &str) -> Cloud {
    let reply = Reply::text("Hello.").id("resp_azure");
    Cloud::with(Kind::Azure, model, reply, lines).await
}

#[tokio::test]
async fn vectors_are_priced_like_their_makers() {
    let cloud = start("text-embedding-3-small", "").await;
    let answer = cloud.ask(Surface::Embeddings, false).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let asked = cloud.asked();
    assert_eq!(asked.target, "/openai/v1/embeddings");
    assert_eq!(asked.json()["model"], "text-embedding-3-small");
    assert_eq!(cloud.call().await["cost_nano_usd"], 12 * 20);
}

#[tokio::test]
async fn the_older_surface_has_the_deployment_in_its_path() {
    let cloud = start("gpt-5.6-terra", "api_version = \"2024-10-21\"\n").await;
    for (caller, stream) in [
        (Surface::Chat, false),
        (Surface::Chat, true),
        // Not every day of that surface knows Responses.
        (Surface::Messages, true),
    ] {
        let answer = cloud.ask(caller, stream).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let target = cloud.asked().target.clone();
        let path = "/openai/deployments/gpt-5.6-terra/chat/completions?api-version=2024-10-21";
        assert_eq!(target, path);
    }
}

#[tokio::test]
async fn tokens_are_counted_where_the_model_is() {
    for (model, path) in [
        ("claude-opus-5-5", "/anthropic/v1/messages/count_tokens"),
        ("gpt-5.6-terra", "/openai/v1/responses/input_tokens"),
    ] {
        let cloud = start(model, "").await;
        let counted = json!({"object": "response.input_tokens", "input_tokens": 42});
        cloud.next(
            "/openai/v1/responses/input_tokens",
            Script::json(200, &counted),
        );
        let body = Surface::Messages.request("house", false).to_string();
        let answer = cloud
            .send(Ask::post("/v1/messages/count_tokens", body))
            .await;
        assert_eq!(
            answer.json(),
            json!({"input_tokens": 42}),
            "{}",
            answer.text()
        );
        assert_eq!(cloud.asked().target, path);
    }
}

#[tokio::test]
async fn stored_responses_go_back_to_the_resource() {
    let cloud = start("gpt-5.6-terra", "").await;
    let made = cloud.ask(Surface::Responses, false).await;
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("resp_azure-sy1"), "{}", made.text());
    let path = "/openai/v1/responses/resp_azure";
    cloud.next(path, Script::json(200, &json!({"id": "resp_azure"})));
    let kept = cloud.send(Ask::get(&format!("/v1/responses/{id}"))).await;
    assert_eq!(kept.status, 200, "{}", kept.text());
    let asked = cloud.asked();
    assert_eq!((asked.method.as_str(), &*asked.target), ("GET", path));
    assert_eq!(asked.header("api-key"), Some(KEY));
}

#[tokio::test]
async fn native_routes_of_known_protocols_are_metered_and_others_pass() {
    for (path, surface, model, nano) in [
        (
            "openai/v1/chat/completions",
            Surface::Chat,
            "gpt-5.6-terra",
            GPT,
        ),
        (
            "openai/v1/responses",
            Surface::Responses,
            "gpt-5.6-terra",
            GPT,
        ),
        (
            "anthropic/v1/messages",
            Surface::Messages,
            "claude-opus-5-5",
            CLAUDE,
        ),
    ] {
        let cloud = start(model, "").await;
        let body = surface.request(model, false).to_string();
        let answer = cloud
            .send(Ask::post(&format!("/providers/cloud/{path}"), body))
            .await;
        assert_eq!(answer.status, 200, "{path} {}", answer.text());
        assert_eq!(cloud.asked().target, format!("/{path}"));
        assert_eq!(cloud.call().await["cost_nano_usd"], nano, "{path}");
    }
    let cloud = start("gpt-5.6-terra", "").await;
    for (path, header) in [
        ("openai/v1/files", "api-key"),
        ("anthropic/v1/files", "x-api-key"),
    ] {
        // The double has none, which it says to those only whose key it knows.
        let answer = cloud
            .send(Ask::get(&format!("/providers/cloud/{path}")))
            .await;
        assert_eq!(answer.status, 404, "{path} {}", answer.text());
        assert_eq!(cloud.asked().header(header), Some(KEY), "{path}");
    }
}
