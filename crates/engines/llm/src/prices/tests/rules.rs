//! The rules of billing, one test each.

use kernel::tokens::{Refusal, ServerTools, Turn};
use kernel::{Nano, Reported, Usage};
use wire::Protocol;

use super::{BOOK, TODAY, answer, at, chat, exact, message, price, reported, response};
use crate::ProviderKind::{Anthropic, DeepSeek, Gemini, OpenAi, Sim};
use crate::prices::{Bill, Note, Priced};

const TOKENS_100K: Usage = Usage {
    input: 100_000,
    ..ZERO
};
const ZERO: Usage = Usage {
    input: 0,
    cache_read: 0,
    cache_write_5m: 0,
    cache_write_1h: 0,
    cache_write_30m: 0,
    cache_write_12h: 0,
    audio_in: 0,
    image_in: 0,
    output: 0,
    reasoning: 0,
    audio_out: 0,
    image_out: 0,
};

/// The price of fresh input in cents per million, from the cost of 100,000 tokens.
fn input_price(priced: &Priced) -> i64 {
    priced.nano.0 / 1_000_000
}

fn tiered(model: &str, tier: &str) -> Reported {
    Reported {
        service_tier: Some(tier.to_owned()),
        ..reported(model, TOKENS_100K)
    }
}

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
fn service_is_read_from_the_answer() {
    for (model, tier, expected, service) in [
        ("gpt-5.2", "default", 175, "standard"),
        ("gpt-5.2", "auto", 175, "standard"),
        ("gpt-5.2", "flex", 87, "flex"),
        ("gpt-5.2", "batch", 87, "batch"),
        ("gpt-5.2", "priority", 350, "fast"),
        ("gpt-5.2", "fast", 350, "fast"),
        ("gpt-5.5", "fast", 1_250, "fast"),
        ("gpt-5-mini", "priority", 45, "fast"),
        ("gpt-4.1", "priority", 350, "fast"),
        ("gpt-4o", "priority", 425, "fast"),
        ("gpt-6.1-sol", "ultrafast", 1_200, "ultrafast"),
    ] {
        let priced = price(OpenAi, &tiered(model, tier), TODAY);
        assert_eq!(
            (input_price(&priced), priced.service),
            (expected, service),
            "{model} {tier}"
        );
        assert!(!priced.estimated, "{model} {tier}");
    }
    let gemini = price(Gemini, &tiered("gemini-3.5-flash", "priority"), TODAY);
    assert_eq!((input_price(&gemini), gemini.service), (270, "fast"));
}

#[test]
fn a_level_that_is_not_sold_is_billed_as_standard_and_flagged() {
    for (model, tier) in [
        ("gpt-5.3-codex", "flex"),
        ("gpt-5-nano", "fast"),
        ("gpt-5.2", "scale"),
    ] {
        let priced = price(OpenAi, &tiered(model, tier), TODAY);
        assert!(priced.estimated && !priced.unpriced, "{model}");
        assert_eq!(priced.notes.as_slice(), [Note::UnclearService]);
    }
    // Priority at Anthropic is a contract, not the fast mode.
    let priced = price(Anthropic, &tiered("claude-opus-5-5", "priority"), TODAY);
    assert_eq!(
        (input_price(&priced), priced.service, priced.estimated),
        (400, "standard", true)
    );
}

#[test]
fn long_requests_have_their_own_levels() {
    let long = |model: &str, tier: &str| {
        price(
            OpenAi,
            &Reported {
                service_tier: Some(tier.to_owned()),
                ..reported(
                    model,
                    Usage {
                        input: 272_001,
                        ..ZERO
                    },
                )
            },
            TODAY,
        )
    };
    assert_eq!(long("gpt-5.4", "default").nano, Nano(272_001 * 5_000));
    assert_eq!(long("gpt-5.4", "batch").nano, Nano(272_001 * 2_500));
    assert_eq!(long("gpt-6-sol", "fast").nano, Nano(272_001 * 8_000));
    // Fast is not sold at that size.
    let priced = long("gpt-5.4", "fast");
    assert_eq!(
        (priced.nano, priced.estimated),
        (Nano(272_001 * 5_000), true)
    );
}

#[test]
fn speed_of_anthropic() {
    let fast = Reported {
        speed: Some("fast".into()),
        service_tier: Some("standard".into()),
        ..reported("claude-opus-4-8", TOKENS_100K)
    };
    let priced = price(Anthropic, &fast, TODAY);
    assert_eq!(
        (input_price(&priced), priced.service, priced.estimated),
        (1_000, "fast", false)
    );
    assert_eq!(
        input_price(&price(Anthropic, &fast, "2026-11-30T23:59:59Z")),
        1_000
    );
    // Fast mode has left the model.
    let after = price(Anthropic, &fast, "2026-12-01T00:00:00Z");
    assert_eq!((input_price(&after), after.estimated), (500, true));
    // Never sold together with batch.
    let both = Reported {
        service_tier: Some("batch".into()),
        ..fast
    };
    let priced = price(Anthropic, &both, TODAY);
    assert_eq!((input_price(&priced), priced.estimated), (1_000, true));
}

#[test]
fn geo_adds_a_tenth_to_tokens_and_not_to_fees() {
    let usage = Usage {
        cache_write_5m: 1,
        ..ZERO
    };
    let mut here = Reported {
        region: Some("us".into()),
        service_tier: Some("batch".into()),
        ..reported("claude-haiku-5-5", usage)
    };
    // 62.5 nano × 1.1 = 68.75: exact until the end.
    assert_eq!(price(Anthropic, &here, TODAY).lines[0].femto, 68_750_000);
    assert_eq!(exact(Anthropic, &here, TODAY), Nano(69));
    here.tools.web_search = 3;
    assert_eq!(exact(Anthropic, &here, TODAY), Nano(30_000_069));

    let cost = |model: &str, region: &str| {
        exact(
            Anthropic,
            &Reported {
                region: Some(region.into()),
                ..reported(model, TOKENS_100K)
            },
            TODAY,
        )
    };
    assert_eq!(cost("claude-opus-5-5", "us"), Nano(440_000_000));
    assert_eq!(cost("claude-opus-5-5", "global"), Nano(400_000_000));
    assert_eq!(cost("claude-opus-4-6", "us"), Nano(550_000_000));
    assert_eq!(cost("claude-opus-4-5", "us"), Nano(500_000_000));
    // With fast it stacks.
    let stacked = Reported {
        region: Some("us".into()),
        speed: Some("fast".into()),
        ..reported("claude-opus-5-5", TOKENS_100K)
    };
    assert_eq!(exact(Anthropic, &stacked, TODAY), Nano(880_000_000));
}

#[test]
fn residency_of_openai() {
    let cost = |model: &str, region: &str| {
        exact(
            OpenAi,
            &Reported {
                region: Some(region.into()),
                ..reported(model, TOKENS_100K)
            },
            TODAY,
        )
    };
    assert_eq!(cost("gpt-5.4", "eu"), Nano(275_000_000));
    assert_eq!(cost("gpt-5.4", "us"), Nano(275_000_000));
    assert_eq!(cost("gpt-5.2", "eu"), Nano(175_000_000));
    let odd = Reported {
        region: Some("jp".into()),
        ..reported("gpt-5.4", TOKENS_100K)
    };
    assert!(price(OpenAi, &odd, TODAY).estimated);
}

fn turn(kind: &str, input: u64, output: u64) -> Turn {
    Turn {
        kind: kind.to_owned(),
        model: None,
        usage: Usage {
            input,
            output,
            ..ZERO
        },
    }
}

#[test]
fn tiers_are_chosen_per_message_turn_where_they_sum_to_the_top() {
    let answer = |turns: Vec<Turn>| Reported {
        turns,
        ..reported(
            "claude-haiku-5-5",
            Usage {
                input: 150_000,
                output: 20,
                ..ZERO
            },
        )
    };
    // Two cheap turns, though their sum is over the bound.
    let cheap = answer(vec![
        turn("message", 80_000, 10),
        turn("message", 70_000, 10),
    ]);
    assert_eq!(
        exact(Anthropic, &cheap, TODAY),
        Nano(150_000 * 100 + 20 * 500)
    );
    // One dear, one cheap.
    let mixed = answer(vec![
        turn("message", 110_000, 10),
        turn("message", 40_000, 10),
    ]);
    assert_eq!(
        exact(Anthropic, &mixed, TODAY),
        Nano(110_000 * 500 + 10 * 2_500 + 40_000 * 100 + 10 * 500)
    );
    // They do not sum: the whole decides.
    let unlike = answer(vec![turn("message", 80_000, 10)]);
    assert_eq!(
        exact(Anthropic, &unlike, TODAY),
        Nano(150_000 * 500 + 20 * 2_500)
    );
    // A compaction turn has its own size.
    let compacted = answer(vec![
        turn("compaction", 120_000, 10),
        turn("message", 80_000, 10),
        turn("message", 70_000, 10),
    ]);
    assert_eq!(
        exact(Anthropic, &compacted, TODAY),
        Nano(150_000 * 100 + 20 * 500 + 120_000 * 500 + 10 * 2_500)
    );
}

#[test]
fn turns_with_their_own_model() {
    let mut advisor = turn("advisor_message", 1_000, 100);
    advisor.model = Some("claude-opus-5-5".into());
    let answer = Reported {
        turns: vec![turn("message", 2_000, 50), advisor],
        ..reported(
            "claude-sonnet-5-5",
            Usage {
                input: 2_000,
                output: 50,
                ..ZERO
            },
        )
    };
    assert_eq!(
        exact(Anthropic, &answer, TODAY),
        Nano(2_000 * 2_000 + 50 * 10_000 + 1_000 * 4_000 + 100 * 20_000)
    );
    let priced = price(Anthropic, &answer, TODAY);
    assert_eq!(priced.usage.input, 3_000);
    assert!(
        priced
            .lines
            .iter()
            .any(|line| line.model.as_deref() == Some("claude-opus-5-5"))
    );

    let mut unknown = answer;
    unknown.turns[1].model = Some("claude-nobody-knows".into());
    let priced = price(Anthropic, &unknown, TODAY);
    assert!(priced.unpriced && priced.notes.contains(&Note::UnknownTurnModel));
}

#[test]
fn after_a_fallback_every_turn_stands_for_itself() {
    let mut first = turn("message", 5_000, 7);
    first.model = Some("claude-fable-5-1".into());
    let mut second = turn("fallback_message", 5_000, 300);
    second.model = Some("claude-opus-5-5".into());
    let answer = Reported {
        turns: vec![first, second],
        ..reported(
            "claude-opus-5-5",
            Usage {
                input: 5_000,
                output: 300,
                ..ZERO
            },
        )
    };
    assert_eq!(
        exact(Anthropic, &answer, TODAY),
        Nano(5_000 * 10_000 + 7 * 50_000 + 5_000 * 4_000 + 300 * 20_000)
    );
}

#[test]
fn refusals_are_billed_by_category_and_place() {
    let refused = |category: Option<&str>, before_output: bool| Reported {
        refusal: Some(Refusal {
            category: category.map(str::to_owned),
            before_output,
        }),
        ..reported("claude-opus-5-5", TOKENS_100K)
    };
    let cost = |category, before| exact(Anthropic, &refused(category, before), TODAY);
    for billed in ["bio", "frontier_llm", "reasoning_extraction"] {
        assert_eq!(cost(Some(billed), true), Nano(400_000_000), "{billed}");
    }
    for free in [Some("cyber"), Some("general_harms"), None] {
        assert_eq!(cost(free, true), Nano::ZERO, "{free:?}");
        assert_eq!(cost(free, false), Nano(400_000_000), "{free:?}");
        assert_eq!(
            price(Anthropic, &refused(free, true), TODAY).usage,
            TOKENS_100K
        );
    }
    // Before the rule, no refusal before output was billed.
    assert_eq!(
        exact(
            Anthropic,
            &refused(Some("bio"), true),
            "2026-09-23T23:59:59Z"
        ),
        Nano::ZERO
    );
    // The rule is Anthropic's.
    let openai = Reported {
        model: Some("gpt-5.2".into()),
        ..refused(Some("cyber"), true)
    };
    assert_eq!(exact(OpenAi, &openai, TODAY), Nano(175_000_000));
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
fn cut_streams_are_estimated() {
    let bill = |reported: &Reported, estimated_usage| {
        BOOK.price(&Bill {
            kind: Anthropic,
            provider: "anthropic",
            asked_model: "claude-opus-5-5",
            reported,
            estimated_usage,
            started: at(TODAY),
            ended: at(TODAY),
        })
    };
    let estimate = Usage {
        input: 900,
        output: 50,
        ..ZERO
    };
    // Input known from the start of the stream, output counted by us.
    let cut = Reported {
        usage: Some(Usage {
            input: 1_000,
            output: 3,
            ..ZERO
        }),
        model: Some("claude-opus-5-5".into()),
        ..Reported::default()
    };
    let priced = bill(&cut, Some(estimate));
    assert_eq!(
        (priced.nano, priced.estimated),
        (Nano(1_000 * 4_000 + 50 * 20_000), true)
    );
    // Nothing known at all.
    let priced = bill(&Reported::default(), Some(estimate));
    assert_eq!(
        (priced.nano, priced.estimated),
        (Nano(900 * 4_000 + 50 * 20_000), true)
    );
    assert!(bill(&Reported::default(), None).estimated);
    // A complete answer's own counts stand.
    let whole = Reported {
        stop_reason: Some("end_turn".into()),
        ..cut
    };
    let priced = bill(&whole, Some(estimate));
    assert_eq!(
        (priced.nano, priced.estimated),
        (Nano(1_000 * 4_000 + 3 * 20_000), false)
    );
}

#[test]
fn hours_weekends_and_holidays() {
    let usage = Usage {
        output: 1_000,
        ..ZERO
    };
    let answer = reported("deepseek-v4-pro", usage);
    let peak = Nano(3_960_000);
    let off = Nano(1_980_000);
    for (when, expected) in [
        ("2026-11-18T00:59:59.999999Z", off),
        ("2026-11-18T01:00:00Z", peak),
        ("2026-11-18T03:59:59.999999Z", peak),
        ("2026-11-18T04:00:00Z", off),
        ("2026-11-18T06:00:00Z", peak),
        ("2026-11-18T10:00:00Z", off),
        ("2026-11-22T02:30:00Z", off),
        // National Day, and the working Saturday after it.
        ("2026-10-01T02:30:00Z", off),
        ("2026-10-07T02:30:00Z", off),
        ("2026-10-08T02:30:00Z", peak),
        ("2026-10-10T02:30:00Z", off),
        ("2027-01-01T02:30:00Z", off),
        ("2027-06-09T02:30:00Z", off),
        // A weekend before weekends were off-peak.
        ("2026-08-22T02:30:00Z", peak),
        ("2026-08-23T02:30:00Z", off),
    ] {
        assert_eq!(exact(DeepSeek, &answer, when), expected, "{when}");
    }
    // The plan for 2027 is not out: a day that may or may not be free, and a year without any plan.
    for (when, expected) in [
        ("2027-02-11T02:30:00Z", peak),
        ("2027-05-04T02:30:00Z", off),
        ("2028-03-01T02:30:00Z", peak),
    ] {
        let priced = price(DeepSeek, &answer, when);
        assert_eq!(
            (priced.nano, priced.notes.as_slice()),
            (expected, &[Note::UncertainHoliday][..]),
            "{when}"
        );
    }
    assert!(!price(DeepSeek, &answer, "2028-03-01T12:30:00Z").estimated);
}

#[test]
fn calls_that_cross_a_price_change_are_flagged_and_priced_by_their_arrival() {
    let answer = reported(
        "deepseek-v4-pro",
        Usage {
            output: 1_000,
            ..ZERO
        },
    );
    let run = |reported: &Reported, kind, started: &str, ended: &str| {
        BOOK.price(&Bill {
            kind,
            provider: "p",
            asked_model: "x",
            reported,
            estimated_usage: None,
            started: at(started),
            ended: at(ended),
        })
    };
    let crossing = run(
        &answer,
        DeepSeek,
        "2026-11-18T03:59:59Z",
        "2026-11-18T04:00:01Z",
    );
    assert_eq!((crossing.nano, crossing.estimated), (Nano(3_960_000), true));
    assert!(
        !run(
            &answer,
            DeepSeek,
            "2026-11-18T02:00:00Z",
            "2026-11-18T03:00:00Z"
        )
        .estimated
    );
    // From one off-peak window to the next the price stays.
    assert!(
        !run(
            &answer,
            DeepSeek,
            "2026-11-20T23:59:59Z",
            "2026-11-21T00:00:01Z"
        )
        .estimated
    );
    let argon = reported("gemini-4-argon", TOKENS_100K);
    let crossing = run(
        &argon,
        Gemini,
        "2026-11-30T23:59:59Z",
        "2026-12-01T00:00:05Z",
    );
    assert_eq!(
        (crossing.nano, crossing.notes.as_slice()),
        (Nano(200_000_000), &[Note::CrossesPriceChange][..])
    );
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
