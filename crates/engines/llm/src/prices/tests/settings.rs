//! Prices that an operator sets: how they are written, which of them holds, and what is refused.

use kernel::{Failure, Nano, Reported, Usage};

use super::{BOOK, TODAY, at, price_in, reported};
use crate::ProviderKind::{self, Anthropic, OpenAi, OpenAiCompatible};
use crate::prices::{Bill, PriceBook, PriceError, PriceOrigin, PriceOverride};

fn overrides(toml: &str) -> Vec<PriceOverride> {
    #[derive(serde::Deserialize)]
    struct File {
        prices: Vec<PriceOverride>,
    }
    toml::from_str::<File>(toml).unwrap().prices
}

fn book(toml: &str) -> PriceBook {
    BOOK.with_overrides(&overrides(toml)).unwrap()
}

fn refused(rates: &str) -> PriceError {
    let list = overrides(&format!(
        "[[prices]]\nmodel = \"house\"\n[prices.rates]\n{rates}"
    ));
    BOOK.with_overrides(&list).unwrap_err()
}

const TOKENS: Usage = Usage {
    input: 1_000,
    cache_read: 0,
    cache_write_5m: 0,
    cache_write_1h: 0,
    cache_write_30m: 0,
    cache_write_12h: 0,
    audio_in: 0,
    image_in: 0,
    output: 100,
    reasoning: 0,
    audio_out: 0,
    image_out: 0,
};

fn cost(
    book: &PriceBook,
    kind: ProviderKind,
    provider: &str,
    asked: &str,
    answered: &str,
) -> Option<Nano> {
    let reported = reported(answered, TOKENS);
    let priced = book.price(&Bill {
        kind,
        provider,
        asked_model: asked,
        reported: &reported,
        estimated_usage: None,
        started: at(TODAY),
        ended: at(TODAY),
    });
    (!priced.unpriced).then_some(priced.nano)
}

#[test]
fn figures_are_text_or_numbers() {
    let book = book(
        r#"
        [[prices]]
        model = "house"
        rates = { input = "4", output = 20, cache_read = 0.2, cache_write_5m = "5", cache_write_1h = "8", request = "0.001", service = { batch = 0.5, fast = { input = "8", output = "40" } }, regions = { eu = "1.1" }, tiers = [{ above = 200000, input = "8", output = "30" }] }
    "#,
    );
    let usage = Usage {
        cache_read: 10,
        ..TOKENS
    };
    let cost = |reported: &Reported| price_in(&book, OpenAiCompatible, reported, TODAY);
    let plain = reported("house", usage);
    assert_eq!(
        cost(&plain).nano,
        Nano(1_000 * 4_000 + 100 * 20_000 + 10 * 200 + 1_000_000)
    );
    let eu = Reported {
        region: Some("eu".into()),
        service_tier: Some("batch".into()),
        ..plain
    };
    assert_eq!(
        cost(&eu).nano,
        Nano(11 * (1_000 * 2_000 + 100 * 10_000 + 10 * 100) / 10 + 1_000_000)
    );
    let long = reported(
        "house",
        Usage {
            input: 200_001,
            ..Usage::default()
        },
    );
    assert_eq!(cost(&long).nano, Nano(200_001 * 8_000 + 1_000_000));
}

#[test]
fn an_own_price_goes_before_the_book() {
    let book = book(
        r#"
        [[prices]]
        model = "gpt-4o"
        rates = { input = "1", output = "1" }
        [[prices]]
        model = "gpt-5*"
        rates = { input = "2", output = "2" }
        [[prices]]
        model = "gpt-5.2*"
        rates = { input = "3", output = "3" }
        [[prices]]
        provider = "azure"
        model = "gpt-4o"
        rates = { input = "9", output = "9" }
    "#,
    );
    let price = |provider, asked, answered| {
        cost(&book, OpenAi, provider, asked, answered).map(|nano| nano.0 / 1_100)
    };
    assert_eq!(price("openai", "gpt-4o", "gpt-4o"), Some(1_000));
    // A price for the name holds for its dated ids too.
    assert_eq!(price("openai", "gpt-4o", "gpt-4o-2024-11-20"), Some(1_000));
    // A provider's own price first, the longest glob first.
    assert_eq!(price("azure", "gpt-4o", "gpt-4o"), Some(9_000));
    assert_eq!(
        price("openai", "gpt-5.2", "gpt-5.2-2025-12-11"),
        Some(3_000)
    );
    assert_eq!(price("openai", "gpt-5.1", "gpt-5.1"), Some(2_000));
    // Another model answered: it is billed at its own price.
    assert_eq!(
        cost(&book, OpenAi, "openai", "gpt-4o", "o3"),
        Some(Nano(1_000 * 2_000 + 100 * 8_000))
    );
}

#[test]
fn the_asked_price_holds_where_the_answer_names_nothing_known() {
    let book = book(
        r#"
        [[prices]]
        model = "llama-house"
        rates = { input = "1", output = "1" }
        [[prices]]
        model = "gpt-4o"
        rates = { input = "5", output = "5" }
    "#,
    );
    let asked =
        |kind, asked, answered| cost(&book, kind, "p", asked, answered).map(|nano| nano.0 / 1_100);
    // Servers of their own name what they loaded.
    assert_eq!(
        asked(OpenAiCompatible, "llama-house", "/models/llama-3.gguf"),
        Some(1_000)
    );
    // The operator's own name: its price is the operator's, whatever answers.
    assert_eq!(asked(OpenAi, "llama-house", "gpt-5.2"), Some(1_000));
    assert_eq!(asked(OpenAi, "gpt-4o", "ft:gpt-4o:acme"), Some(5_000));
    assert_eq!(
        asked(OpenAi, "gpt-4o-2024-08-06", "gpt-4o-2024-11-20"),
        Some(5_000)
    );
    // Without a price of one's own nothing is guessed.
    assert_eq!(asked(OpenAiCompatible, "gpt-5.2", "gpt-5.2"), None);
}

#[test]
fn prices_change_by_date_and_the_book_fills_the_rest() {
    let book = book(
        r#"
        [[prices]]
        model = "gpt-5.6-sol"
        rates = { valid_from = "2026-12-01", input = "5", output = "30" }
        [[prices]]
        model = "gpt-5.6-sol"
        rates = { valid_from = "2027-02-01T00:00:00Z", input = "6", output = "30" }
    "#
        .replacen(
            "rates = { valid_from = \"2026-12-01\"",
            "rates = { valid_from = \"2026-12-01\", valid_to = \"2027-02-01\"",
            1,
        )
        .as_str(),
    );
    let input = |when: &str| {
        book.quote(OpenAi, "openai", "gpt-5.6", at(when))
            .unwrap()
            .input
            .to_per_million()
    };
    assert_eq!(input(TODAY), "4");
    assert_eq!(input("2026-12-01T00:00:00Z"), "5");
    assert_eq!(input("2027-02-01T00:00:00Z"), "6");
    let caps = book
        .capabilities(OpenAi, "openai", "gpt-5.6-sol", at("2026-12-02T00:00:00Z"))
        .unwrap();
    assert_eq!(
        (caps.price_origin, caps.upcoming_pricing.len()),
        (PriceOrigin::Settings, 1)
    );
    assert_eq!(caps.facts.max_output_tokens, Some(128_000));
    // Fees of tools stay the book's unless named.
    assert_eq!(caps.pricing.web_search.unwrap().0, "10");
}

#[test]
fn hours_of_ones_own() {
    let book = book(
        r#"
        [[prices]]
        model = "night"
        [prices.rates]
        input = "2"
        output = "2"
        hours = [
          { days = ["sat", "sun"], input = "1", output = "1" },
          { from = "22:00", to = "24:00", multiplier = "0.5" },
        ]
    "#,
    );
    let input = |when: &str| {
        book.quote(OpenAiCompatible, "p", "night", at(when))
            .unwrap()
            .input
            .to_per_million()
    };
    assert_eq!(input("2026-11-20T21:59:59Z"), "2");
    assert_eq!(input("2026-11-20T22:00:00Z"), "1");
    assert_eq!(input("2026-11-21T09:00:00Z"), "1");
}

#[test]
fn several_ids_may_lead_to_one_target_at_one_price() {
    let twice = r#"
        [[prices]]
        provider = "a"
        model = "claude-opus-5-5"
        rates = { input = "1", output = "1" }
        [[prices]]
        provider = "a"
        model = "claude-opus-5-5"
        rates = { input = "1", output = "1" }
    "#;
    assert_eq!(
        cost(&book(twice), Anthropic, "a", "house", "claude-opus-5-5"),
        Some(Nano(1_100_000))
    );
    let unlike = twice.replacen("input = \"1\"", "input = \"2\"", 1);
    let error = BOOK.with_overrides(&overrides(&unlike)).unwrap_err();
    assert_eq!(error.field(), Some("models.claude-opus-5-5.price"));
}

#[test]
fn what_is_wrong_is_named() {
    for (rates, field) in [
        ("input = \"1\"", "models.house.price.output"),
        ("output = \"1\"", "models.house.price.input"),
        ("input = \"-1\"\noutput = \"1\"", "models.house.price.input"),
        (
            "input = \"0.0000001\"\noutput = \"1\"",
            "models.house.price.input",
        ),
        (
            "input = \"1\"\noutput = \"1\"\nservice.batch = \"half\"",
            "models.house.price.service.batch",
        ),
        (
            "input = \"1\"\noutput = \"1\"\nservice.batch = \"0\"",
            "models.house.price.service.batch",
        ),
        (
            "input = \"0.000001\"\noutput = \"1\"\nservice.batch = \"0.5\"",
            "models.house.price.service.batch",
        ),
        (
            "input = \"1\"\noutput = \"1\"\nservice.batch = { input = \"1\" }",
            "models.house.price.service.batch.output",
        ),
        (
            "input = \"1\"\noutput = \"1\"\nservice.fast = { multiplier = \"2\", input = \"1\" }",
            "models.house.price.service.fast.multiplier",
        ),
        (
            "input = \"1\"\noutput = \"1\"\nregions.eu = \"x\"",
            "models.house.price.regions.eu",
        ),
        (
            "input = \"1\"\noutput = \"1\"\nvalid_from = \"tomorrow\"",
            "models.house.price.valid_from",
        ),
        (
            "input = \"1\"\noutput = \"1\"\nvalid_from = \"2026-12-01\"\nvalid_to = \"2026-12-01\"",
            "models.house.price.valid_to",
        ),
        (
            "input = \"1\"\noutput = \"1\"\ntiers = [{ input = \"1\", output = \"1\" }]",
            "models.house.price.tiers[0].above",
        ),
        (
            "input = \"1\"\noutput = \"1\"\ntiers = [{ above = 5, input = \"1\", output = \"1\" }, { above = 5, input = \"1\", output = \"1\" }]",
            "models.house.price.tiers[1].above",
        ),
        (
            "input = \"1\"\noutput = \"1\"\nhours = [{ days = [\"monday\"], multiplier = \"1\" }]",
            "models.house.price.hours[0].days",
        ),
        (
            "input = \"1\"\noutput = \"1\"\nhours = [{ from = \"9:00\", multiplier = \"1\" }]",
            "models.house.price.hours[0].from",
        ),
        (
            "input = \"1\"\noutput = \"1\"\nhours = [{ from = \"22:00\", to = \"06:00\", multiplier = \"1\" }]",
            "models.house.price.hours[0].to",
        ),
        (
            "input = \"1\"\noutput = \"1\"\nhours = [{ holidays = \"mars\", multiplier = \"1\" }]",
            "models.house.price.hours[0].holidays",
        ),
        (
            "input = \"1\"\noutput = \"1\"\nweb_search = \"free\"",
            "models.house.price.web_search",
        ),
    ] {
        let error = refused(rates);
        assert_eq!(error.field(), Some(field), "{rates}");
        assert!(error.to_string().starts_with(field), "{error}");
        assert_eq!(error.code(), "INVALID_PRICE");
    }
}

#[test]
fn unknown_names_are_refused() {
    for rates in [
        "inptu = \"1\"",
        "service.turbo = \"1\"",
        "tiers = [{ over = 1 }]",
        "service.batch = { foo = \"1\" }",
        "input = true",
    ] {
        let text = format!("model = \"m\"\n[rates]\n{rates}");
        let error = toml::from_str::<PriceOverride>(&text)
            .unwrap_err()
            .to_string();
        let name = rates
            .split([' ', '.', '='])
            .find(|word| !word.is_empty())
            .unwrap();
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn a_malformed_book_is_an_error() {
    assert!(matches!(
        PriceBook::read("models = 1"),
        Err(PriceError::Malformed { .. })
    ));
}

#[test]
fn the_page_shows_settings_that_work() {
    #[derive(serde::Deserialize)]
    struct File {
        models: Vec<crate::config::ModelConfig>,
    }
    let page = include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../docs/prices.md"
    ));
    let example = page
        .split("```toml")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .unwrap();
    let list: Vec<_> = toml::from_str::<File>(example)
        .unwrap()
        .models
        .into_iter()
        .filter_map(|model| {
            Some(PriceOverride {
                provider: None,
                model: model.id,
                rates: model.price?,
            })
        })
        .collect();
    assert_eq!(list.len(), 2);
    BOOK.with_overrides(&list).unwrap();
}
