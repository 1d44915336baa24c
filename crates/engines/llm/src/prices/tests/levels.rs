//! Service levels, sizes and regions, as answers name them.

use kernel::{Nano, Reported, Usage};

use super::{TODAY, TOKENS_100K, ZERO, exact, input_price, price, reported};
use crate::ProviderKind::{Anthropic, Gemini, OpenAi};
use crate::prices::Note;

fn tiered(model: &str, tier: &str) -> Reported {
    Reported {
        service_tier: Some(tier.to_owned()),
        ..reported(model, TOKENS_100K)
    }
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
