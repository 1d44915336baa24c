//! The worked examples, each with the usage object as it is given there, answered whole and as a stream.

use super::till::{Charge, Till};
use super::told::Told;

#[tokio::test]
async fn two_times_to_live() {
    let till = Till::open().await;
    let usage = r#"{"input_tokens":2095,"cache_creation_input_tokens":12000,"cache_creation":{"ephemeral_5m_input_tokens":4000,"ephemeral_1h_input_tokens":8000},"cache_read_input_tokens":180000,"output_tokens":503,"output_tokens_details":{"thinking_tokens":310},"service_tier":"standard","speed":"standard"}"#;
    let told = Told::message("claude-opus-5-5", usage);
    till.rings(&told, &Charge::exact(138_440_000)).await;
    let calls = till.app.calls_at_least(2).await;
    for call in &calls {
        let counts = [
            "input_tokens",
            "cache_read_tokens",
            "cache_write_tokens",
            "output_tokens",
            "reasoning_tokens",
        ]
        .map(|name| call[name].as_i64().unwrap());
        assert_eq!(counts, [2_095, 180_000, 12_000, 193, 310], "{call}");
    }
    // Without the split, every write is one of five minutes.
    let usage = r#"{"input_tokens":2095,"cache_creation_input_tokens":12000,"cache_read_input_tokens":180000,"output_tokens":503}"#;
    let told = Told::message("claude-opus-5-5", usage);
    till.rings(&told, &Charge::exact(114_440_000)).await;
    till.adds_up().await;
}

#[tokio::test]
async fn tier_edge_of_the_small_model() {
    let till = Till::open().await;
    for (input, nano) in [(1_000, 3_125_000), (1_001, 15_625_500)] {
        let usage = format!(
            r#"{{"input_tokens":{input},"cache_creation_input_tokens":9000,"cache_read_input_tokens":90000,"output_tokens":2000}}"#
        );
        let told = Told::message("claude-haiku-5-5", &usage);
        till.rings(&told, &Charge::exact(nano)).await;
    }
    till.adds_up().await;
}

#[tokio::test]
async fn compaction_is_billed_beside_the_message() {
    let till = Till::open().await;
    let usage = r#"{"input_tokens":23000,"output_tokens":1000,"iterations":[{"type":"compaction","input_tokens":180000,"output_tokens":3500},{"type":"message","input_tokens":23000,"output_tokens":1000}]}"#;
    let told = Told::message("claude-sonnet-5-5", usage);
    till.rings(&told, &Charge::exact(451_000_000)).await;
    // The record counts what was billed, not what the top level says.
    let call = till.app.calls_at_least(1).await.remove(0);
    assert_eq!(
        (&call["input_tokens"], &call["output_tokens"]),
        (
            &serde_json::json!(203_000_i64),
            &serde_json::json!(4_500_i64)
        )
    );
    till.adds_up().await;
}

#[tokio::test]
async fn half_a_nano_goes_up() {
    let till = Till::open().await;
    let usage = r#"{"input_tokens":333,"cache_creation_input_tokens":1001,"cache_read_input_tokens":0,"output_tokens":99,"service_tier":"batch"}"#;
    let told = Told::message("claude-haiku-5-5", usage);
    till.rings(&told, &Charge::exact(103_963).at("batch")).await;
    let refused = told.refusal(Some("cyber"), true);
    till.rings(&refused, &Charge::exact(0).at("batch")).await;
    till.adds_up().await;
}

#[tokio::test]
async fn written_and_cached_stand_inside_the_input() {
    let till = Till::open().await;
    let usage = r#"{"input_tokens":2600,"input_tokens_details":{"cached_tokens":2000,"cache_write_tokens":400},"output_tokens":300,"output_tokens_details":{"reasoning_tokens":120},"total_tokens":2900}"#;
    let told = Told::response("gpt-5.6-terra", usage);
    till.rings(&told, &Charge::exact(5_400_000)).await;
    // The same counts under chat's names.
    let usage = r#"{"prompt_tokens":2600,"prompt_tokens_details":{"cached_tokens":2000,"cache_write_tokens":400},"completion_tokens":300,"completion_tokens_details":{"reasoning_tokens":120},"total_tokens":2900}"#;
    let told = Told::chat("gpt-5.6-terra", usage);
    till.rings(&told, &Charge::exact(5_400_000)).await;
    till.adds_up().await;
}

#[tokio::test]
async fn tier_edge_of_the_large_model() {
    let till = Till::open().await;
    for (input, nano) in [(272_000, 182_200_000), (272_001, 344_404_000)] {
        let details = r#"{"cached_tokens":222000,"cache_write_tokens":40000,"cache_write_tokens_details":{"ttl_30m_tokens":40000,"ttl_12h_tokens":0}}"#;
        let usage = format!(
            r#"{{"input_tokens":{input},"input_tokens_details":{details},"output_tokens":4000}}"#
        );
        let told = Told::response("gpt-6.1-sol", &usage);
        till.rings(&told, &Charge::exact(nano)).await;
        let usage = format!(
            r#"{{"prompt_tokens":{input},"prompt_tokens_details":{details},"completion_tokens":4000}}"#
        );
        let told = Told::chat("gpt-6.1-sol", &usage);
        till.rings(&told, &Charge::exact(nano)).await;
    }
    till.adds_up().await;
}

#[tokio::test]
async fn hours_of_the_day() {
    let till = Till::at("2026-11-18T02:30:00Z").await;
    let usage = r#"{"prompt_tokens":100000,"prompt_cache_hit_tokens":90000,"prompt_cache_miss_tokens":10000,"completion_tokens":2000,"completion_tokens_details":{"reasoning_tokens":1500}}"#;
    let told = Told::chat("deepseek-v4-pro", usage);
    for (instant, nano) in [
        ("2026-11-18T02:30:00Z", 25_080_000),
        ("2026-11-18T04:00:00Z", 12_540_000),
        ("2026-11-21T02:30:00Z", 12_540_000),
    ] {
        till.set(instant);
        till.rings(&told, &Charge::exact(nano)).await;
    }
    till.adds_up().await;
}

#[tokio::test]
async fn sums_are_the_same_on_postgresql() {
    let till = Till::on(&doubles::postgres::database().await).await;
    let usage = r#"{"input_tokens":333,"cache_creation_input_tokens":1001,"cache_read_input_tokens":0,"output_tokens":99,"service_tier":"batch"}"#;
    let told = Told::message("claude-haiku-5-5", usage);
    till.rings(&told, &Charge::exact(103_963).at("batch")).await;
    let usage = r#"{"input_tokens":23000,"output_tokens":1000,"iterations":[{"type":"compaction","input_tokens":180000,"output_tokens":3500},{"type":"message","input_tokens":23000,"output_tokens":1000}]}"#;
    let told = Told::message("claude-sonnet-5-5", usage);
    till.rings(&told, &Charge::exact(451_000_000)).await;
    let usage = r#"{"input_tokens":2600,"input_tokens_details":{"cached_tokens":2000,"cache_write_tokens":400},"output_tokens":300,"output_tokens_details":{"reasoning_tokens":120},"total_tokens":2900}"#;
    let told = Told::response("gpt-5.6-terra", usage);
    till.rings(&told, &Charge::exact(5_400_000)).await;
    let told = Told::response("gpt-99", usage);
    till.rings(&told, &Charge::unknown()).await;
    till.adds_up().await;
}
