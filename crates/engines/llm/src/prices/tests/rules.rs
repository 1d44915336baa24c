//! The rules of billing: classes, fees and whose model is billed.

use kernel::tokens::ServerTools;
use kernel::{Nano, Reported, Usage};
use wire::Protocol;

use super::{
    BOOK, TODAY, TOKENS_100K, ZERO, answer, at, chat, exact, input_price, message, price, reported,
    response,
};
use crate::ProviderKind::{Anthropic, DeepSeek, Gemini, OpenAi, Sim};
use crate::prices::{Bill, Note};

#[test]
fn writes_of_one_hour_are_clamped_to_the_total() {
    let usage = r#"{"input_tokens":0,"cache_creation_input_tokens":1000,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":5000},"output_tokens":0}"#;
    assert_eq!(
        exact(Anthropic, &message("claude-opus-5-5", usage), TODAY),
        Nano(1_000 * 8_000)
    );
}

#[test]
fn deepseek_prompt_is_hit_and_miss() {
    let usage = r#"{"prompt_tokens":1000,"prompt_cache_hit_tokens":400,"prompt_cache_miss_tokens":600,"completion_tokens":10}"#;
    let answer = chat("deepseek-flash", usage);
    // Peak, Wednesday.
    assert_eq!(
        exact(DeepSeek, &answer, "2026-11-18T09:59:59Z"),
        Nano(400 * 6 + 600 * 300 + 10 * 1_200)
    );
}

#[test]
fn chat_counts_cached_inside_the_prompt() {
    let usage = r#"{"prompt_tokens":1000,"prompt_tokens_details":{"cached_tokens":800},"completion_tokens":100,"completion_tokens_details":{"reasoning_tokens":60},"total_tokens":1100}"#;
    assert_eq!(
        exact(OpenAi, &chat("gpt-4o-2024-08-06", usage), TODAY),
        Nano(200 * 2_500 + 800 * 1_250 + 100 * 10_000)
    );
}

#[test]
fn embeddings_cost_their_input() {
    let body = r#"{"object":"list","model":"text-embedding-3-small","data":[],"usage":{"prompt_tokens":1000,"total_tokens":1000}}"#;
    assert_eq!(
        exact(OpenAi, &answer(Protocol::Embeddings, body), TODAY),
        Nano(20_000)
    );
}

#[test]
fn classes_without_a_price_cost_what_they_are_a_kind_of() {
    let usage = Usage {
        cache_read: 10,
        cache_write_30m: 10,
        output: 1,
        reasoning: 1,
        audio_out: 1,
        ..ZERO
    };
    assert_eq!(
        exact(OpenAi, &reported("gpt-5-pro", usage), TODAY),
        Nano(20 * 15_000 + 3 * 120_000)
    );
}

#[test]
fn tool_fees_are_never_multiplied() {
    let batch = Reported {
        service_tier: Some("batch".into()),
        tools: ServerTools {
            web_search: 2,
            web_fetch: 9,
            ..ServerTools::default()
        },
        ..reported("claude-opus-5-5", ZERO)
    };
    assert_eq!(exact(Anthropic, &batch, TODAY), Nano(20_000_000));
    let files = Reported {
        tools: ServerTools {
            file_search: 1,
            ..ServerTools::default()
        },
        ..reported("gpt-5.2", ZERO)
    };
    assert_eq!(exact(OpenAi, &files, TODAY), Nano(2_500_000));
    // Grounding of 2.x costs more than that of 3.x.
    let grounded = |model: &str| Reported {
        tools: ServerTools {
            web_search: 1,
            ..ServerTools::default()
        },
        ..reported(model, ZERO)
    };
    assert_eq!(
        exact(Gemini, &grounded("gemini-2.5-flash-lite"), TODAY),
        Nano(35_000_000)
    );
    assert_eq!(
        exact(Gemini, &grounded("gemini-3.5-flash"), TODAY),
        Nano(14_000_000)
    );
    // A fixed block of input for each search.
    let mini = price(OpenAi, &grounded("gpt-4o-mini"), TODAY);
    assert_eq!(
        (mini.nano, mini.estimated),
        (Nano(10_000_000 + 8_000 * 150), true)
    );
    // A fee that nobody knows, and one by time.
    let unknown = price(Sim, &grounded("sim/echo"), TODAY);
    assert!(unknown.estimated && !unknown.unpriced);
    let code = |web_fetch| Reported {
        tools: ServerTools {
            code_execution: 1,
            web_fetch,
            ..ServerTools::default()
        },
        ..reported("claude-opus-5-5", ZERO)
    };
    assert!(price(Anthropic, &code(0), TODAY).estimated);
    assert!(!price(Anthropic, &code(1), TODAY).estimated);
}

#[test]
fn the_answers_model_is_billed() {
    let bill = |reported: &Reported, asked: &str| {
        BOOK.price(&Bill {
            kind: OpenAi,
            provider: "openai",
            asked_model: asked,
            reported,
            estimated_usage: None,
            started: at(TODAY),
            ended: at(TODAY),
        })
    };
    let answered = reported("gpt-5.2-2025-12-11", TOKENS_100K);
    let priced = bill(&answered, "gpt-5.5-pro");
    assert_eq!(
        (input_price(&priced), priced.model.as_str()),
        (175, "gpt-5.2-2025-12-11")
    );
    // It names none.
    let silent = Reported {
        model: None,
        ..answered.clone()
    };
    assert_eq!(bill(&silent, "gpt-5.2").model, "gpt-5.2");
    let empty = Reported {
        model: Some(String::new()),
        ..answered.clone()
    };
    assert_eq!(input_price(&bill(&empty, "gpt-5.2")), 175);
    // It names one that is unknown: never a guess.
    let unknown = Reported {
        model: Some("gpt-99".into()),
        ..answered
    };
    let priced = bill(&unknown, "gpt-5.2");
    assert!(priced.unpriced);
    assert_eq!((priced.nano, priced.usage), (Nano::ZERO, TOKENS_100K));
    assert_eq!(priced.notes.as_slice(), [Note::UnknownModel]);
}

#[test]
fn modalities_have_their_price() {
    let usage = Usage {
        input: 10,
        audio_in: 100,
        ..ZERO
    };
    assert_eq!(
        exact(Gemini, &reported("gemini-2.5-flash-lite", usage), TODAY),
        Nano(10 * 100 + 100 * 300)
    );
    let cached = Usage {
        cache_read: 5,
        ..usage
    };
    let priced = price(Gemini, &reported("gemini-2.5-flash-lite", cached), TODAY);
    assert_eq!(priced.notes.as_slice(), [Note::MixedCache]);
    let image = Usage {
        input: 10,
        image_in: 10,
        image_out: 10,
        ..ZERO
    };
    assert_eq!(
        exact(OpenAi, &reported("gpt-image-2", image), TODAY),
        Nano(10 * 5_000 + 10 * 8_000 + 10 * 30_000)
    );
}

#[test]
fn twelve_hour_writes() {
    let usage = r#"{"input_tokens":1000,"input_tokens_details":{"cached_tokens":0,"cache_write_tokens":1000,"cache_write_tokens_details":{"ttl_30m_tokens":400,"ttl_12h_tokens":600}},"output_tokens":0}"#;
    assert_eq!(
        exact(OpenAi, &response("gpt-6.1-sol", usage), TODAY),
        Nano(400 * 2_500 + 600 * 5_000)
    );
}

#[test]
fn the_tour_shows_real_costs() {
    let usage = Usage {
        input: 12,
        output: 8,
        ..ZERO
    };
    assert_eq!(
        exact(Sim, &reported("sim/echo", usage), TODAY),
        Nano(12 * 1_000 + 8 * 2_000)
    );
}
