//! Sampling turns, refusals and answers that broke off.

use kernel::tokens::{Refusal, Turn};
use kernel::{Nano, Reported, Usage};

use super::{BOOK, TODAY, TOKENS_100K, ZERO, at, exact, price, reported};
use crate::ProviderKind::{Anthropic, OpenAi};
use crate::prices::{Bill, Note};

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
fn a_turn_before_a_fallback_that_names_no_model_is_billed_as_the_asked_one() {
    let answer = Reported {
        turns: vec![
            turn("message", 5_000, 7),
            turn("fallback_message", 5_000, 300),
        ],
        ..reported(
            "claude-opus-5-5",
            Usage {
                input: 5_000,
                output: 300,
                ..ZERO
            },
        )
    };
    let priced = BOOK.price(&Bill {
        kind: Anthropic,
        provider: "anthropic",
        asked_model: "claude-fable-5-1",
        reported: &answer,
        estimated_usage: None,
        started: at(TODAY),
        ended: at(TODAY),
    });
    assert_eq!(
        priced.nano,
        Nano(5_000 * 10_000 + 7 * 50_000 + 5_000 * 4_000 + 300 * 20_000)
    );
    assert_eq!(priced.notes.as_slice(), [Note::UnclearTurns]);
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
