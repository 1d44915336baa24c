//! Billing rules of Anthropic's answers.

use doubles::provider::reply::named_event;
use serde_json::json;

use super::till::{Charge, Till};
use super::told::Told;

const OPUS: &str = "claude-opus-5-5";
const HAIKU: &str = "claude-haiku-5-5";

#[tokio::test]
async fn writes_of_one_hour_are_taken_out_of_the_total() {
    let till = Till::open().await;
    for (usage, nano) in [
        // More than the total can only be the total.
        (
            r#"{"input_tokens":0,"cache_creation_input_tokens":1000,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":5000},"output_tokens":0}"#,
            1_000 * 8_000,
        ),
        (
            r#"{"input_tokens":0,"cache_creation_input_tokens":1000,"cache_creation":{"ephemeral_1h_input_tokens":400},"output_tokens":0}"#,
            400 * 8_000 + 600 * 5_000,
        ),
        (
            r#"{"input_tokens":0,"cache_creation_input_tokens":1000,"cache_creation":null,"output_tokens":0}"#,
            1_000 * 5_000,
        ),
    ] {
        till.rings(&Told::message(OPUS, usage), &Charge::exact(nano))
            .await;
    }
    till.adds_up().await;
}

#[tokio::test]
async fn level_and_place_are_read_from_the_answer() {
    let till = Till::open().await;
    let usage = |more: &str| {
        format!(
            r#"{{"input_tokens":1000,"cache_read_input_tokens":1000,"cache_creation_input_tokens":1000,"output_tokens":1000{more}}}"#
        )
    };
    let base = 1_000 * (4_000 + 200 + 5_000 + 20_000);
    for (more, charge) in [
        (
            r#","service_tier":"standard","speed":"standard","inference_geo":"global""#,
            Charge::exact(base),
        ),
        (r#","speed":"fast""#, Charge::exact(2 * base).at("fast")),
        (
            r#","service_tier":"batch""#,
            Charge::exact(base / 2).at("batch"),
        ),
        (r#","inference_geo":"us""#, Charge::exact(base / 10 * 11)),
        (
            r#","inference_geo":"us","service_tier":"batch""#,
            Charge::exact(base / 20 * 11).at("batch"),
        ),
        // A commitment without a public price.
        (r#","service_tier":"priority""#, Charge::about(base)),
        (r#","inference_geo":"atlantis""#, Charge::about(base)),
    ] {
        till.rings(&Told::message(OPUS, &usage(more)), &charge)
            .await;
    }
    // Sums are rounded once: 62.5 x 1.1 is 68.75 nano-dollars a token.
    let odd = r#"{"input_tokens":0,"cache_creation_input_tokens":3,"output_tokens":0,"service_tier":"batch","inference_geo":"us"}"#;
    till.rings(&Told::message(HAIKU, odd), &Charge::exact(206).at("batch"))
        .await;
    till.adds_up().await;
}

#[tokio::test]
async fn tool_fees_are_never_multiplied() {
    let till = Till::open().await;
    let usage = |more: &str| {
        format!(
            r#"{{"input_tokens":100,"output_tokens":10,"server_tool_use":{{"web_search_requests":3,"web_fetch_requests":2}}{more}}}"#
        )
    };
    let (tokens, fee) = (100 * 4_000 + 10 * 20_000, 3 * 10_000_000);
    for (more, charge) in [
        ("", Charge::exact(tokens + fee)),
        (
            r#","service_tier":"batch""#,
            Charge::exact(tokens / 2 + fee).at("batch"),
        ),
        (
            r#","speed":"fast""#,
            Charge::exact(2 * tokens + fee).at("fast"),
        ),
        (
            r#","inference_geo":"us""#,
            Charge::exact(tokens / 10 * 11 + fee),
        ),
    ] {
        till.rings(&Told::message(OPUS, &usage(more)), &charge)
            .await;
    }
    let call = till.app.calls_at_least(8).await.remove(0);
    let call = till.app.call(call["id"].as_str().unwrap()).await;
    assert_eq!(call["tools"], json!({"web_search": 3, "web_fetch": 2}));
    till.adds_up().await;
}

#[tokio::test]
async fn sampling_turns_have_their_own_size() {
    let till = Till::open().await;
    let told = |turns: &str| {
        let usage =
            format!(r#"{{"input_tokens":150000,"output_tokens":20,"iterations":[{turns}]}}"#);
        Told::message(HAIKU, &usage)
    };
    let turn = |kind: &str, input: u64| {
        format!(r#"{{"type":"{kind}","input_tokens":{input},"output_tokens":10}}"#)
    };
    let two = |a: u64, b: u64| format!("{},{}", turn("message", a), turn("message", b));
    // Two small turns, though their sum is over the bound.
    till.rings(
        &told(&two(80_000, 70_000)),
        &Charge::exact(150_000 * 100 + 20 * 500),
    )
    .await;
    // One over it, one not.
    let mixed = 110_000 * 500 + 10 * 2_500 + 40_000 * 100 + 10 * 500;
    till.rings(&told(&two(110_000, 40_000)), &Charge::exact(mixed))
        .await;
    // They do not make up the whole: the sum decides.
    let whole = 150_000 * 500 + 20 * 2_500;
    till.rings(&told(&turn("message", 80_000)), &Charge::exact(whole))
        .await;
    // A compaction beside them is as large as it is.
    let compacted = format!("{},{}", turn("compaction", 120_000), two(80_000, 70_000));
    let nano = 150_000 * 100 + 20 * 500 + 120_000 * 500 + 10 * 2_500;
    till.rings(&told(&compacted), &Charge::exact(nano)).await;
    till.adds_up().await;
}

#[tokio::test]
async fn turns_are_billed_as_their_own_model() {
    let till = Till::open().await;
    let told = |model: &str| {
        let usage = format!(
            r#"{{"input_tokens":2000,"output_tokens":50,"iterations":[{{"type":"message","input_tokens":2000,"output_tokens":50}},{{"type":"advisor_message","model":"{model}","input_tokens":1000,"output_tokens":100}}]}}"#
        );
        Told::message("claude-sonnet-5-5", &usage)
    };
    let own = 2_000 * 2_000 + 50 * 10_000;
    till.rings(
        &told(OPUS),
        &Charge::exact(own + 1_000 * 4_000 + 100 * 20_000),
    )
    .await;
    till.rings(&told("claude-nobody-knows"), &Charge::at_least(own))
        .await;
    // After a fallback the top level covers only the attempt that answered.
    let usage = r#"{"input_tokens":5000,"output_tokens":300,"iterations":[{"type":"message","model":"claude-fable-5-1","input_tokens":5000,"output_tokens":7},{"type":"fallback_message","model":"claude-opus-5-5","input_tokens":5000,"output_tokens":300}]}"#;
    let nano = 5_000 * 10_000 + 7 * 50_000 + 5_000 * 4_000 + 300 * 20_000;
    till.rings_for(
        "claude-fable-5-1",
        &Told::message(OPUS, usage),
        &Charge::exact(nano),
    )
    .await;
    till.adds_up().await;
}

#[tokio::test]
async fn refusals_are_billed_by_category_and_moment() {
    let till = Till::open().await;
    // A few tokens are counted even where nothing was said.
    let told = Told::message(OPUS, r#"{"input_tokens":1000,"output_tokens":5}"#);
    let nano = 1_000 * 4_000 + 5 * 20_000;
    for billed in ["bio", "frontier_llm", "reasoning_extraction"] {
        let told = told.clone().refusal(Some(billed), true);
        till.rings(&told, &Charge::exact(nano)).await;
    }
    for free in [Some("cyber"), Some("general_harms"), None] {
        till.rings(&told.clone().refusal(free, true), &Charge::exact(0))
            .await;
        till.rings(&told.clone().refusal(free, false), &Charge::exact(nano))
            .await;
    }
    // What is free is still counted.
    let calls = till.app.calls_at_least(18).await;
    assert!(calls.iter().all(|call| call["input_tokens"] == 1_000));
    // Before the rule no refusal before output was billed.
    till.set("2026-09-23T23:59:59Z");
    till.rings(&told.clone().refusal(Some("bio"), true), &Charge::exact(0))
        .await;
    till.set("2026-09-24T00:00:00Z");
    till.rings(&told.refusal(Some("bio"), true), &Charge::exact(nano))
        .await;
    till.adds_up().await;
}

#[tokio::test]
async fn usage_in_a_stream_replaces_and_never_adds() {
    let till = Till::open().await;
    let told = Told::message(OPUS, r#"{"input_tokens":1000,"output_tokens":120}"#);
    let delta = |usage: serde_json::Value, stop: serde_json::Value| {
        named_event(
            &json!({"type": "message_delta", "delta": {"stop_reason": stop}, "usage": usage}),
        )
    };
    let mut events = told.events();
    let end = events.len() - 2;
    // Later parts name only what they change; nothing that was said before is lost.
    events[0] = named_event(
        &json!({"type": "message_start", "message": {"id": "msg_till", "type": "message",
        "role": "assistant", "model": OPUS, "content": [], "stop_reason": null, "usage": {
            "input_tokens": 1000, "cache_read_input_tokens": 500, "cache_creation_input_tokens": 200,
            "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 200},
            "output_tokens": 3, "service_tier": "standard"}}}),
    );
    events[end] = delta(json!({"output_tokens": 120}), json!("end_turn"));
    events.insert(
        end,
        delta(json!({"output_tokens": 60}), serde_json::Value::Null),
    );
    let answer = till.stream(OPUS, &told, events).await;
    let nano = 1_000 * 4_000 + 500 * 200 + 200 * 8_000 + 120 * 20_000;
    till.check(&answer, &told, &Charge::exact(nano)).await;
    till.adds_up().await;
}

#[tokio::test]
async fn a_stream_that_breaks_off_keeps_the_input_it_told() {
    let till = Till::open().await;
    let told = Told::message(
        OPUS,
        r#"{"input_tokens":777,"cache_read_input_tokens":5000,"output_tokens":99}"#,
    );
    let events = told.events()[..3].to_vec();
    let answer = till.stream(OPUS, &told, events).await;
    assert!(answer.text().contains("event: error"), "{}", answer.text());
    let call = till.app.call(answer.header("x-switchyard-call-id")).await;
    assert_eq!(
        (&call["status"], &call["estimated"]),
        (&json!("upstream_failed"), &json!(true)),
        "{call}"
    );
    assert_eq!(
        (&call["input_tokens"], &call["cache_read_tokens"]),
        (&json!(777), &json!(5_000)),
        "{call}"
    );
    // Its 13 bytes of text are some tokens of output.
    let output = call["output_tokens"].as_i64().unwrap();
    assert!((1..=13).contains(&output), "{call}");
    assert_eq!(
        call["cost_nano_usd"],
        777 * 4_000 + 5_000 * 200 + output * 20_000,
        "{call}"
    );
}

#[tokio::test]
async fn the_answers_model_is_billed() {
    let till = Till::open().await;
    let usage = r#"{"input_tokens":1000,"output_tokens":10}"#;
    // Asked for one model, served by another.
    till.rings_for(OPUS, &Told::message(HAIKU, usage), &Charge::exact(105_000))
        .await;
    till.rings_for(
        "claude-opus-4-5",
        &Told::message("claude-opus-4-5-20251101", usage),
        &Charge::exact(1_000 * 5_000 + 10 * 25_000),
    )
    .await;
    // Nobody knows it: no guess, not even that of the model asked for.
    till.rings_for(
        OPUS,
        &Told::message("claude-opus-99", usage),
        &Charge::unknown(),
    )
    .await;
    till.adds_up().await;
}
