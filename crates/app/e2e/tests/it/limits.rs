//! Limits through the whole product: exact over every 60 seconds, told in headers, counted as they are documented.

use std::time::Duration;

use doubles::Provider;
use doubles::provider::reply::Surface;
use doubles::provider::{Gate, Reply, Script};
use futures_util::future::join_all;
use kernel::{TestClock, Timestamp, Usage};
use serde_json::{Value, json};
use testkit::{Answer, IssuedKey, TestApp};

use crate::bad_input::assert_error_shape;
use crate::ground::model;
use crate::raw::Ask;

/// The product on a clock that stands still, with a provider.
struct Stand {
    app: TestApp,
    upstream: Provider,
    clock: TestClock,
}

impl Stand {
    async fn start() -> Self {
        let upstream = Provider::start().await;
        let clock = TestClock::at(Timestamp::parse("2026-11-20T12:00:00Z").unwrap());
        let app = TestApp::builder()
            .provider("anthropic", "anthropic", &upstream.url())
            .provider("openai", "openai", &upstream.openai_url())
            .clock(clock.clone())
            .start()
            .await;
        Self {
            app,
            upstream,
            clock,
        }
    }

    async fn key(&self, limits: Value) -> IssuedKey {
        self.app
            .key(json!({"name": "limited", "limits": limits}))
            .await
    }

    async fn ask(&self, key: &str, surface: Surface) -> Answer {
        let request = surface.request(model(surface), false);
        self.app.post(surface.path(), key, &request).await
    }

    async fn echo(&self, key: &str) -> Answer {
        let request = Surface::Chat.request("sim/echo", false);
        self.app.post(Surface::Chat.path(), key, &request).await
    }

    /// How the key's limits stand.
    async fn state(&self, key: &IssuedKey) -> Value {
        let path = format!("/v1/keys/{}", key.id);
        let shown = self.app.get(&path, self.app.admin_key()).await;
        shown.expect(200).json()["limit_state"].take()
    }
}

#[tokio::test]
async fn a_key_without_limits_has_a_hundred_requests_in_any_minute() {
    let stand = Stand::start().await;
    let key = stand.app.key(json!({"name": "plain"})).await;
    for _ in 0..60 {
        stand.echo(&key.key).await.expect(200);
    }
    stand.clock.advance(Duration::from_secs(30));
    for _ in 0..40 {
        stand.echo(&key.key).await.expect(200);
    }
    let refused = stand.echo(&key.key).await.expect(429);
    assert_eq!(refused.header("retry-after"), "30");
    assert_eq!(refused.header("x-ratelimit-limit-requests"), "100");
    assert_eq!(refused.header("x-ratelimit-remaining-requests"), "0");
    assert_eq!(refused.header("x-ratelimit-reset-requests"), "60000ms");
    // Trying again later makes sense, and the clients' own rules say so.
    assert_eq!(refused.header("x-should-retry"), "");
    let message = refused.json()["error"]["message"].to_string();
    assert!(
        message.contains("limits.requests_per_minute = 100"),
        "{message}"
    );
    // A refused request counts nowhere: not a microsecond early, and then as many as were made a minute ago.
    stand.clock.advance(Duration::from_micros(29_999_999));
    stand.echo(&key.key).await.expect(429);
    stand.clock.advance(Duration::from_micros(1));
    for _ in 0..60 {
        stand.echo(&key.key).await.expect(200);
    }
    stand.echo(&key.key).await.expect(429);
    // Another key is another matter; so are the routes that call no model.
    let other = stand.app.key(json!({"name": "other"})).await;
    stand.echo(&other.key).await.expect(200);
    stand.app.get("/v1/models", &key.key).await.expect(200);
}

#[tokio::test]
async fn the_limit_is_exact_for_requests_at_once() {
    let stand = Stand::start().await;
    let key = stand.app.key(json!({"name": "plain"})).await;
    let answers = join_all((0..150).map(|_| stand.echo(&key.key))).await;
    let made = answers.iter().filter(|answer| answer.status == 200);
    assert_eq!(made.count(), 100);
    let refused = answers.iter().filter(|answer| answer.status == 429);
    assert_eq!(refused.count(), 50);
}

#[tokio::test]
async fn a_refusal_has_the_shape_of_its_protocol() {
    let stand = Stand::start().await;
    let key = stand.key(json!({"requests_per_minute": 1})).await;
    stand.echo(&key.key).await.expect(200);
    for surface in [
        Surface::Chat,
        Surface::Responses,
        Surface::Messages,
        Surface::Embeddings,
    ] {
        let request = surface.request(model(surface), true).to_string();
        let ask = Ask::post(surface.path(), request).bearer(&key.key);
        let answer = ask.send(stand.app.base()).await;
        assert_eq!(answer.status, 429);
        let message = assert_error_shape(surface, &answer);
        assert!(message.contains("limits.requests_per_minute"), "{message}");
        let kind = &answer.json()["error"]["type"];
        if surface == Surface::Messages {
            assert_eq!(kind, "rate_limit_error");
        }
    }
    assert!(stand.upstream.requests().is_empty());
}

#[tokio::test]
async fn tokens_are_uncached_input_cache_writes_and_output() {
    let stand = Stand::start().await;
    let key = stand.key(json!({"tokens_per_minute": 10_000})).await;
    let usage = Usage {
        input: 1_000,
        cache_read: 500_000,
        cache_write_5m: 1_500,
        cache_write_1h: 500,
        output: 300,
        reasoning: 200,
        ..Usage::default()
    };
    stand
        .upstream
        .on(Surface::Messages.path(), Reply::text("Fine.").usage(usage));
    for used in [3_500, 7_000] {
        stand.ask(&key.key, Surface::Messages).await.expect(200);
        let gauge = stand.state(&key).await["tokens_per_minute"].take();
        assert_eq!(gauge["limit"], 10_000, "{gauge}");
        assert_eq!(gauge["remaining"], 10_000 - used, "{gauge}");
    }
    // The request fits, its answer does not: it is counted all the same.
    stand.ask(&key.key, Surface::Messages).await.expect(200);
    let gauge = stand.state(&key).await["tokens_per_minute"].take();
    assert_eq!(gauge["remaining"], 0, "{gauge}");
    let refused = stand.ask(&key.key, Surface::Messages).await.expect(429);
    assert_eq!(refused.header("x-ratelimit-limit-tokens"), "10000");
    assert_eq!(refused.header("x-ratelimit-remaining-tokens"), "0");
    assert_eq!(refused.header("x-ratelimit-limit-requests"), "");
    assert_eq!(refused.header("retry-after"), "60");
    let message = refused.json()["error"]["message"].to_string();
    assert!(message.contains("limits.tokens_per_minute"), "{message}");
    stand.clock.advance(Duration::from_mins(1));
    stand.ask(&key.key, Surface::Messages).await.expect(200);

    // OpenAI's counts hold the cached ones; they are taken out.
    let key = stand.key(json!({"tokens_per_minute": 10_000})).await;
    let usage = Usage {
        input: 100,
        cache_read: 9_000,
        cache_write_30m: 50,
        output: 20,
        reasoning: 30,
        ..Usage::default()
    };
    for surface in [Surface::Chat, Surface::Responses] {
        let reply = Reply::text("Fine.").usage(usage);
        stand.upstream.on(surface.path(), reply);
        stand.ask(&key.key, surface).await.expect(200);
    }
    let gauge = stand.state(&key).await["tokens_per_minute"].take();
    assert_eq!(gauge["remaining"], 10_000 - 2 * 200, "{gauge}");
}

#[tokio::test]
async fn requests_under_way_are_counted_until_they_end() {
    let stand = Stand::start().await;
    let key = stand.key(json!({"concurrent_requests": 2})).await;
    let gate = Gate::closed();
    let surface = Surface::Responses;
    let events = Reply::text("Slowly.").events(surface, model(surface), true);
    stand
        .upstream
        .on(surface.path(), Script::stream(events).wait_after(2, &gate));
    let request = surface.request(model(surface), true).to_string();
    let ask = || Ask::post(surface.path(), request.clone()).bearer(&key.key);
    let mut first = ask().open(stand.app.base()).await;
    gate.arrivals_at_least(1).await;
    let second = ask().open(stand.app.base()).await;
    gate.arrivals_at_least(2).await;
    let refused = ask().send(stand.app.base()).await;
    assert_eq!(refused.status, 429, "{}", refused.text());
    let message = assert_error_shape(surface, &refused);
    assert!(
        message.contains("limits.concurrent_requests = 2"),
        "{message}"
    );
    assert_eq!(refused.header("retry-after"), Some("1"));
    // One that ends makes room, and so does one whose client leaves.
    gate.let_one_through();
    drop(second);
    first.to_end().await;
    doubles::patience::expect("room for others", async {
        while stand.state(&key).await["concurrent_requests"]["remaining"] != 2 {
            gate.let_one_through();
        }
    })
    .await;
    gate.open();
    assert_eq!(ask().send(stand.app.base()).await.status, 200);
}

#[tokio::test]
async fn models_have_limits_of_their_own() {
    let stand = Stand::start().await;
    let limits = json!({"requests_per_minute": 3, "models": {
        "claude*": {"requests_per_minute": 1}, "gpt-9*": {"concurrent_requests": 1}}});
    let key = stand.key(limits).await;
    stand.ask(&key.key, Surface::Messages).await.expect(200);
    let refused = stand.ask(&key.key, Surface::Messages).await.expect(429);
    let message = refused.json()["error"]["message"].to_string();
    assert!(
        message.contains("limits.models.claude*.requests_per_minute = 1"),
        "{message}"
    );
    // What was refused there does not count for the key.
    stand.ask(&key.key, Surface::Chat).await.expect(200);
    stand.ask(&key.key, Surface::Chat).await.expect(200);
    let refused = stand.ask(&key.key, Surface::Chat).await.expect(429);
    let message = refused.json()["error"]["message"].to_string();
    assert!(
        message.contains("limits.requests_per_minute = 3"),
        "{message}"
    );
}

#[tokio::test]
async fn some_have_no_limits() {
    let stand = Stand::start().await;
    let free = stand.key(json!({})).await;
    for key in [stand.app.admin_key(), free.key.as_str()] {
        for answer in join_all((0..120).map(|_| stand.echo(key))).await {
            answer.expect(200);
        }
    }
    // What the settings say, keys without limits follow at once, with what they have counted.
    let plain = stand.app.key(json!({"name": "plain"})).await;
    stand.echo(&plain.key).await.expect(200);
    let file = stand.app.settings_file();
    let settings = std::fs::read_to_string(file).unwrap();
    let fewer = format!("[limits.default]\nrequests_per_minute = 2\n{settings}");
    std::fs::write(file, fewer).unwrap();
    stand.app.running().reload();
    stand.echo(&plain.key).await.expect(200);
    stand.echo(&plain.key).await.expect(429);
    stand.echo(&free.key).await.expect(200);
}
