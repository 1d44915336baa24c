//! How providers are reached: over TLS with a company's own authority, over HTTP/2, and after they come back.

use doubles::Provider;
use doubles::provider::faults::Fault;
use doubles::provider::reply::Surface;
use doubles::provider::{Ending, Gate, Reply, Script};
use serde_json::json;
use testkit::TestApp;

use crate::bad_input::assert_error_shape;
use crate::ground::{Ground, model};
use crate::identity::untagged;
use crate::raw::Ask;

/// The product with one provider over TLS; `trusted` says whether its authority is known.
async fn over_tls(trusted: bool) -> (Provider, TestApp, String, tempfile::NamedTempFile) {
    let upstream = Provider::start_tls().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), upstream.authority_pem()).unwrap();
    let authority = if trusted {
        format!("ca_file = \"{}\"", file.path().display())
    } else {
        String::new()
    };
    let app = TestApp::builder()
        .provider("anthropic", "anthropic", &upstream.url())
        .settings(&authority)
        .start()
        .await;
    let key = app.key(json!({"name": "tls", "limits": {}})).await.key;
    (upstream, app, key, file)
}

fn ask(key: &str) -> Ask {
    let body = Surface::Messages
        .request(model(Surface::Messages), true)
        .to_string();
    Ask::post("/v1/messages", body).bearer(key)
}

#[tokio::test]
async fn an_own_authority_is_trusted_where_it_is_set() {
    let (upstream, app, key, _file) = over_tls(true).await;
    let answer = ask(&key).send(app.base()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.text().contains("message_stop"));
    assert_eq!(upstream.requests()[0].version, "HTTP/2.0");

    // A stream that is cut ends in its grammar here too, and a caller that leaves cancels its stream alone.
    upstream.on(
        "/v1/messages",
        Fault::CutMidEvent.script(Surface::Messages, "m"),
    );
    let answer = ask(&key).send(app.base()).await;
    crate::faults::assert_error_event(Surface::Messages, &answer.body);
    upstream.on(
        "/v1/messages",
        Fault::IdleStall.script(Surface::Messages, "m"),
    );
    let mut reader = ask(&key).open(app.base()).await;
    reader.until(|answer| !answer.body.is_empty()).await;
    drop(reader);
    assert!(matches!(
        upstream.closed(2).await,
        Ending::ClientLeft { .. }
    ));
}

#[tokio::test]
async fn an_unknown_authority_is_refused_and_the_error_says_so() {
    let (upstream, app, key, _file) = over_tls(false).await;
    let answer = ask(&key).send(app.base()).await;
    assert_eq!(answer.status, 502, "{}", answer.text());
    assert_error_shape(Surface::Messages, &answer);
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn a_provider_that_is_down_is_reported_and_found_again() {
    let ground = Ground::start().await;
    ground.upstream.stop();
    let answer = ask(&ground.key).send(ground.url()).await;
    assert_eq!(answer.status, 502, "{}", answer.text());
    assert_error_shape(Surface::Messages, &answer);
    ground.upstream.resume().await;
    let answer = ask(&ground.key).send(ground.url()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[tokio::test]
async fn a_slow_first_byte_is_waited_for_and_headers_go_out_with_it() {
    let ground = Ground::start().await;
    for surface in Surface::STREAMING {
        let gate = Gate::closed();
        let events = Reply::text("late").events(surface, model(surface), true);
        let script = Script::stream(events).wait_first(&gate);
        let sent = script.body();
        ground.upstream.on(surface.path(), script);
        let mut body = surface.request(model(surface), true);
        if surface == Surface::Chat {
            body["stream_options"] = json!({"include_usage": true});
        }
        let ask = Ask::post(surface.path(), body.to_string()).bearer(&ground.key);
        let mut reader = ask.open(ground.url()).await;
        gate.arrivals_at_least(1).await;
        assert_eq!(reader.answer.status, 0);
        gate.open();
        reader.to_end().await;
        assert!(untagged(&reader.answer.body) == sent, "{surface:?}");
    }
}
