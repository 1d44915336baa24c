//! Budgets through the whole product: reserved before a call, topped up while it streams, settled after it. A hard one
//! refuses before any provider is called and is never overspent by more than a step for each stream.

mod lasting;
mod streams;

use doubles::provider::reply::Surface;
use doubles::provider::{Gate, Reply, Script};
use futures_util::future::join_all;
use kernel::Usage;
use serde_json::{Value, json};
use testkit::{Answer, IssuedKey, TestApp};

use crate::bad_input::assert_error_shape;
use crate::ground::{Ground, model};
use crate::raw::Ask;

/// A token of output costs a thousandth of a dollar, so a step costs a tenth.
const METERED: &str = r#"
[budgets]
reserve_output_tokens = 100
[[models]]
id = "metered"
route = [{ provider = "openai" }]
price = { input = "0", output = "1000" }
[[models]]
id = "claude-metered"
route = [{ provider = "anthropic" }]
price = { input = "0", output = "1000" }
[[models]]
id = "nameless"
route = [{ provider = "openai" }]
"#;
const TOKEN: i64 = 1_000_000;
const STEP: i64 = 100 * TOKEN;

const fn metered(surface: Surface) -> &'static str {
    match surface {
        Surface::Messages => "claude-metered",
        _ => "metered",
    }
}

async fn key(app: &TestApp, budgets: Value) -> IssuedKey {
    app.key(json!({"name": "budgeted", "limits": {}, "budgets": budgets}))
        .await
}

/// The key's budgets as they stand.
async fn standing(app: &TestApp, key: &IssuedKey) -> Value {
    let path = format!("/v1/keys/{}", key.id);
    app.get(&path, app.admin_key()).await.expect(200).json()["budgets"].take()
}

async fn ask(app: &TestApp, key: &IssuedKey, surface: Surface, request: &Value) -> Answer {
    app.post(surface.path(), &key.key, request).await
}

fn output(tokens: u64) -> Reply {
    Reply::text("Fine.").usage(Usage {
        output: tokens,
        ..Usage::default()
    })
}

#[tokio::test]
async fn a_hard_budget_refuses_before_the_provider_is_called() {
    let ground = Ground::start().await;
    let key = key(
        &ground.app,
        json!([{"amount_usd": "5", "period": "day", "hard": false},
            {"amount_usd": "0.000000001", "period": "month", "hard": true}]),
    )
    .await;
    for surface in [
        Surface::Chat,
        Surface::Responses,
        Surface::Messages,
        Surface::Embeddings,
    ] {
        for stream in [false, true] {
            let request = surface.request(model(surface), stream).to_string();
            let ask = Ask::post(surface.path(), request).bearer(&key.key);
            let answer = ask.send(ground.url()).await;
            assert_eq!(answer.status, 429, "{}", answer.text());
            let message = assert_error_shape(surface, &answer);
            assert!(message.contains("budgets[1]"), "{message}");
            assert!(message.contains("amount_usd"), "{message}");
            assert_eq!(answer.header("x-should-retry"), Some("false"));
            assert_eq!(answer.header("x-switchyard-cost-usd"), None);
        }
    }
    assert!(ground.upstream.requests().is_empty());
    assert!(ground.app.calls().await.is_empty());
    let budgets = standing(&ground.app, &key).await;
    for budget in budgets.as_array().unwrap() {
        assert_eq!(budget["spent_nano_usd"], 0, "{budget}");
        assert_eq!(budget["reserved_nano_usd"], 0, "{budget}");
    }
}

#[tokio::test]
async fn calls_at_once_never_spend_more_than_there_is() {
    let ground = Ground::with(METERED).await;
    let gate = Gate::closed();
    let whole = output(100).body(Surface::Chat, "metered", 0);
    let script = Script::json(200, &whole).wait_first(&gate);
    ground.upstream.on(Surface::Chat.path(), script);
    let key = key(
        &ground.app,
        json!([{"amount_usd": "1", "period": "total", "hard": true}]),
    )
    .await;
    let mut request = Surface::Chat.request("metered", false);
    request["max_tokens"] = json!(100);
    let calls = (0..40).map(|_| ask(&ground.app, &key, Surface::Chat, &request));
    let look = async {
        // Ten fit, and all of them are under way at once.
        gate.arrivals_at_least(10).await;
        let held = standing(&ground.app, &key).await;
        assert_eq!(held[0]["reserved_nano_usd"], 10 * STEP, "{held}");
        gate.open();
    };
    let (answers, ()) = tokio::join!(join_all(calls), look);
    let made = answers.iter().filter(|answer| answer.status == 200);
    assert_eq!(made.count(), 10);
    let refused = answers.iter().filter(|answer| answer.status == 429);
    assert_eq!(refused.count(), 30);
    assert_eq!(ground.upstream.requests().len(), 10);
    let held = standing(&ground.app, &key).await;
    assert_eq!(held[0]["spent_nano_usd"], 10 * STEP, "{held}");
    assert_eq!(held[0]["reserved_nano_usd"], 0, "{held}");
}

#[tokio::test]
async fn what_was_not_needed_is_given_back() {
    let ground = Ground::with(METERED).await;
    let key = key(
        &ground.app,
        json!([{"amount_usd": "0.1", "period": "total", "hard": true}]),
    )
    .await;
    // A large allowance locks nobody out: one step is set aside, and ten tokens were needed.
    let mut request = Surface::Chat.request("metered", false);
    request["max_tokens"] = json!(1_000_000);
    let path = Surface::Chat.path();
    ground.upstream.next(path, output(10));
    ask(&ground.app, &key, Surface::Chat, &request)
        .await
        .expect(200);
    let held = standing(&ground.app, &key).await;
    assert_eq!(held[0]["spent_nano_usd"], 10 * TOKEN, "{held}");
    // 90 tokens are left, so a whole step is not.
    ask(&ground.app, &key, Surface::Chat, &request)
        .await
        .expect(429);
    request["max_tokens"] = json!(90);
    // What failed costs nothing.
    let failed = Script::json(
        500,
        &json!({"error": {"message": "no", "type": "server_error"}}),
    );
    ground.upstream.next(path, failed);
    ask(&ground.app, &key, Surface::Chat, &request)
        .await
        .expect(500);
    ground.upstream.next(path, output(90));
    ask(&ground.app, &key, Surface::Chat, &request)
        .await
        .expect(200);
    let held = standing(&ground.app, &key).await;
    assert_eq!(held[0]["spent_nano_usd"], STEP, "{held}");
    assert_eq!(held[0]["reserved_nano_usd"], 0, "{held}");
}

#[tokio::test]
async fn soft_budgets_never_refuse() {
    let ground = Ground::with(METERED).await;
    let key = key(
        &ground.app,
        json!([{"amount_usd": "0.000000001", "period": "day", "hard": false}]),
    )
    .await;
    ground.upstream.on(Surface::Chat.path(), output(1_000));
    for stream in [false, true, false] {
        let request = Surface::Chat.request("metered", stream);
        ask(&ground.app, &key, Surface::Chat, &request)
            .await
            .expect(200);
    }
    let held = standing(&ground.app, &key).await;
    assert_eq!(held[0]["spent_nano_usd"], 3_000 * TOKEN, "{held}");
    assert_eq!(held[0]["hard"], false, "{held}");
    // Not even what has no price.
    let request = Surface::Chat.request("nameless", false);
    let answer = ask(&ground.app, &key, Surface::Chat, &request)
        .await
        .expect(200);
    assert_eq!(answer.header("x-switchyard-cost-usd"), "");
}

#[tokio::test]
async fn what_has_no_price_is_refused_under_a_hard_budget() {
    let ground = Ground::with(METERED).await;
    let rich = json!([{"amount_usd": "1000", "period": "total", "hard": true}]);
    let rich = key(&ground.app, rich).await;
    for surface in [Surface::Chat, Surface::Responses] {
        let request = surface.request("nameless", false).to_string();
        let ask = Ask::post(surface.path(), request).bearer(&rich.key);
        let answer = ask.send(ground.url()).await;
        assert_eq!(answer.status, 403, "{}", answer.text());
        let message = assert_error_shape(surface, &answer);
        assert!(message.contains("nameless") && message.contains("price"));
        assert_eq!(answer.header("x-should-retry"), Some("false"));
    }
    assert!(ground.upstream.requests().is_empty());
    // A hard budget of other models does not bear on it.
    let other =
        json!([{"amount_usd": "1000", "period": "total", "hard": true, "models": ["claude*"]}]);
    let other = key(&ground.app, other).await;
    let request = Surface::Chat.request("nameless", false);
    ask(&ground.app, &other, Surface::Chat, &request)
        .await
        .expect(200);
    let call = ground.calls(1).await.remove(0);
    assert_eq!(
        (&call["unpriced"], &call["cost_usd"]),
        (&json!(true), &Value::Null)
    );
}
