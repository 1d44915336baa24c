//! Worked examples of Anthropic's counts, and how the parts of a stream come together.

use super::*;
use serde_json::json;

fn report(object: serde_json::Value) -> Reported {
    let mut reported = Reported::default();
    serde_json::from_value::<AnthropicUsage>(object)
        .unwrap()
        .report(&mut reported);
    reported
}

#[test]
fn two_times_to_live() {
    // Worked example 1: claude-opus-5-5.
    let reported = report(
        json!({"input_tokens":2095,"cache_creation_input_tokens":12000,
        "cache_creation":{"ephemeral_5m_input_tokens":4000,"ephemeral_1h_input_tokens":8000},"cache_read_input_tokens":180000,
        "output_tokens":503,"output_tokens_details":{"thinking_tokens":310},"service_tier":"standard","speed":"standard"}),
    );
    assert_eq!(
        reported.usage,
        Some(Usage {
            input: 2_095,
            cache_read: 180_000,
            cache_write_5m: 4_000,
            cache_write_1h: 8_000,
            output: 193,
            reasoning: 310,
            ..Usage::default()
        })
    );
    assert_eq!(reported.service_tier.as_deref(), Some("standard"));
    assert_eq!(reported.speed.as_deref(), Some("standard"));
}

#[test]
fn writes_without_a_breakdown_live_five_minutes() {
    // Worked example 2: claude-haiku-5-5 at the edge of its size tier.
    let usage = report(
        json!({"input_tokens":1000,"cache_creation_input_tokens":9000,
        "cache_read_input_tokens":90000,"output_tokens":2000}),
    )
    .usage
    .unwrap();
    assert_eq!((usage.cache_write_5m, usage.cache_write_1h), (9_000, 0));
    assert_eq!(usage.total_input(), 100_000);
    // The breakdown never exceeds the total, and stands in for it where there is none.
    let usage = report(
        json!({"input_tokens":1,"output_tokens":1,"cache_creation_input_tokens":5,
        "cache_creation":{"ephemeral_1h_input_tokens":9}}),
    )
    .usage
    .unwrap();
    assert_eq!((usage.cache_write_5m, usage.cache_write_1h), (0, 5));
    let usage = report(json!({"input_tokens":1,"output_tokens":1,
        "cache_creation":{"ephemeral_5m_input_tokens":3,"ephemeral_1h_input_tokens":9}}))
    .usage
    .unwrap();
    assert_eq!((usage.cache_write_5m, usage.cache_write_1h), (3, 9));
}

#[test]
fn compaction_turns_are_kept_beside_the_top_level() {
    // Worked example 3: claude-sonnet-5-5.
    let reported = report(
        json!({"input_tokens":23000,"output_tokens":1000,"iterations":[
        {"type":"compaction","input_tokens":180000,"output_tokens":3500},
        {"type":"message","input_tokens":23000,"output_tokens":1000}]}),
    );
    assert_eq!(reported.usage.unwrap().total_input(), 23_000);
    let turns: Vec<_> = reported
        .turns
        .iter()
        .map(|turn| (turn.kind.as_str(), turn.usage.input, turn.usage.output))
        .collect();
    assert_eq!(
        turns,
        [("compaction", 180_000, 3_500), ("message", 23_000, 1_000)]
    );
}

#[test]
fn turns_of_other_models_name_them() {
    let reported = report(json!({"input_tokens":1,"output_tokens":1,"iterations":[
        {"type":"advisor_message","model":"claude-opus-5-5","input_tokens":10,"output_tokens":2,
         "cache_creation_input_tokens":4,"cache_read_input_tokens":5,"cache_creation":{"ephemeral_1h_input_tokens":4}},
        "a novelty", {"type":"message","model":null,"input_tokens":1,"output_tokens":1}]}));
    assert_eq!(reported.turns.len(), 2);
    assert_eq!(reported.turns[0].model.as_deref(), Some("claude-opus-5-5"));
    assert_eq!(reported.turns[0].usage.cache_write_1h, 4);
    assert_eq!(reported.turns[1].model, None);
}

#[test]
fn batch_geo_fast_and_tools_are_read() {
    // Worked example 4 with what else an answer may say.
    let reported = report(
        json!({"input_tokens":333,"cache_creation_input_tokens":1001,"cache_read_input_tokens":0,"output_tokens":99,
        "service_tier":"batch","speed":"fast","inference_geo":"us","server_tool_use":{"web_search_requests":3,"web_fetch_requests":1}}),
    );
    assert_eq!(reported.service_tier.as_deref(), Some("batch"));
    assert_eq!(reported.speed.as_deref(), Some("fast"));
    assert_eq!(reported.region.as_deref(), Some("us"));
    assert_eq!(
        (reported.tools.web_search, reported.tools.web_fetch),
        (3, 1)
    );
    assert_eq!(reported.usage.unwrap().cache_write_5m, 1001);
}

#[test]
fn later_parts_replace_and_never_add() {
    let part = |value| serde_json::from_value::<AnthropicUsage>(value).unwrap();
    let mut usage = part(
        json!({"input_tokens":0,"output_tokens":1,"cache_creation_input_tokens":7,
        "cache_creation":{"ephemeral_1h_input_tokens":7},"service_tier":"priority"}),
    );
    usage.update(part(json!({"output_tokens":20})));
    usage.update(part(json!({"input_tokens":1234,"output_tokens":500,"cache_read_input_tokens":7,"service_tier":null})));
    let mut reported = Reported::default();
    usage.report(&mut reported);
    assert_eq!(
        reported.usage,
        Some(Usage {
            input: 1234,
            cache_read: 7,
            cache_write_1h: 7,
            output: 500,
            ..Usage::default()
        })
    );
    assert_eq!(reported.service_tier.as_deref(), Some("priority"));
}
