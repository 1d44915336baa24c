//! Stopping in order: streams under way finish, those that do not are ended in their own grammar at the deadline, and who
//! comes meanwhile is told so.

use doubles::Provider;
use doubles::provider::reply::Surface;
use doubles::provider::{Gate, Reply, Script};
use kernel::Usage;
use serde_json::Value;
use testkit::{Builder, TestApp};

use crate::bad_input::assert_error_shape;
use crate::faults::assert_error_event;
use crate::ground::model;
use crate::identity::untagged;
use crate::raw::{Ask, Reader};

fn builder(upstream: &Provider, drain_ms: u64) -> Builder {
    TestApp::builder()
        .env("SWITCHYARD__SERVER__DRAIN_MS", &drain_ms.to_string())
        .provider("anthropic", "anthropic", &upstream.url())
        .provider("openai", "openai", &upstream.openai_url())
}

fn reply() -> Reply {
    Reply::text("To the end and not a word less.")
        .pieces(6)
        .usage(Usage {
            input: 12,
            output: 7,
            ..Usage::default()
        })
}

fn ask(app: &TestApp, surface: Surface, stream: bool) -> Ask {
    let mut request = surface.request(model(surface), stream);
    if surface == Surface::Chat && stream {
        request["stream_options"] = serde_json::json!({"include_usage": true});
    }
    Ask::post(surface.path(), request.to_string()).bearer(app.admin_key())
}

/// One stream for each surface, each held after its fifth event.
async fn hold(app: &TestApp, upstream: &Provider, gate: &Gate) -> Vec<(Surface, Vec<u8>, Reader)> {
    let mut streams = Vec::new();
    for surface in Surface::STREAMING {
        let events = reply().events(surface, model(surface), true);
        let sent = events.concat();
        upstream.next(surface.path(), Script::stream(events).wait_after(5, gate));
        let reader = ask(app, surface, true).open(app.base()).await;
        streams.push((surface, sent, reader));
    }
    gate.arrivals_at_least(streams.len()).await;
    streams
}

/// Waits until the product says that it goes down.
async fn draining(base: &str) {
    doubles::patience::expect("the product to drain", async {
        while Ask::get("/health/ready").send(base).await.status != 503 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

async fn records(folder: &tempfile::TempDir, upstream: &Provider, count: usize) -> Vec<Value> {
    let app = builder(upstream, 5_000)
        .data_dir(folder.path())
        .start()
        .await;
    let calls = app.calls_at_least(count).await;
    assert_eq!(calls.len(), count, "{calls:#?}");
    calls
}

#[tokio::test]
async fn streams_under_way_finish_and_nothing_new_begins() {
    let upstream = Provider::start().await;
    let folder = tempfile::tempdir().unwrap();
    let app = builder(&upstream, 20_000)
        .data_dir(folder.path())
        .start()
        .await;
    let gate = Gate::closed();
    let streams = hold(&app, &upstream, &gate).await;
    let base = app.base().to_owned();
    let late: Vec<(Surface, Ask)> = [
        Surface::Chat,
        Surface::Responses,
        Surface::Messages,
        Surface::Embeddings,
    ]
    .into_iter()
    .map(|surface| (surface, ask(&app, surface, true)))
    .collect();
    let stopping = tokio::spawn(app.stop());
    draining(&base).await;
    for (surface, ask) in late {
        let answer = ask.send(&base).await;
        assert_eq!(answer.status, 503, "{}", answer.text());
        let message = assert_error_shape(surface, &answer);
        assert!(message.contains("shutting down"), "{message}");
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
    for path in ["/ready", "/health/ready"] {
        assert_eq!(Ask::get(path).send(&base).await.status, 503, "{path}");
    }
    assert_eq!(Ask::get("/health/live").send(&base).await.status, 200);
    assert_eq!(upstream.requests().len(), 3);
    assert!(!stopping.is_finished());
    gate.open();
    for (surface, sent, mut reader) in streams {
        reader.to_end().await;
        assert!(reader.answer.whole, "{surface:?} broke off");
        assert_eq!(untagged(&reader.answer.body), sent, "{surface:?}");
    }
    doubles::patience::expect("the product to stop", stopping)
        .await
        .unwrap();
    for call in records(&folder, &upstream, 3).await {
        assert_eq!(call["status"], "ok", "{call}");
        assert_eq!(call["estimated"], false, "{call}");
    }
}

#[tokio::test]
async fn at_the_deadline_every_stream_ends_in_its_own_grammar() {
    let upstream = Provider::start().await;
    let folder = tempfile::tempdir().unwrap();
    let app = builder(&upstream, 300)
        .data_dir(folder.path())
        .start()
        .await;
    let gate = Gate::closed();
    let streams = hold(&app, &upstream, &gate).await;
    app.stop().await;
    for (surface, sent, mut reader) in streams {
        reader.to_end().await;
        let answer = reader.answer;
        assert!(answer.whole, "{surface:?} broke off: {}", answer.text());
        assert_error_event(surface, &answer.body);
        assert!(answer.text().contains("shutting down"), "{}", answer.text());
        // What had come before is untouched.
        let body = untagged(&answer.body);
        let common = body.iter().zip(&sent).take_while(|(a, b)| a == b);
        assert!(common.count() > 200, "{}", answer.text());
    }
    upstream.idle().await;
    let calls = records(&folder, &upstream, 3).await;
    for call in calls {
        assert_eq!(call["status"], "unavailable", "{call}");
        assert_eq!(call["error_code"], "DRAINING", "{call}");
        assert_eq!(call["estimated"], true, "{call}");
        assert!(call["cost_nano_usd"].as_i64() > Some(0), "{call}");
    }
}

#[tokio::test]
async fn whole_answers_are_waited_for_and_at_the_deadline_given_up() {
    let upstream = Provider::start().await;
    let folder = tempfile::tempdir().unwrap();
    let app = builder(&upstream, 20_000)
        .data_dir(folder.path())
        .start()
        .await;
    let gate = Gate::closed();
    let surface = Surface::Messages;
    let body = reply().body(surface, model(surface), 0);
    let slow = Script::json(200, &body).wait_first(&gate);
    upstream.next(surface.path(), slow);
    let mut reader = ask(&app, surface, false).open(app.base()).await;
    gate.arrivals_at_least(1).await;
    let base = app.base().to_owned();
    let stopping = tokio::spawn(app.stop());
    draining(&base).await;
    gate.open();
    reader.to_end().await;
    assert_eq!(reader.answer.status, 200, "{}", reader.answer.text());
    assert_eq!(reader.answer.json(), body);
    doubles::patience::expect("the product to stop", stopping)
        .await
        .unwrap();

    let app = builder(&upstream, 300)
        .data_dir(folder.path())
        .start()
        .await;
    let closed = Gate::closed();
    let never = Script::json(200, &body).wait_first(&closed);
    upstream.next(surface.path(), never);
    let mut reader = ask(&app, surface, false).open(app.base()).await;
    closed.arrivals_at_least(1).await;
    app.stop().await;
    reader.to_end().await;
    assert_eq!(reader.answer.status, 503, "{}", reader.answer.text());
    assert_error_shape(surface, &reader.answer);
    upstream.idle().await;
    let calls = records(&folder, &upstream, 2).await;
    assert_eq!(calls[0]["status"], "unavailable", "{}", calls[0]);
    assert_eq!(calls[1]["status"], "ok", "{}", calls[1]);
}

#[tokio::test]
async fn with_nothing_under_way_the_end_comes_at_once() {
    let upstream = Provider::start().await;
    let app = builder(&upstream, 60_000).start().await;
    let request = Surface::Chat.request("sim/echo", false);
    // A connection that is kept open by its client holds nothing up.
    app.post(Surface::Chat.path(), app.admin_key(), &request)
        .await
        .expect(200);
    doubles::patience::expect("the product to stop", app.stop()).await;
}

#[tokio::test]
async fn a_caller_that_reads_nothing_is_on_record_when_the_server_has_stopped() {
    let upstream = Provider::start().await;
    let folder = tempfile::tempdir().unwrap();
    // Time enough for the stream to stand still.
    let app = builder(&upstream, 1_500)
        .data_dir(folder.path())
        .start()
        .await;
    let surface = Surface::Chat;
    // Far more than the sockets between hold, so that the stream stands still.
    let many = Reply::text(&"word ".repeat(5_000_000)).pieces(200);
    let events = many.events(surface, model(surface), true);
    let gate = Gate::closed();
    upstream.on(surface.path(), Script::stream(events).wait_after(3, &gate));
    let unread = ask(&app, surface, true).open(app.base()).await;
    gate.arrivals_at_least(1).await;
    gate.open();
    app.stop().await;
    drop(unread);
    // As where the volume goes with its machine: what the stop did not bring to the store is lost.
    std::fs::remove_dir_all(folder.path().join("journal")).unwrap();
    let call = records(&folder, &upstream, 1).await.remove(0);
    assert_eq!(call["estimated"], true, "{call}");
}
