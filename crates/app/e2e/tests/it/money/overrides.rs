//! Prices that the settings give: they go before the price book, under every name that they may have.

use super::TODAY;
use super::till::{Charge, Till};
use super::told::Told;

const PRICES: &str = r#"
[[models]]
id = "house"
route = [{ provider = "openai", model = "local-7b" }]
[models.price]
input = "1"
output = "2"
cache_read = "0.1"
cache_write_30m = "1.25"
reasoning = "3"
request = "0.5"
web_search = "7"
tiers = [{ above = 1000, input = "10", output = "20", cache_read = "1" }]
[models.price.service]
flex = "0.5"
batch = { input = "0.3", output = "0.7" }

[[models]]
id = "claude-opus-5-5"
[models.price]
input = "1"
cache_write_1h = "9"
output = "2"

[[models]]
id = "deep-*"
route = [{ provider = "openai" }]
[models.price]
input = "1"
output = "1"
hours = [{ from = "12:00", to = "13:00", multiplier = "3" }]

[[models]]
id = "dated"
route = [{ provider = "openai" }]
[models.price]
input = "1"
output = "1"
valid_to = "2026-11-21"

[[models]]
id = "dated"
[models.price]
input = "2"
output = "2"
valid_from = "2026-11-21"
"#;

#[tokio::test]
async fn a_price_in_the_settings_holds_with_all_its_parts() {
    let till = Till::with(TODAY, PRICES).await;
    let usage = |input: u64| {
        format!(
            r#"{{"input_tokens":{input},"input_tokens_details":{{"cached_tokens":400,"cache_write_tokens":100}},"output_tokens":50,"output_tokens_details":{{"reasoning_tokens":20}}}}"#
        )
    };
    let request = 500_000_000;
    let small = 500 * 1_000 + 400 * 100 + 100 * 1_250 + 30 * 2_000 + 20 * 3_000;
    let told = Told::response("local-7b", &usage(1_000));
    till.rings_for("house", &told, &Charge::exact(request + small))
        .await;
    // The fee for the request does not follow the level.
    till.rings_for(
        "house",
        &told.clone().tier("flex"),
        &Charge::exact(request + small / 2).at("flex"),
    )
    .await;
    // One token more moves the whole request. A tier stands for itself: what it does not name costs what it is a kind of.
    let told = Told::response("local-7b", &usage(1_001));
    let large = (501 + 100) * 10_000 + 400 * 1_000 + (30 + 20) * 20_000;
    till.rings_for("house", &told, &Charge::exact(request + large))
        .await;
    till.adds_up().await;
}

#[tokio::test]
async fn a_price_replaces_that_of_the_book_whole() {
    let till = Till::with(TODAY, PRICES).await;
    let usage = r#"{"input_tokens":100,"cache_read_input_tokens":100,"cache_creation_input_tokens":100,"cache_creation":{"ephemeral_1h_input_tokens":100},"output_tokens":100}"#;
    let told = Told::message("claude-opus-5-5", usage);
    // Reading from the cache has no price of its own here, so it costs what input costs.
    let nano = 100 * 1_000 + 100 * 1_000 + 100 * 9_000 + 100 * 2_000;
    till.rings(&told, &Charge::exact(nano)).await;
    till.adds_up().await;
}

#[tokio::test]
async fn globs_hours_and_dates_hold_for_prices_of_the_settings() {
    let till = Till::with(TODAY, PRICES).await;
    let told = Told::chat(
        "deep-thought",
        r#"{"prompt_tokens":42,"completion_tokens":0}"#,
    );
    till.rings(&told, &Charge::exact(3 * 42_000)).await;
    till.set("2026-11-20T13:00:00Z");
    till.rings(&told, &Charge::exact(42_000)).await;
    let told = Told::chat("dated", r#"{"prompt_tokens":42,"completion_tokens":0}"#);
    till.rings(&told, &Charge::exact(42_000)).await;
    till.set("2026-11-21T00:00:00Z");
    till.rings(&told, &Charge::exact(84_000)).await;
    till.adds_up().await;
}
