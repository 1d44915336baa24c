//! Settings that change while the product serves: the next call follows, streams under way do not notice, and a file with
//! a fault changes nothing.

use doubles::Provider;
use doubles::provider::reply::Surface;
use doubles::provider::{Gate, Reply, Script};
use kernel::Usage;
use serde_json::{Value, json};
use testkit::{Answer, TestApp};

use crate::identity::untagged;
use crate::raw::Ask;

fn provider(name: &str, upstream: &Provider) -> String {
    format!(
        "[[providers]]\nname = \"{name}\"\nkind = \"openai\"\nbase_url = \"{}\"\napi_key = \"upstream-{name}\"\nserves = []\n",
        upstream.openai_url()
    )
}

fn house(provider: &str, model: &str, output: &str) -> String {
    format!(
        "[[models]]\nid = \"house\"\nroute = [{{ provider = \"{provider}\", model = \"{model}\" }}]\nprice = {{ input = \"0\", output = \"{output}\" }}\n"
    )
}

fn write(app: &TestApp, settings: &str) {
    std::fs::write(app.settings_file(), settings).unwrap();
}

fn reply() -> Reply {
    Reply::text("Done.").usage(Usage {
        output: 1_000,
        ..Usage::default()
    })
}

async fn call(app: &TestApp) -> Answer {
    let request = Surface::Responses.request("house", false);
    app.post(Surface::Responses.path(), app.admin_key(), &request)
        .await
}

/// The output price of a model as callers see it.
async fn price(app: &TestApp) -> Value {
    let shown = app.get("/v1/models/capabilities", app.admin_key()).await;
    let shown = shown.expect(200).json();
    let models = shown["data"].as_array().unwrap();
    let house = models.iter().find(|model| model["id"] == "house");
    house.map_or(Value::Null, |house| house["pricing"]["output"].clone())
}

#[tokio::test]
async fn a_changed_file_holds_for_the_next_call_and_no_stream_notices() {
    let (old, new) = (Provider::start().await, Provider::start().await);
    old.on(Surface::Responses.path(), reply());
    new.on(Surface::Responses.path(), reply());
    let first = provider("old", &old) + &house("old", "m-old", "1");
    let app = TestApp::builder().settings(&first).start().await;

    let gate = Gate::closed();
    let events = reply().events(Surface::Responses, "m-old", true);
    let sent = events.concat();
    let slow = Script::stream(events).wait_after(4, &gate);
    old.next(Surface::Responses.path(), slow);
    let request = Surface::Responses.request("house", true).to_string();
    let ask = Ask::post(Surface::Responses.path(), request).bearer(app.admin_key());
    let mut stream = ask.open(app.base()).await;
    gate.arrivals_at_least(1).await;

    // The old provider is gone from the file, and the price is another one.
    write(&app, &(provider("new", &new) + &house("new", "m-new", "7")));
    app.running().reload();
    let answer = call(&app).await.expect(200);
    assert_eq!(answer.header("x-switchyard-cost-usd"), "0.007");
    assert_eq!(answer.json()["model"], "m-new");
    assert_eq!(price(&app).await, "7");
    assert_eq!((old.requests().len(), new.requests().len()), (1, 1));
    assert_eq!(
        new.requests()[0].header("authorization"),
        Some("Bearer upstream-new")
    );

    gate.open();
    stream.to_end().await;
    assert!(stream.answer.whole);
    assert_eq!(untagged(&stream.answer.body), sent);
    // It is billed at the price that held when it began.
    let id = stream.answer.header("x-switchyard-call-id").unwrap();
    let record = app.call(id).await;
    assert_eq!(record["status"], "ok", "{record}");
    assert_eq!(record["provider"], "old", "{record}");
    assert_eq!(record["cost_nano_usd"], 1_000_000, "{record}");
}

#[tokio::test]
async fn the_file_is_followed_without_being_told() {
    let upstream = Provider::start().await;
    let providers = provider("p", &upstream);
    let app = TestApp::builder().settings(&providers).start().await;
    assert_eq!(price(&app).await, Value::Null);
    call(&app).await.expect(404);
    for output in ["3", "45"] {
        write(&app, &format!("{providers}{}", house("p", "m", output)));
        doubles::patience::expect("the new price", async {
            while price(&app).await != output {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
    upstream.on(Surface::Responses.path(), reply());
    let answer = call(&app).await.expect(200);
    assert_eq!(answer.header("x-switchyard-cost-usd"), "0.045");
}

#[tokio::test]
async fn a_file_with_a_fault_changes_nothing() {
    let upstream = Provider::start().await;
    upstream.on(Surface::Responses.path(), reply());
    let good = provider("p", &upstream) + &house("p", "m", "1");
    let app = TestApp::builder().settings(&good).start().await;
    let settings = "/v1/debug/settings";
    let before = app.get(settings, app.admin_key()).await.expect(200).json();
    // Each also changes the price, which must not come through.
    let changed = provider("p", &upstream) + &house("p", "m", "9");
    let bad = [
        format!("{changed}\nthis is no setting"),
        format!("{changed}\n[gatway]\nmax_body_bytes = 1\n"),
        format!("[gateway]\nmax_body_bytes = \"many\"\n{changed}"),
        format!("[gateway]\nmax_body_bytes = 0\n{changed}"),
        format!("{changed}\n[[models]]\nid = \"lost\"\nroute = [{{ provider = \"nobody\" }}]\n"),
        format!("{changed}\n[[models]]\nid = \"free\"\nprice = {{ output = \"-1\" }}\n"),
        format!(
            "{changed}\n[[providers]]\nname = \"q\"\nkind = \"openai\"\napi_key = \"env:SWITCHYARD_TEST_NOT_SET\"\n"
        ),
        format!("{changed}\n[[providers]]\nname = \"q\"\nkind = \"telepathy\"\n"),
        format!("{changed}{}", provider("p", &upstream)),
        format!(
            "{changed}\n[[providers]]\nname = \"q\"\nkind = \"openai\"\nbase_url = \"not an address\"\n"
        ),
    ];
    for file in bad {
        write(&app, &file);
        app.running().reload();
        let answer = call(&app).await.expect(200);
        assert_eq!(answer.header("x-switchyard-cost-usd"), "0.001", "{file}");
        let after = app.get(settings, app.admin_key()).await.expect(200).json();
        assert_eq!(after, before, "{file}");
    }
    // A file that is gone for a moment is no fault, and a good one is taken.
    std::fs::remove_file(app.settings_file()).unwrap();
    app.running().reload();
    write(&app, &changed);
    app.running().reload();
    let answer = call(&app).await.expect(200);
    assert_eq!(answer.header("x-switchyard-cost-usd"), "0.009");
}

#[tokio::test]
async fn what_is_not_in_a_reloaded_part_stays_as_it_was_started() {
    let upstream = Provider::start().await;
    let good = provider("p", &upstream) + &house("p", "m", "1");
    let app = TestApp::builder().settings(&good).start().await;
    let key = app
        .key(json!({"name": "kept", "budgets": [{"amount_usd": "1", "period": "day", "hard": true}]}))
        .await;
    upstream.on(Surface::Responses.path(), reply());
    let request = Surface::Responses.request("house", false);
    let path = Surface::Responses.path();
    app.post(path, &key.key, &request).await.expect(200);
    write(
        &app,
        &format!("[budgets]\nreserve_output_tokens = 10\n{good}"),
    );
    app.running().reload();
    app.post(path, &key.key, &request).await.expect(200);
    let path = format!("/v1/keys/{}", key.id);
    let shown = app.get(&path, app.admin_key()).await;
    let budget = shown.expect(200).json()["budgets"][0].take();
    assert_eq!(budget["spent_nano_usd"], 2_000_000, "{budget}");
}

/// The value of a setting in force.
async fn in_force(app: &TestApp, path: &str) -> Value {
    let shown = app.get("/v1/debug/settings", app.admin_key()).await;
    let shown = shown.expect(200).json();
    let rows = shown["data"].as_array().unwrap();
    let row = rows.iter().find(|row| row["path"] == path);
    row.map_or(Value::Null, |row| row["value"].clone())
}

#[tokio::test]
async fn settings_that_are_read_at_the_start_only_are_shown_as_they_were() {
    let app = TestApp::builder().start().await;
    let before = in_force(&app, "http.max_body_bytes").await;
    let text = "[http]\nmax_body_bytes = 5000\n[gateway]\nretries = 1\n[limits.default]\nrequests_per_minute = 7\n";
    write(&app, text);
    app.running().reload();
    assert_eq!(in_force(&app, "http.max_body_bytes").await, before);
    assert_eq!(in_force(&app, "gateway.retries").await, 1);
    assert_eq!(
        in_force(&app, "limits.default.requests_per_minute").await,
        7
    );
    write(&app, "[gatway]\n");
    app.running().reload();
    let figures = app
        .get("/metrics", app.admin_key())
        .await
        .expect(200)
        .text();
    for result in ["ok", "refused"] {
        let start = format!("switchyard_settings_reloads_total{{result=\"{result}\"}} ");
        let line = figures.lines().find(|line| line.starts_with(&start));
        let line = line.unwrap_or_else(|| panic!("no {start}"));
        assert!(!line.ends_with(" 0"), "{line}");
    }
}
