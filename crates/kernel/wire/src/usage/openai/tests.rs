//! Worked examples of OpenAI's and DeepSeek's counts, and what other servers make of the same object.

use super::*;
use serde_json::json;

fn buckets(object: serde_json::Value) -> Option<Usage> {
    serde_json::from_value::<OpenAiUsage>(object)
        .unwrap()
        .buckets()
}

#[test]
fn cached_and_written_are_inside_the_input() {
    // Worked example 5: gpt-5.6-terra.
    let usage = buckets(
        json!({"input_tokens":2600,"input_tokens_details":{"cached_tokens":2000,"cache_write_tokens":400},
        "output_tokens":300,"output_tokens_details":{"reasoning_tokens":120},"total_tokens":2900}),
    );
    assert_eq!(
        usage,
        Some(Usage {
            input: 200,
            cache_read: 2000,
            cache_write_30m: 400,
            output: 180,
            reasoning: 120,
            ..Usage::default()
        })
    );
}

#[test]
fn writes_are_told_apart_by_their_time_to_live() {
    // Worked example 6: gpt-6.1-sol at the edge of its size tier.
    let usage = buckets(json!({"input_tokens":272000,"input_tokens_details":{"cached_tokens":222000,"cache_write_tokens":40000,
        "cache_write_tokens_details":{"ttl_30m_tokens":40000,"ttl_12h_tokens":0}},"output_tokens":4000}))
    .unwrap();
    assert_eq!(usage.total_input(), 272_000);
    assert_eq!(
        (usage.input, usage.cache_write_30m, usage.cache_write_12h),
        (10_000, 40_000, 0)
    );
    let usage = buckets(
        json!({"input_tokens":100,"input_tokens_details":{"cache_write_tokens":50,
        "cache_write_tokens_details":{"ttl_30m_tokens":20,"ttl_12h_tokens":30}},"output_tokens":1}),
    )
    .unwrap();
    assert_eq!(
        (usage.input, usage.cache_write_30m, usage.cache_write_12h),
        (50, 20, 30)
    );
}

#[test]
fn deepseek_splits_the_prompt_into_hit_and_miss() {
    // Worked example 8: deepseek-v4-pro.
    let expected = Usage {
        input: 10_000,
        cache_read: 90_000,
        output: 500,
        reasoning: 1_500,
        ..Usage::default()
    };
    let whole = json!({"prompt_tokens":100000,"prompt_cache_hit_tokens":90000,"prompt_cache_miss_tokens":10000,
        "completion_tokens":2000,"completion_tokens_details":{"reasoning_tokens":1500}});
    assert_eq!(buckets(whole.clone()), Some(expected));
    let mut without_sum = whole;
    without_sum.as_object_mut().unwrap().remove("prompt_tokens");
    assert_eq!(buckets(without_sum), Some(expected));
}

#[test]
fn audio_and_images_are_fresh_only_beyond_what_was_cached() {
    let usage = buckets(json!({"prompt_tokens":100,"prompt_tokens_details":{"cached_tokens":40,"audio_tokens":30,"image_tokens":20,
        "cached_tokens_details":{"audio_tokens":10}},
        "completion_tokens":60,"completion_tokens_details":{"audio_tokens":50,"reasoning_tokens":5}}))
    .unwrap();
    assert_eq!(
        (
            usage.cache_read,
            usage.audio_in,
            usage.image_in,
            usage.input
        ),
        (40, 20, 20, 20)
    );
    assert_eq!((usage.audio_out, usage.reasoning, usage.output), (50, 5, 5));
    // Everything cached, the split unknown: nothing can be fresh.
    let usage = buckets(
        json!({"prompt_tokens":100,"prompt_tokens_details":{"cached_tokens":100,"image_tokens":80},"completion_tokens":1}),
    );
    assert_eq!(usage.unwrap().total_input(), 100);
}

#[test]
fn reasoning_beside_the_completion_is_told_by_the_total() {
    let beside = json!({"prompt_tokens":32,"completion_tokens":9,"total_tokens":135,
        "completion_tokens_details":{"reasoning_tokens":94}});
    let usage = buckets(beside).unwrap();
    assert_eq!((usage.output, usage.reasoning), (9, 94));
    let inside = json!({"prompt_tokens":32,"completion_tokens":103,"total_tokens":135,
        "completion_tokens_details":{"reasoning_tokens":94}});
    let usage = buckets(inside).unwrap();
    assert_eq!((usage.output, usage.reasoning), (9, 94));
}

#[test]
fn odd_servers_cost_a_fact_at_most() {
    assert_eq!(buckets(json!({})), None);
    assert_eq!(
        buckets(json!({"prompt_tokens":null,"completion_tokens":"7"})),
        None
    );
    let both = json!({"prompt_tokens":10,"input_tokens":10,"completion_tokens":2.0,"output_tokens":2,
        "prompt_tokens_details":[],"completion_tokens_details":"none","cached_tokens":4,"cost":0.5});
    let usage = buckets(both).unwrap();
    assert_eq!((usage.input, usage.cache_read, usage.output), (6, 4, 2));
    let total = buckets(json!({"total_tokens":11})).unwrap();
    assert_eq!((total.input, total.output), (11, 0));
    // Details that contradict the count never make tokens.
    let contradiction = json!({"prompt_tokens":5,"prompt_tokens_details":{"cached_tokens":9,"audio_tokens":9},
        "completion_tokens":1,"completion_tokens_details":{"reasoning_tokens":8}});
    let usage = buckets(contradiction).unwrap();
    assert_eq!((usage.total_input(), usage.total_output()), (5, 1));
    let negative = buckets(json!({"prompt_tokens":-5,"completion_tokens":1})).unwrap();
    assert_eq!(negative.input, 0);
}
