//! The worked examples of the reference, to the nano-dollar, read from the providers' own usage objects.

use kernel::tokens::{Refusal, ServerTools};
use kernel::{Nano, Reported, Usage};

use super::{TODAY, chat, exact, message, price, reported, response};
use crate::ProviderKind::{Anthropic, DeepSeek, Gemini, OpenAi};
use crate::prices::PriceLine;

#[test]
fn two_times_to_live() {
    let whole = r#"{"input_tokens":2095,"cache_creation_input_tokens":12000,"cache_creation":{"ephemeral_5m_input_tokens":4000,"ephemeral_1h_input_tokens":8000},"cache_read_input_tokens":180000,"output_tokens":503,"output_tokens_details":{"thinking_tokens":310},"service_tier":"standard","speed":"standard"}"#;
    let answer = message("claude-opus-5-5", whole);
    assert_eq!(exact(Anthropic, &answer, TODAY), Nano(138_440_000));

    let lines = price(Anthropic, &answer, TODAY).lines;
    let shown: Vec<_> = lines
        .iter()
        .map(|line: &PriceLine| (line.item, line.units, line.rate.0))
        .collect();
    assert_eq!(
        shown,
        [
            ("input", 2_095, 4_000_000),
            ("cache_read", 180_000, 200_000),
            ("cache_write_5m", 4_000, 5_000_000),
            ("cache_write_1h", 8_000, 8_000_000),
            ("output", 193, 20_000_000),
            ("reasoning", 310, 20_000_000),
        ]
    );

    let no_split = r#"{"input_tokens":2095,"cache_creation_input_tokens":12000,"cache_read_input_tokens":180000,"output_tokens":503}"#;
    assert_eq!(
        exact(Anthropic, &message("claude-opus-5-5", no_split), TODAY),
        Nano(114_440_000)
    );
}

#[test]
fn tier_edge_of_haiku() {
    let usage = |input: u64| {
        format!(
            r#"{{"input_tokens":{input},"cache_creation_input_tokens":9000,"cache_read_input_tokens":90000,"output_tokens":2000}}"#
        )
    };
    let cost = |input| {
        exact(
            Anthropic,
            &message("claude-haiku-5-5", &usage(input)),
            TODAY,
        )
    };
    assert_eq!(cost(1_000), Nano(3_125_000));
    assert_eq!(cost(1_001), Nano(15_625_500));
}

#[test]
fn compaction_turn_is_billed_on_top() {
    let usage = r#"{"input_tokens":23000,"output_tokens":1000,"iterations":[{"type":"compaction","input_tokens":180000,"output_tokens":3500},{"type":"message","input_tokens":23000,"output_tokens":1000}]}"#;
    let answer = message("claude-sonnet-5-5", usage);
    assert_eq!(exact(Anthropic, &answer, TODAY), Nano(451_000_000));
    let priced = price(Anthropic, &answer, TODAY);
    assert_eq!((priced.usage.input, priced.usage.output), (203_000, 4_500));

    let top_alone = r#"{"input_tokens":23000,"output_tokens":1000}"#;
    assert_eq!(
        exact(Anthropic, &message("claude-sonnet-5-5", top_alone), TODAY),
        Nano(56_000_000)
    );
}

#[test]
fn half_a_nano_goes_up_and_an_unbilled_refusal_costs_nothing() {
    let usage = r#"{"input_tokens":333,"cache_creation_input_tokens":1001,"cache_read_input_tokens":0,"output_tokens":99,"service_tier":"batch"}"#;
    let mut answer = message("claude-haiku-5-5", usage);
    let priced = price(Anthropic, &answer, TODAY);
    assert_eq!(
        priced.lines.iter().map(|line| line.femto).sum::<u128>(),
        103_962_500_000
    );
    assert_eq!((priced.nano, priced.service), (Nano(103_963), "batch"));
    assert!(!priced.estimated);

    answer.refusal = Some(Refusal {
        category: Some("cyber".to_owned()),
        before_output: true,
    });
    assert_eq!(exact(Anthropic, &answer, TODAY), Nano::ZERO);
}

#[test]
fn written_and_cached_are_inside_the_input() {
    let usage = r#"{"input_tokens":2600,"input_tokens_details":{"cached_tokens":2000,"cache_write_tokens":400},"output_tokens":300,"output_tokens_details":{"reasoning_tokens":120},"total_tokens":2900}"#;
    assert_eq!(
        exact(OpenAi, &response("gpt-5.6-terra", usage), TODAY),
        Nano(5_400_000)
    );
}

#[test]
fn edge_at_272_thousand() {
    let usage = |input: u64| {
        format!(
            r#"{{"input_tokens":{input},"input_tokens_details":{{"cached_tokens":222000,"cache_write_tokens":40000,"cache_write_tokens_details":{{"ttl_30m_tokens":40000,"ttl_12h_tokens":0}}}},"output_tokens":4000}}"#
        )
    };
    let cost = |input| exact(OpenAi, &response("gpt-6.1-sol", &usage(input)), TODAY);
    assert_eq!(cost(272_000), Nano(182_200_000));
    assert_eq!(cost(272_001), Nano(344_404_000));
}

/// A Gemini answer in our buckets: `promptTokenCount` holds the cached ones, thoughts are output beside the candidates.
fn gemini(
    model: &str,
    prompt: u64,
    cached: u64,
    candidates: u64,
    thoughts: u64,
    searches: u64,
) -> Reported {
    Reported {
        tools: ServerTools {
            web_search: searches,
            ..ServerTools::default()
        },
        ..reported(
            model,
            Usage {
                input: prompt - cached,
                cache_read: cached,
                output: candidates,
                reasoning: thoughts,
                ..Usage::default()
            },
        )
    }
}

#[test]
fn long_cached_thoughts_and_searches() {
    let cost = |searches| {
        exact(
            Gemini,
            &gemini(
                "gemini-3.1-pro-preview",
                250_000,
                200_000,
                1_000,
                3_000,
                searches,
            ),
            TODAY,
        )
    };
    assert_eq!(cost(3), Nano(394_000_000));
    assert_eq!(cost(0), Nano(352_000_000));
}

#[test]
fn dates_and_hours() {
    let usage = r#"{"prompt_tokens":100000,"prompt_cache_hit_tokens":90000,"prompt_cache_miss_tokens":10000,"completion_tokens":2000,"completion_tokens_details":{"reasoning_tokens":1500}}"#;
    let answer = chat("deepseek-v4-pro", usage);
    let cost = |when| exact(DeepSeek, &answer, when);
    assert_eq!(cost("2026-11-18T02:30:00Z"), Nano(25_080_000));
    assert_eq!(cost("2026-11-18T04:00:00Z"), Nano(12_540_000));
    assert_eq!(cost("2026-11-21T02:30:00Z"), Nano(12_540_000));

    let argon = gemini("gemini-4-argon", 100_000, 90_000, 600, 400, 0);
    assert_eq!(
        exact(Gemini, &argon, "2026-11-30T23:59:59Z"),
        Nano(39_000_000)
    );
    assert_eq!(
        exact(Gemini, &argon, "2026-12-01T00:00:00Z"),
        Nano(78_000_000)
    );
}
