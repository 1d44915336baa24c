//! Prices that change by date and by hour: the instant of arrival decides, on a clock that the test or the settings set.

use doubles::provider::{Gate, Script};
use testkit::TestApp;

use super::till::{Charge, Till};
use super::told::Told;

const PRO: &str = r#"{"prompt_tokens":100000,"prompt_cache_hit_tokens":90000,"prompt_cache_miss_tokens":10000,"completion_tokens":2000}"#;

#[tokio::test]
async fn a_new_price_holds_from_its_first_instant() {
    let till = Till::at("2026-10-06T23:59:59.999999Z").await;
    let read =
        r#"{"input_tokens":10,"cache_read_input_tokens":100000,"output_tokens":10,"speed":"fast"}"#;
    let plain = r#"{"input_tokens":10,"cache_read_input_tokens":100000,"output_tokens":10}"#;
    let sonnet = Told::message("claude-sonnet-5-5", plain);
    let base = 10 * 2_000 + 10 * 10_000;
    till.rings(&sonnet, &Charge::exact(base + 100_000 * 200))
        .await;
    till.set("2026-10-07T00:00:00Z");
    till.rings(&sonnet, &Charge::exact(base + 100_000 * 100))
        .await;

    // Fast mode leaves a model: from then on it is not sold, so its price is not known for sure.
    let opus = Told::message("claude-opus-4-8", read);
    let standard = 10 * 5_000 + 100_000 * 500 + 10 * 25_000;
    till.set("2026-11-30T23:59:59.999999Z");
    till.rings(&opus, &Charge::exact(2 * standard).at("fast"))
        .await;
    till.set("2026-12-01T00:00:00Z");
    till.rings(&opus, &Charge::about(standard).at("fast")).await;
    till.adds_up().await;
}

#[tokio::test]
async fn prices_of_the_past_hold_in_the_past() {
    let till = Till::at("2026-07-29T23:59:59Z").await;
    let usage = r#"{"input_tokens":1000,"output_tokens":100}"#;
    let terra = Told::response("gpt-5.6-terra", usage);
    till.rings(&terra, &Charge::exact(1_000 * 2_500 + 100 * 15_000))
        .await;
    till.set("2026-07-30T00:00:00Z");
    till.rings(&terra, &Charge::exact(1_000 * 2_000 + 100 * 12_000))
        .await;
    till.adds_up().await;
}

#[tokio::test]
async fn peak_hours_have_edges_and_holidays() {
    let till = Till::at("2026-11-18T00:59:59Z").await;
    let told = Told::chat("deepseek-v4-pro", PRO);
    let (peak, low) = (25_080_000, 12_540_000);
    for (instant, nano) in [
        ("2026-11-18T00:59:59Z", low),
        ("2026-11-18T01:00:00Z", peak),
        ("2026-11-18T03:59:59Z", peak),
        ("2026-11-18T05:59:59Z", low),
        ("2026-11-18T06:00:00Z", peak),
        ("2026-11-18T10:00:00Z", low),
        // A public holiday on a weekday, and one on the last day of the price before.
        ("2026-10-01T02:30:00Z", low),
        ("2026-09-25T02:30:00Z", low),
    ] {
        till.set(instant);
        till.rings(&told, &Charge::exact(nano)).await;
    }
    till.adds_up().await;
}

#[tokio::test]
async fn a_call_across_an_edge_is_priced_by_its_arrival_and_marked() {
    let till = Till::at("2026-11-18T03:59:59Z").await;
    let told = Told::chat("deepseek-v4-pro", PRO);
    let path = told.surface.path();
    let gate = Gate::closed();
    let slow = Script::whole(200, "application/json", told.whole().to_string());
    till.upstream.next(path, slow.wait_first(&gate));
    let request = told.surface.request(&told.model, false);
    let call = till.app.post(path, &till.key, &request);
    let across = async {
        gate.arrivals_at_least(1).await;
        till.set("2026-11-18T04:00:01Z");
        gate.open();
    };
    let (answer, ()) = tokio::join!(call, across);
    till.check(&answer.expect(200), &told, &Charge::about(25_080_000))
        .await;

    // The same for a stream that begins before the edge.
    till.set("2026-11-18T05:59:59Z");
    let gate = Gate::closed();
    let slow = Script::stream(told.events()).wait_after(1, &gate);
    till.upstream.next(path, slow);
    let request = told.surface.request(&told.model, true);
    let call = till.app.post(path, &till.key, &request);
    let across = async {
        gate.arrivals_at_least(1).await;
        till.set("2026-11-18T06:00:01Z");
        gate.open();
    };
    let (answer, ()) = tokio::join!(call, across);
    till.check(&answer.expect(200), &told, &Charge::about(12_540_000))
        .await;
    till.adds_up().await;
}

#[tokio::test]
async fn the_settings_can_set_the_clock() {
    let upstream = doubles::Provider::start().await;
    let app = TestApp::builder()
        .settings("[debug]\nclock_start = \"2026-11-18T02:30:00Z\"\n")
        .provider("deepseek", "deepseek", &upstream.openai_url())
        .start()
        .await;
    let told = Told::chat("deepseek-v4-pro", PRO);
    let body = told.whole();
    upstream.on(told.surface.path(), Script::json(200, &body));
    let request = told.surface.request(&told.model, false);
    let answer = app
        .post(told.surface.path(), app.admin_key(), &request)
        .await
        .expect(200);
    assert_eq!(answer.header("x-switchyard-cost-usd"), "0.02508");
    let call = app.call(answer.header("x-switchyard-call-id")).await;
    assert_eq!(call["cost_nano_usd"], 25_080_000_i64, "{call}");
    let started = call["started_at"].as_str().unwrap();
    assert!(started.starts_with("2026-11-18T02:3"), "{call}");
}
