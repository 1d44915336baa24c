//! Billing rules of the answers of OpenAI and of those who speak its protocols.

use serde_json::json;

use super::till::{Charge, Till};
use super::told::Told;

const SOL: &str = "gpt-6.1-sol";

/// The same answer by chat and by Responses.
fn both(model: &str, input: u64, output: u64) -> [Told; 2] {
    let chat = format!(r#"{{"prompt_tokens":{input},"completion_tokens":{output}}}"#);
    let response = format!(r#"{{"input_tokens":{input},"output_tokens":{output}}}"#);
    [Told::chat(model, &chat), Told::response(model, &response)]
}

#[tokio::test]
async fn the_tier_that_served_is_billed() {
    let till = Till::open().await;
    let base = 1_000 * 2_000 + 100 * 10_000;
    for (tier, charge) in [
        ("default", Charge::exact(base)),
        ("auto", Charge::exact(base)),
        ("flex", Charge::exact(base / 2).at("flex")),
        ("fast", Charge::exact(2 * base).at("fast")),
        ("priority", Charge::exact(2 * base).at("fast")),
        ("batch", Charge::exact(base / 2).at("batch")),
        // A word that nobody knows costs the standard price, marked.
        ("turbo", Charge::about(base)),
    ] {
        for told in both(SOL, 1_000, 100) {
            till.rings(&told.tier(tier), &charge).await;
        }
    }
    // Flex was asked for; what came back was not.
    let told = &both(SOL, 1_000, 100)[1].clone().tier("default");
    let mut request = told.surface.request(SOL, false);
    request["service_tier"] = json!("flex");
    let script = doubles::provider::Script::json(200, &told.whole());
    till.upstream.next(told.surface.path(), script);
    let answer = till
        .app
        .post(told.surface.path(), &till.key, &request)
        .await
        .expect(200);
    till.check(&answer, told, &Charge::exact(base)).await;
    till.adds_up().await;
}

#[tokio::test]
async fn a_tier_with_prices_of_its_own_uses_them() {
    let till = Till::open().await;
    let usage =
        r#"{"input_tokens":1000,"input_tokens_details":{"cached_tokens":400},"output_tokens":100}"#;
    let told = Told::response("gpt-5.5", usage).tier("fast");
    let nano = 600 * 12_500 + 400 * 1_250 + 100 * 75_000;
    till.rings(&told, &Charge::exact(nano).at("fast")).await;
    till.adds_up().await;
}

#[tokio::test]
async fn every_class_of_token_has_its_price() {
    let till = Till::open().await;
    // Writes of twelve hours cost twice those of thirty minutes.
    let usage = r#"{"input_tokens":1000,"input_tokens_details":{"cached_tokens":100,"cache_write_tokens":500,"cache_write_tokens_details":{"ttl_30m_tokens":200,"ttl_12h_tokens":300}},"output_tokens":10}"#;
    let nano = 400 * 2_000 + 100 * 100 + 200 * 2_500 + 300 * 5_000 + 10 * 10_000;
    till.rings(&Told::response(SOL, usage), &Charge::exact(nano))
        .await;
    // Predictions that were rejected stand in the completion and are paid for as output.
    let usage = r#"{"prompt_tokens":100,"completion_tokens":80,"completion_tokens_details":{"reasoning_tokens":20,"accepted_prediction_tokens":10,"rejected_prediction_tokens":40},"total_tokens":180}"#;
    till.rings(
        &Told::chat(SOL, usage),
        &Charge::exact(100 * 2_000 + 80 * 10_000),
    )
    .await;
    // No price for writes of this model: they cost what input costs.
    let usage = r#"{"prompt_tokens":1000,"prompt_tokens_details":{"cached_tokens":800,"cache_write_tokens":100},"completion_tokens":10}"#;
    till.rings(
        &Told::chat("gpt-5.2", usage),
        &Charge::exact(200 * 1_750 + 800 * 175 + 10 * 14_000),
    )
    .await;
    till.adds_up().await;
}

#[tokio::test]
async fn searches_are_billed_by_the_piece() {
    let till = Till::open().await;
    let search = |kind: &str| {
        json!({"id": "ws_1", "type": "web_search_call", "status": "completed",
            "action": {"type": kind, "query": "weather"}})
    };
    let files =
        json!({"id": "fs_1", "type": "file_search_call", "status": "completed", "queries": []});
    let usage = r#"{"input_tokens":1000,"output_tokens":100}"#;
    let (tokens, fees) = (1_000 * 2_000 + 100 * 10_000, 2 * 10_000_000 + 2_500_000);
    // Pages that were opened are not charged, searches are.
    let told = Told::response(SOL, usage)
        .item(search("search"))
        .item(search("open_page"))
        .item(search("search"))
        .item(files);
    till.rings(&told, &Charge::exact(tokens + fees)).await;
    // Fees do not follow the tier.
    till.rings(
        &told.tier("flex"),
        &Charge::exact(tokens / 2 + fees).at("flex"),
    )
    .await;
    till.adds_up().await;
}

#[tokio::test]
async fn the_answers_model_is_billed() {
    let till = Till::open().await;
    for told in both("gpt-6.1-sol-2026-09-29", 1_000, 100) {
        till.rings_for(SOL, &told, &Charge::exact(3_000_000)).await;
    }
    for told in both("gpt-5.2-2025-12-11", 1_000, 100) {
        let nano = 1_000 * 1_750 + 100 * 14_000;
        till.rings_for("gpt-5.5-pro", &told, &Charge::exact(nano))
            .await;
    }
    for told in both("gpt-99", 1_000, 100) {
        till.rings_for(SOL, &told, &Charge::unknown()).await;
    }
    let usage = till.app.usage().await;
    let rows = usage["data"].as_array().unwrap();
    let unknown = rows.iter().find(|row| row["model"] == "gpt-99").unwrap();
    assert_eq!(unknown["unpriced_calls"], 4, "{unknown}");
    assert_eq!(unknown["cost_nano_usd"], 0, "{unknown}");
    assert_eq!(unknown["input_tokens"], 4_000, "{unknown}");
    till.adds_up().await;
}

#[tokio::test]
async fn embeddings_cost_their_input() {
    let till = Till::open().await;
    let body = json!({"object": "list", "model": "text-embedding-3-small",
        "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}],
        "usage": {"prompt_tokens": 1001, "total_tokens": 1001}});
    let path = "/v1/embeddings";
    till.upstream
        .next(path, doubles::provider::Script::json(200, &body));
    let request = json!({"model": "text-embedding-3-small", "input": "a"});
    let answer = till.app.post(path, &till.key, &request).await.expect(200);
    assert_eq!(answer.header("x-switchyard-cost-usd"), "0.00002002");
    let call = till.app.call(answer.header("x-switchyard-call-id")).await;
    assert_eq!(call["cost_nano_usd"], 20_020, "{call}");
    till.count("text-embedding-3-small", &Charge::exact(20_020));
    till.adds_up().await;
}

#[tokio::test]
async fn a_stream_without_usage_is_estimated() {
    let till = Till::open().await;
    let told = Told::chat(SOL, r#"{"prompt_tokens":1,"completion_tokens":1}"#);
    let mut events = told.events();
    // Servers that know nothing of `stream_options` leave the chunk out.
    events.remove(events.len() - 2);
    let answer = till.stream(SOL, &told, events).await;
    let call = till.app.call(answer.header("x-switchyard-call-id")).await;
    assert_eq!(
        (&call["status"], &call["estimated"], &call["unpriced"]),
        (&json!("ok"), &json!(true), &json!(false)),
        "{call}"
    );
    let count = |name: &str| call[name].as_i64().unwrap();
    let (input, output) = (count("input_tokens"), count("output_tokens"));
    assert!(input > 1 && output > 1, "{call}");
    assert_eq!(
        count("cost_nano_usd"),
        input * 2_000 + output * 10_000,
        "{call}"
    );
}

#[tokio::test]
async fn what_repeats_a_bill_is_not_billed_again() {
    let till = Till::open().await;
    let [_, told] = both(SOL, 1_000, 100);
    let made = till.rings(&told, &Charge::exact(3_000_000)).await.json();
    // A stored response tells its usage each time it is read; counting tokens is free.
    let path = "/v1/responses/resp_till";
    till.upstream
        .next(path, doubles::provider::Script::json(200, &told.whole()));
    let path = format!("/v1/responses/{}", made["id"].as_str().unwrap());
    let read = till.app.get(&path, &till.key).await.expect(200);
    assert_eq!(read.json(), made);
    let request = told.surface.request(SOL, false);
    let path = "/v1/responses/input_tokens";
    till.app.post(path, &till.key, &request).await.expect(200);
    let calls = till.app.calls_at_least(4).await;
    for call in &calls[..2] {
        assert_eq!(call["cost_nano_usd"], 0, "{call}");
        assert_eq!(call["input_tokens"], 0, "{call}");
    }
    let usage = till
        .app
        .get("/v1/analytics/usage", till.app.admin_key())
        .await;
    let total = usage.expect(200).json()["data"][0].take();
    assert_eq!(total["cost_nano_usd"], 6_000_000, "{total}");
}

#[tokio::test]
async fn the_callers_own_subscription_is_told_apart() {
    let theirs = doubles::Provider::start().await;
    let own = format!(
        "[[providers]]\nname = \"theirs\"\nkind = \"anthropic\"\nbase_url = \"{}\"\ncredential = \"client\"\nserves = [\"claude-haiku*\"]\n",
        theirs.url()
    );
    let till = Till::with(super::TODAY, &own).await;
    let told = Told::message(
        "claude-haiku-5-5",
        r#"{"input_tokens":1000,"output_tokens":10}"#,
    );
    let path = told.surface.path();
    theirs.on(path, doubles::provider::Script::json(200, &told.whole()));
    let budget = json!([{"amount_usd": "0.000000001", "period": "total", "hard": true}]);
    let key = till
        .app
        .key(json!({"name": "own", "budgets": budget}))
        .await;
    let request = told
        .surface
        .request("theirs/claude-haiku-5-5", false)
        .to_string();
    let ask = crate::raw::Ask::post(path, request)
        .header("x-switchyard-key", &key.key)
        .bearer("sk-ant-oat-their-own");
    let answer = ask.send(till.app.base()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let sent = theirs.requests().remove(0);
    assert_eq!(
        sent.header("authorization"),
        Some("Bearer sk-ant-oat-their-own")
    );
    let call = till.app.calls_at_least(1).await.remove(0);
    assert_eq!(
        (&call["billed_by_client"], &call["cost_nano_usd"]),
        (&json!(true), &json!(105_000)),
        "{call}"
    );
    let usage = till.app.usage().await;
    let row = &usage["data"][0];
    assert_eq!(row["cost_nano_usd"], 0, "{row}");
    assert_eq!(row["client_billed_cost_nano_usd"], 105_000, "{row}");
}
