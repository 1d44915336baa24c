//! Budgets over time: they begin anew with their period, and a restart forgets nothing.

use std::time::Duration;

use doubles::Provider;
use doubles::provider::reply::Surface;
use kernel::{TestClock, Timestamp};
use serde_json::json;
use testkit::TestApp;

use super::{METERED, STEP, TOKEN, ask, key, output, standing};

#[tokio::test]
async fn a_budget_counts_its_own_models_and_begins_anew_with_its_period() {
    let upstream = Provider::start().await;
    let clock = TestClock::at(Timestamp::parse("2026-11-20T12:59:30Z").unwrap());
    let app = TestApp::builder()
        .settings(METERED)
        .provider("anthropic", "anthropic", &upstream.url())
        .provider("openai", "openai", &upstream.openai_url())
        .clock(clock.clone())
        .start()
        .await;
    let key = key(
        &app,
        json!([{"amount_usd": "0.1", "period": "hour", "hard": true, "models": ["metered"]}]),
    )
    .await;
    upstream.on(Surface::Chat.path(), output(100));
    upstream.on(Surface::Messages.path(), output(100));
    let chat = Surface::Chat.request("metered", false);
    ask(&app, &key, Surface::Chat, &chat).await.expect(200);
    let refused = ask(&app, &key, Surface::Chat, &chat).await.expect(429);
    assert_eq!(refused.header("retry-after"), "30", "{}", refused.text());
    let free = Surface::Messages.request("claude-metered", false);
    ask(&app, &key, Surface::Messages, &free).await.expect(200);
    clock.advance(Duration::from_secs(30));
    ask(&app, &key, Surface::Chat, &chat).await.expect(200);
    ask(&app, &key, Surface::Chat, &chat).await.expect(429);
    let held = standing(&app, &key).await;
    assert_eq!(held[0]["spent_nano_usd"], STEP, "{held}");
    assert_eq!(held[0]["resets_at"], "2026-11-20T14:00:00.000000Z");
}

/// Spends, stops at once and looks again, on whichever store.
async fn survives(database: Option<&str>) {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Provider::start().await;
    upstream.on(Surface::Chat.path(), output(70));
    let start = || {
        let builder = TestApp::builder()
            .settings(METERED)
            .provider("anthropic", "anthropic", &upstream.url())
            .provider("openai", "openai", &upstream.openai_url())
            .data_dir(folder.path().join("data"));
        match database {
            Some(url) => builder.database(url),
            None => builder,
        }
        .start()
    };
    let app = start().await;
    let key = key(
        &app,
        json!([{"amount_usd": "0.1", "period": "total", "hard": true},
            {"amount_usd": "9", "period": "month", "hard": false}]),
    )
    .await;
    let mut request = Surface::Chat.request("metered", false);
    request["max_tokens"] = json!(100);
    ask(&app, &key, Surface::Chat, &request).await.expect(200);
    // At once: what was just spent may still be on its way to the store.
    app.stop().await;

    let app = start().await;
    ask(&app, &key, Surface::Chat, &request).await.expect(429);
    let held = standing(&app, &key).await;
    for budget in held.as_array().unwrap() {
        assert_eq!(budget["spent_nano_usd"], 70 * TOKEN, "{budget}");
        assert_eq!(budget["reserved_nano_usd"], 0, "{budget}");
    }
    request["max_tokens"] = json!(30);
    upstream.on(Surface::Chat.path(), output(30));
    ask(&app, &key, Surface::Chat, &request).await.expect(200);
    app.stop().await;

    let app = start().await;
    let held = standing(&app, &key).await;
    assert_eq!(held[0]["spent_nano_usd"], STEP, "{held}");
    request["max_tokens"] = json!(1);
    ask(&app, &key, Surface::Chat, &request).await.expect(429);
    assert_eq!(upstream.requests().len(), 2);
}

#[tokio::test]
async fn a_budget_survives_a_restart() {
    survives(None).await;
}

#[tokio::test]
async fn a_budget_survives_a_restart_on_postgresql() {
    survives(Some(&doubles::postgres::database().await)).await;
}
