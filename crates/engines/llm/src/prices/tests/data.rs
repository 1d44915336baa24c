//! The data file: it loads, is whole, and says what its reference says.

use kernel::{Nano, Usage};

use super::{BOOK, TODAY, at, exact, reported};
use crate::ProviderKind::{
    self, Anthropic, Azure, Bedrock, DeepSeek, Gemini, OpenAi, OpenAiCompatible, Sim, Vertex,
};
use crate::prices::book::Modality;
use crate::prices::bucket::Bucket;

/// Input and output per million tokens, as text.
fn base(kind: ProviderKind, model: &str, when: &str) -> Option<(String, String)> {
    let quote = BOOK.quote(kind, kind.as_str(), model, at(when))?;
    Some((quote.input.to_per_million(), quote.output.to_per_million()))
}

fn listed(kind: ProviderKind, model: &str, when: &str, input: &str, output: &str) {
    assert_eq!(
        base(kind, model, when),
        Some((input.into(), output.into())),
        "{model} on {when}"
    );
}

#[test]
fn every_price_has_sources_a_date_and_no_overlap() {
    // Reading refuses unknown sources, overlapping prices, ids that stand twice and figures that are not whole.
    let book = &BOOK.book;
    assert!(book.models.len() > 120);
    for model in &book.models {
        assert_eq!(model.checked.len(), "2026-11-21".len(), "{}", model.id);
        assert!(!model.rows.is_empty(), "{}", model.id);
        assert!(!model.facts.input_modalities.is_empty(), "{}", model.id);
        assert!(
            model.rows.iter().skip(1).all(|row| row.from.is_some()),
            "{}",
            model.id
        );
        assert!(
            model.rows.iter().rev().skip(1).all(|row| row.to.is_some()),
            "{}",
            model.id
        );
        for pair in model.rows.windows(2) {
            assert_eq!(
                pair[0].to, pair[1].from,
                "a gap in the prices of {}",
                model.id
            );
        }
        assert!(
            model.rows.last().is_some_and(|row| row.to.is_none()),
            "{}",
            model.id
        );
    }
    assert_eq!(BOOK.checked(), "2026-11-21");
}

#[test]
fn surcharged_tiers_and_levels_never_lose_a_class() {
    for model in &BOOK.book.models {
        for row in &model.rows {
            for plan in &row.plans {
                for tier in &plan.standard.tiers {
                    for bucket in [Bucket::Input, Bucket::CacheRead, Bucket::Output] {
                        assert!(
                            tier.rates.of(bucket) >= plan.standard.base.of(bucket),
                            "{}",
                            model.id
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn prices_that_change_by_date() {
    for (model, before, after, edge) in [
        ("gemini-4-argon", ("2", "10"), ("4", "20"), "2026-12-01"),
        (
            "gemini-3.8-flash",
            ("0.75", "3.75"),
            ("1.5", "7.5"),
            "2027-01-01",
        ),
        (
            "gemini-3.7-flash",
            ("0.75", "3.75"),
            ("1.5", "7.5"),
            "2027-01-01",
        ),
        (
            "gemini-3.6-flash",
            ("0.75", "3.75"),
            ("1.5", "7.5"),
            "2027-01-01",
        ),
        (
            "gemini-3.8-flash-tts",
            ("0.5", "9"),
            ("1", "18"),
            "2027-01-01",
        ),
        (
            "gemini-3.8-flash-lite-tts",
            ("0.5", "6"),
            ("1", "12"),
            "2027-01-01",
        ),
        (
            "gemini-robotics-er-2-preview",
            ("1", "5"),
            ("2", "10"),
            "2027-01-01",
        ),
        // Shut, then served and billed as another model.
        (
            "gemini-2.5-pro",
            ("1.25", "10"),
            ("0.75", "3.75"),
            "2026-12-01",
        ),
        (
            "gemini-2.5-flash",
            ("0.3", "2.5"),
            ("0.3", "2.5"),
            "2026-12-01",
        ),
    ] {
        let last = (at(&format!("{edge}T00:00:00Z")).0 - 1).max(0);
        let last = kernel::Timestamp(last).to_string();
        listed(Gemini, model, &last, before.0, before.1);
        listed(
            Gemini,
            model,
            &format!("{edge}T00:00:00Z"),
            after.0,
            after.1,
        );
    }
    // A redirect follows the prices of where it leads.
    listed(
        Gemini,
        "gemini-2.5-pro",
        "2027-01-01T00:00:00Z",
        "1.5",
        "7.5",
    );
    // What changed in the past stays for old ledgers.
    listed(OpenAi, "gpt-5.6-terra", "2026-07-29T23:59:59Z", "2.5", "15");
    listed(OpenAi, "gpt-5.6-terra", "2026-07-30T00:00:00Z", "2", "12");
    listed(OpenAi, "gpt-5.6-luna", "2026-07-29T23:59:59Z", "1", "6");
    listed(OpenAi, "gpt-5.6-luna", "2026-07-30T00:00:00Z", "0.2", "1.2");
    listed(OpenAi, "gpt-5.6-sol", "2026-08-20T00:00:00Z", "5", "30");
    listed(OpenAi, "gpt-5.6-sol", "2026-08-21T00:00:00Z", "4", "20");
    listed(
        DeepSeek,
        "deepseek-v4-flash",
        "2026-08-16T15:59:59Z",
        "0.14",
        "0.28",
    );
    listed(
        DeepSeek,
        "deepseek-v4-flash",
        "2026-08-16T16:00:00Z",
        "0.22",
        "0.66",
    );
    listed(
        DeepSeek,
        "deepseek-v4-flash",
        "2026-09-10T02:00:00Z",
        "0.3",
        "1.2",
    );
    let read = |when: &str| {
        let caps = BOOK
            .capabilities(Anthropic, "anthropic", "claude-sonnet-5-5", at(when))
            .unwrap();
        caps.pricing.cache_read.unwrap().0
    };
    assert_eq!(
        (read("2026-10-06T23:59:59Z"), read("2026-10-07T00:00:00Z")),
        ("0.2".into(), "0.1".into())
    );
    // The promotion is promised up to this day only, and not known to end.
    listed(OpenAi, "gpt-5.6-sol", "2027-03-01T00:00:00Z", "4", "20");
}

#[test]
fn rows_of_every_maker() {
    for (kind, model, input, output) in [
        (Anthropic, "claude-fable-5-2", "8", "40"),
        (Anthropic, "claude-mythos-5-1", "10", "50"),
        (Anthropic, "claude-opus-5", "5", "25"),
        (Anthropic, "claude-opus-4-5-20251101", "5", "25"),
        (Anthropic, "claude-sonnet-4-6", "3", "15"),
        (Anthropic, "claude-haiku-4-5", "1", "5"),
        (Anthropic, "claude-opus-4-1-20250805", "15", "75"),
        (OpenAi, "gpt-6.2-astra", "8", "40"),
        (OpenAi, "gpt-6.1-sol-2026-09-29", "2", "10"),
        (OpenAi, "gpt-6-luna", "0.1", "0.5"),
        (OpenAi, "gpt-5.6", "4", "20"),
        (OpenAi, "gpt-5.5-pro", "30", "180"),
        (OpenAi, "gpt-5.4-nano", "0.2", "1.25"),
        (OpenAi, "gpt-5-2025-08-07", "1.25", "10"),
        (OpenAi, "gpt-4o-2024-11-20", "2.5", "10"),
        (OpenAi, "gpt-4o-2024-05-13", "5", "15"),
        (OpenAi, "o1-pro", "150", "600"),
        (OpenAi, "text-embedding-3-small", "0.02", "0"),
        (OpenAi, "text-embedding-3-large", "0.13", "0"),
        (OpenAi, "text-embedding-ada-002", "0.1", "0"),
        (Gemini, "gemini-3.5-flash", "1.5", "9"),
        (Gemini, "models/gemini-2.5-flash-lite", "0.1", "0.4"),
        (DeepSeek, "deepseek-flash", "0.15", "0.6"),
        (Azure, "gpt-4o", "2.5", "10"),
        (
            Bedrock,
            "us.anthropic.claude-opus-4-5-20251101-v1:0",
            "5",
            "25",
        ),
        (Vertex, "claude-haiku-4-5@20251001", "1", "5"),
        (Vertex, "gemini-3.5-flash", "1.5", "9"),
        (Sim, "sim/echo", "1", "2"),
        (Sim, "slow", "1", "2"),
    ] {
        listed(kind, model, TODAY, input, output);
    }
}

#[test]
fn what_no_list_names_has_no_price() {
    for (kind, model) in [
        (Gemini, "gemini-flash-latest"),
        (Gemini, "gemini-flash-lite-latest"),
        (Gemini, "gemini-pro-latest"),
        // A date that the book does not list: it may well be another price.
        (OpenAi, "gpt-4o-2025-01-01"),
        (OpenAi, "gpt-5.6-terra-2026-01-01"),
        (Anthropic, "claude-opus-5-5-20260922"),
        (Anthropic, "gpt-4o"),
        (OpenAiCompatible, "gpt-4o"),
        (Bedrock, "amazon.nova-pro-v1:0"),
        (OpenAi, ""),
    ] {
        assert_eq!(base(kind, model, TODAY), None, "{model}");
    }
}

#[test]
fn lists_hold_what_is_served_today() {
    let ids = |kind, when: &str| {
        BOOK.models(kind, at(when))
            .into_iter()
            .map(|model| model.id)
            .collect::<Vec<_>>()
    };
    let today = ids(OpenAi, TODAY);
    assert!(today.contains(&"gpt-5".to_owned()) && today.contains(&"gpt-5.6".to_owned()));
    assert!(!today.contains(&"o1".to_owned()));
    assert!(!ids(OpenAi, "2026-12-11T00:00:00Z").contains(&"gpt-5".to_owned()));
    assert!(ids(Anthropic, TODAY).contains(&"claude-haiku-4-5-20251001".to_owned()));
    assert!(!ids(Anthropic, "2026-11-30T00:00:00Z").contains(&"claude-sonnet-4-5".to_owned()));
    assert_eq!(ids(Sim, TODAY), ["sim/echo", "sim/tools", "sim/slow"]);
    assert!(ids(Azure, TODAY).is_empty());
    // Shut models can still be priced.
    let o1 = reported(
        "o1",
        Usage {
            input: 1_000,
            ..Usage::default()
        },
    );
    assert_eq!(exact(OpenAi, &o1, TODAY), Nano(15_000_000));
}

#[test]
fn capabilities_show_every_level() {
    let caps = BOOK
        .capabilities(OpenAi, "openai", "gpt-5.4", at(TODAY))
        .unwrap();
    let json = serde_json::to_value(&caps).unwrap();
    assert_eq!(json["context_window"], 1_050_000);
    assert_eq!(json["pricing"]["cache_read"], "0.25");
    assert_eq!(json["pricing"]["tiers"][0]["above"], 272_000);
    assert_eq!(json["pricing"]["service"]["batch"]["cache_read"], "0.13");
    assert_eq!(
        json["pricing"]["service"]["batch"]["tiers"][0]["cache_read"],
        "0.25"
    );
    assert!(json["pricing"]["service"]["fast"].get("tiers").is_none());
    assert_eq!(json["pricing"]["regions"]["eu"], "1.1");
    assert_eq!(json["pricing"]["web_search"], "10");
    assert_eq!(json["pricing"]["file_search"], "2.5");

    let haiku = BOOK
        .capabilities(Anthropic, "a", "claude-haiku-5-5", at(TODAY))
        .unwrap();
    let json = serde_json::to_value(&haiku).unwrap();
    assert_eq!(
        json["pricing"]["service"]["batch"]["cache_write_5m"],
        "0.0625"
    );
    assert_eq!(
        json["input_modalities"],
        serde_json::json!(["text", "image"])
    );
    assert!(
        haiku.facts.tools
            && json["price_sources"]
                .as_array()
                .is_some_and(|list| !list.is_empty())
    );

    let pro = BOOK
        .capabilities(DeepSeek, "d", "deepseek-v4-pro", at(TODAY))
        .unwrap();
    assert_eq!(pro.pricing.input.as_ref().unwrap().0, "1.32");
    assert_eq!(pro.pricing.hours[0].holidays.as_deref(), Some("china"));
    assert_eq!(pro.pricing.hours[0].input.as_ref().unwrap().0, "0.66");

    let argon = BOOK
        .capabilities(Gemini, "g", "gemini-4-argon", at(TODAY))
        .unwrap();
    assert_eq!(
        argon.pricing.valid_to.as_deref(),
        Some("2026-12-01T00:00:00.000000Z")
    );
    assert_eq!(argon.upcoming_pricing[0].input.as_ref().unwrap().0, "4");

    let sol = BOOK
        .capabilities(OpenAi, "openai", "gpt-6.2-sol", at(TODAY))
        .unwrap();
    assert!(sol.price_derived.contains(&"cache_read".to_owned()));
    let embedding = BOOK
        .capabilities(OpenAi, "openai", "text-embedding-3-large", at(TODAY))
        .unwrap();
    assert_eq!(embedding.facts.output_modalities, [Modality::Embedding]);
}

#[test]
fn pricing_reads_back_as_it_was_shown() {
    for model in &BOOK.book.models {
        let kind = match model.vendor.as_str() {
            "anthropic" => Anthropic,
            "openai" => OpenAi,
            "gemini" => Gemini,
            "deepseek" => DeepSeek,
            _ => Sim,
        };
        let pricing = BOOK
            .capabilities(kind, "x", &model.id, at(TODAY))
            .unwrap()
            .pricing;
        let text = serde_json::to_string(&pricing).unwrap();
        let back: crate::prices::RateTable = serde_json::from_str(&text).unwrap();
        assert_eq!(back, pricing, "{}", model.id);
    }
}
