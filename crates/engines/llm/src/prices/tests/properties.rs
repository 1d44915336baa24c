//! What must hold for any counts: lines add up, more never costs less, and nothing panics or wraps.

use kernel::tokens::{Refusal, ServerTools, Turn};
use kernel::{Nano, Reported, Timestamp, Usage};
use proptest::prelude::*;

use super::BOOK;
use crate::ProviderKind;
use crate::prices::{Bill, Priced};

const KINDS: [ProviderKind; 9] = [
    ProviderKind::Anthropic,
    ProviderKind::OpenAi,
    ProviderKind::Gemini,
    ProviderKind::DeepSeek,
    ProviderKind::OpenAiCompatible,
    ProviderKind::Azure,
    ProviderKind::Bedrock,
    ProviderKind::Vertex,
    ProviderKind::Sim,
];

fn usage(max: u64) -> impl Strategy<Value = Usage> {
    prop::array::uniform12(prop_oneof![Just(0), 0..=max]).prop_map(|counts| Usage {
        input: counts[0],
        cache_read: counts[1],
        cache_write_5m: counts[2],
        cache_write_1h: counts[3],
        cache_write_30m: counts[4],
        cache_write_12h: counts[5],
        audio_in: counts[6],
        image_in: counts[7],
        output: counts[8],
        reasoning: counts[9],
        audio_out: counts[10],
        image_out: counts[11],
    })
}

fn word(words: &'static [&'static str]) -> impl Strategy<Value = Option<String>> {
    prop::option::of(prop::sample::select(words).prop_map(str::to_owned))
}

fn model() -> impl Strategy<Value = String> {
    let listed: Vec<String> = BOOK
        .book
        .models
        .iter()
        .map(|model| model.id.to_string())
        .collect();
    prop_oneof![9 => prop::sample::select(listed), 1 => "[a-z@:./-]{0,12}"]
}

fn turn(max: u64) -> impl Strategy<Value = Turn> {
    let kinds = prop::sample::select(vec![
        "message",
        "compaction",
        "advisor_message",
        "fallback_message",
        "new",
    ]);
    (kinds, prop::option::of(model()), usage(max)).prop_map(|(kind, model, usage)| Turn {
        kind: kind.to_owned(),
        model,
        usage,
    })
}

fn report(max: u64) -> impl Strategy<Value = Reported> {
    (
        (
            prop::option::of(model()),
            prop::option::of(usage(max)),
            prop::collection::vec(turn(max), 0..4),
        ),
        word(&[
            "standard",
            "default",
            "batch",
            "flex",
            "fast",
            "priority",
            "ultrafast",
            "odd",
        ]),
        word(&["standard", "fast", "odd"]),
        word(&["us", "eu", "global", "mars"]),
        prop::array::uniform4(0..=max),
        word(&["end_turn"]),
        prop::option::of((word(&["cyber", "bio"]), any::<bool>())),
    )
        .prop_map(
            |((model, usage, turns), service_tier, speed, region, tools, stop_reason, refusal)| {
                Reported {
                    response_id: None,
                    model,
                    usage,
                    turns,
                    service_tier,
                    speed,
                    region,
                    tools: ServerTools {
                        web_search: tools[0],
                        web_fetch: tools[1],
                        file_search: tools[2],
                        code_execution: tools[3],
                    },
                    stop_reason,
                    refusal: refusal.map(|(category, before_output)| Refusal {
                        category,
                        before_output,
                    }),
                }
            },
        )
}

fn run(
    kind: ProviderKind,
    reported: &Reported,
    estimate: Option<Usage>,
    started: i64,
    took: i64,
) -> Priced {
    BOOK.price(&Bill {
        kind,
        provider: "p",
        asked_model: "gpt-5.2",
        reported,
        estimated_usage: estimate,
        started: Timestamp(started),
        ended: Timestamp(started.saturating_add(took)),
    })
}

proptest! {
    #[test]
    fn lines_add_up_to_the_cost(kind in prop::sample::select(&KINDS[..]), reported in report(3_000_000), started in 1_767_225_600_000_000i64..1_830_297_600_000_000) {
        let priced = run(kind, &reported, None, started, 60_000_000);
        let femto: u128 = priced.lines.iter().map(|line| line.femto).sum();
        prop_assert_eq!(i128::from(priced.nano.0), i128::try_from((femto + 500_000) / 1_000_000).unwrap());
        for line in &priced.lines {
            prop_assert_eq!(line.femto, u128::from(line.units) * u128::from(line.rate.0) * u128::from(line.factor_thousandths));
        }
        prop_assert_eq!(priced.estimated || priced.unpriced, !priced.notes.is_empty());
    }

    #[test]
    fn more_tokens_never_cost_less(id in model(), kind in prop::sample::select(&KINDS[..]), usage in usage(400_000), more in usage(400_000)) {
        let cost = |usage: Usage| {
            let reported = super::reported(&id, usage);
            run(kind, &reported, None, 1_795_262_400_000_000, 0).nano
        };
        prop_assert!(cost(usage) <= cost(usage.plus(&more)));
    }

    #[test]
    fn nothing_from_outside_panics(kind in prop::sample::select(&KINDS[..]), reported in report(u64::MAX), estimate in prop::option::of(usage(u64::MAX)), started in any::<i64>(), took in any::<i64>()) {
        let priced = run(kind, &reported, estimate, started, took);
        prop_assert!(priced.nano >= Nano::ZERO);
    }
}
