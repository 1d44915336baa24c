//! How providers are cared for: their breakers and resting models, a caller's own credential, answers of another form
//! than was asked for, callers that leave, and what is set aside for a call.

use std::time::{Duration, Instant};

use bytes::Bytes;
use doubles::Provider;
use doubles::provider::reply::Surface;
use doubles::provider::{Ending, Gate, Reply, Script};
use serde_json::json;
use testkit::TestApp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::bad_input::assert_error_shape;
use crate::ground::{Ground, model};
use crate::identity::untagged;
use crate::native::{breakers, breakers_state};
use crate::raw::Ask;

fn ask(surface: Surface, stream: bool) -> Ask {
    let mut body = surface.request(model(surface), stream);
    if surface == Surface::Chat && stream {
        body["stream_options"] = json!({"include_usage": true});
    }
    Ask::post(surface.path(), body.to_string())
}

const fn provider(surface: Surface) -> &'static str {
    match surface {
        Surface::Messages => "anthropic",
        _ => "openai",
    }
}

#[tokio::test]
async fn five_failures_open_the_breaker_and_a_reset_closes_it() {
    for surface in [Surface::Messages, Surface::Chat] {
        let ground = Ground::with("[gateway]\nbreaker_open_ms = 60000\n").await;
        let down = json!({"error": {"message": "down"}});
        ground.upstream.on(surface.path(), Script::json(500, &down));
        for _ in 0..5 {
            let answer = ground.send(ask(surface, false)).await;
            assert_eq!((answer.status, answer.json()), (500, down.clone()));
        }
        let refused = ground.send(ask(surface, true)).await;
        assert_eq!(refused.status, 503, "{}", refused.text());
        let message = assert_error_shape(surface, &refused);
        assert!(message.contains(provider(surface)), "{message}");
        let seconds: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=60).contains(&seconds));
        assert_eq!(ground.upstream.requests().len(), 5);
        let listed = breakers(&ground).await;
        let shown = &listed[provider(surface)];
        assert_eq!(
            (&shown["state"], &shown["failures"]),
            (&json!("open"), &json!(5))
        );
        assert!(shown["opened_at"].is_string());
        assert_eq!(listed["sim"]["state"], "closed");
        let call = ground.calls(6).await.remove(5);
        assert_eq!(
            (&call["status"], &call["error_code"], &call["cost_nano_usd"]),
            (&json!("unavailable"), &json!("BREAKER_OPEN"), &json!(0)),
            "{call}"
        );

        let reset = format!("/v1/circuit-breakers/{}/reset", provider(surface));
        let app = &ground.app;
        let reset = app.post(&reset, app.admin_key(), &json!({})).await;
        assert!(reset.status.is_success(), "{}", reset.text());
        assert_eq!(breakers_state(&ground, provider(surface)).await, "closed");
        ground.upstream.on(surface.path(), Reply::text("up again"));
        assert_eq!(ground.send(ask(surface, false)).await.status, 200);
    }
}

#[tokio::test]
async fn a_breaker_that_opens_between_two_tries_does_not_hide_what_the_provider_said() {
    let upstream = Provider::start().await;
    let app = TestApp::builder()
        .settings("[gateway]\nretries = 2\nretry_base_ms = 1\nbreaker_failures = 2\n")
        .provider("openai", "openai", &upstream.openai_url())
        .start()
        .await;
    let key = app.key(json!({"limits": {}})).await.key;
    let send = async || {
        ask(Surface::Chat, false)
            .bearer(&key)
            .send(app.base())
            .await
    };
    let down = json!({"error": {"message": "down"}});
    upstream.on(Surface::Chat.path(), Script::json(500, &down));
    let answer = send().await;
    assert_eq!((answer.status, answer.json()), (500, down));
    assert_eq!(upstream.requests().len(), 2);
    assert_eq!(answer.header("x-should-retry"), Some("false"));
    let call = app.calls_at_least(1).await.remove(0);
    assert_eq!(
        (&call["status"], &call["http_status"]),
        (&json!("upstream_error"), &json!(500)),
        "{call}"
    );
    // The next caller's provider is not asked at all: that is ours to say, with the call's place in the record.
    let refused = send().await;
    assert_eq!(refused.status, 503, "{}", refused.text());
    let id = refused.header("x-switchyard-call-id").unwrap();
    assert_eq!(upstream.requests().len(), 2);
    app.calls_at_least(2).await;
    let request = refused.header("x-request-id").unwrap();
    let found = format!("/v1/calls?request_id={request}");
    let found = app.get(&found, app.admin_key()).await.json();
    assert_eq!(found["data"].as_array().unwrap().len(), 1, "{found}");
    assert_eq!(found["data"][0]["id"], id);
}

#[tokio::test]
async fn a_page_in_the_place_of_an_answer_is_a_failure_of_the_provider() {
    let (one, two) = (Provider::start().await, Provider::start().await);
    let app = TestApp::builder()
        .provider("one", "openai", &one.openai_url())
        .provider("two", "openai", &two.openai_url())
        .settings("[gateway]\nretries = 0\n[[models]]\nid = \"house\"\nroute = [{ provider = \"one\", model = \"gpt-5.6-terra\" }]\nfallback = [{ provider = \"two\", model = \"gpt-5.6-terra\" }]\n[[models]]\nid = \"alone\"\nroute = [{ provider = \"one\", model = \"gpt-5.6-terra\" }]\n")
        .start()
        .await;
    const PAGE: &str = "<html>please sign in</html>";
    let page = Script::whole(200, "text/html", PAGE);
    one.on("/v1/chat/completions", page);
    two.on("/v1/chat/completions", Reply::text("two"));
    let key = app.key(json!({"limits": {}})).await.key;
    for stream in [false, true] {
        let ask = |model: &str| {
            let body = Surface::Chat.request(model, stream).to_string();
            Ask::post("/v1/chat/completions", body).bearer(&key)
        };
        let answer = ask("house").send(app.base()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(!answer.text().contains("html"), "{}", answer.text());
        // With nobody else to ask, it is passed on as it came, and nothing is owed.
        let answer = ask("alone").send(app.base()).await;
        assert_eq!((answer.status, answer.text()), (200, PAGE.to_owned()));
    }
    let calls = app.calls_at_least(4).await;
    let alone: Vec<_> = calls
        .iter()
        .filter(|call| call["requested_model"] == "alone")
        .collect();
    assert_eq!(alone.len(), 2);
    for call in alone {
        assert_eq!(
            (&call["status"], &call["cost_nano_usd"]),
            (&json!("upstream_error"), &json!(0)),
            "{call}"
        );
    }
}

#[tokio::test]
async fn an_answer_too_large_to_be_held_is_billed_by_its_own_counts() {
    let ground = Ground::with("[gateway]\nmax_answer_bytes = 65536\n").await;
    let surface = Surface::Embeddings;
    let answer = json!({
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": vec![0.25; 60_000]}],
        "model": model(surface),
        "usage": {"prompt_tokens": 80_000, "total_tokens": 80_000},
    });
    ground
        .upstream
        .on(surface.path(), Script::json(200, &answer));
    let got = ground.send(ask(surface, false)).await;
    assert_eq!((got.status, got.json()), (200, answer));
    let call = ground.calls(1).await.remove(0);
    assert_eq!(
        (&call["input_tokens"], &call["estimated"]),
        (&json!(80_000), &json!(false)),
        "{call}"
    );
}

#[tokio::test]
async fn a_models_own_refusals_let_only_that_model_rest() {
    let ground = Ground::with("[gateway]\nbreaker_failures = 2\n").await;
    let surface = Surface::Messages;
    for status in [404, 429, 529] {
        let no = json!({"type": "error", "error": {"type": "x", "message": "no"}});
        let script = Script::json(status, &no).header("retry-after", "50");
        ground.upstream.on(surface.path(), script);
        for _ in 0..3 {
            let answer = ground.send(ask(surface, false)).await;
            assert_eq!((answer.status, answer.json()), (status, no.clone()));
            assert_eq!(answer.header("retry-after"), Some("50"));
        }
    }
    let listed = breakers(&ground).await;
    let shown = &listed["anthropic"];
    assert_eq!(
        (&shown["state"], &shown["failures"]),
        (&json!("closed"), &json!(0))
    );
    assert_eq!(shown["models"][0]["model"], model(surface));
    // With one target the caller decides when to try again; an answer ends the rest.
    for stream in [false, true] {
        ground.upstream.on(surface.path(), Reply::text("back"));
        assert_eq!(ground.send(ask(surface, stream)).await.status, 200);
        assert_eq!(breakers(&ground).await["anthropic"]["models"], json!([]));
    }
}

#[tokio::test]
async fn a_route_with_several_targets_passes_over_one_that_rests() {
    let (one, two) = (Provider::start().await, Provider::start().await);
    let app = TestApp::builder()
        .provider("one", "openai", &one.openai_url())
        .provider("two", "openai", &two.openai_url())
        .settings("[[models]]\nid = \"house\"\nroute = [{ provider = \"one\", model = \"gpt-5.6-terra\", weight = 1000000 }, { provider = \"two\", model = \"gpt-5.6-terra\" }]\n")
        .start()
        .await;
    let busy = json!({"error": {"message": "busy"}});
    let script = Script::json(429, &busy).header("retry-after", "50");
    one.on("/v1/chat/completions", script);
    let key = app.key(json!({"limits": {}})).await.key;
    let body = Surface::Chat.request("house", false);
    for _ in 0..5 {
        let next = app.post("/v1/chat/completions", &key, &body).await;
        assert_eq!(next.expect(200).json()["model"], "gpt-5.6-terra");
    }
    assert_eq!((one.requests().len(), two.requests().len()), (1, 5));
    assert_eq!(two.requests()[0].json()["model"], "gpt-5.6-terra");
}

#[tokio::test]
async fn a_callers_own_credential_goes_to_its_provider_alone() {
    let upstream = Provider::start().await;
    let app = TestApp::builder()
        .settings(&format!(
            "[[providers]]\nname = \"own\"\nkind = \"anthropic\"\nbase_url = \"{}\"\ncredential = \"client\"\n",
            upstream.url()
        ))
        .provider("openai", "openai", &upstream.openai_url())
        .start()
        .await;
    let budgets = json!([{"amount_usd": "0.000001", "period": "total", "hard": true}]);
    let bounded = app.key(json!({"limits": {}, "budgets": budgets})).await.key;
    let open = app.key(json!({"limits": {}})).await.key;
    for stream in [false, true] {
        let answer = ask(Surface::Messages, stream)
            .bearer("sk-ant-own")
            .header("x-switchyard-key", &bounded)
            .send(app.base())
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let seen = upstream.requests().pop().unwrap();
        assert_eq!(seen.header("authorization"), Some("Bearer sk-ant-own"));
        assert_eq!(seen.header("x-api-key"), None);
        assert!(
            seen.headers
                .iter()
                .all(|(name, _)| !name.to_lowercase().contains("switchyard"))
        );
    }
    let answer = ask(Surface::Chat, false)
        .bearer("sk-ant-own")
        .header("x-switchyard-key", &open)
        .send(app.base())
        .await;
    assert_eq!(answer.status, 200);
    let seen = upstream.requests().pop().unwrap();
    assert_eq!(seen.header("authorization"), Some("Bearer upstream-openai"));
    assert!(!format!("{:?}", seen.headers).contains("sk-ant-own"));

    let missing = ask(Surface::Messages, false)
        .bearer(&open)
        .send(app.base())
        .await;
    assert_eq!(missing.status, 401, "{}", missing.text());
    let message = assert_error_shape(Surface::Messages, &missing);
    assert!(message.contains("x-switchyard-key"), "{message}");

    let calls = app.calls_at_least(3).await;
    let own: Vec<_> = calls
        .iter()
        .filter(|call| call["provider"] == "own")
        .collect();
    assert_eq!((calls.len(), own.len()), (3, 2));
    for call in own {
        // The list price stands beside; nobody's budget is touched.
        assert_eq!(
            (&call["billed_by_client"], &call["cost_nano_usd"]),
            (&json!(true), &json!(188_000)),
            "{call}"
        );
    }
}

#[tokio::test]
async fn captured_payloads_are_what_went_over_the_wire() {
    let ground = Ground::start().await;
    let key = ground
        .app
        .key(json!({"limits": {}, "capture": true}))
        .await
        .key;
    for stream in [false, true] {
        let ask = ask(Surface::Messages, stream).bearer(&key);
        let answer = ask.send(ground.url()).await;
        let id = answer.header("x-switchyard-call-id").unwrap().to_owned();
        ground.app.calls_at_least(1 + usize::from(stream)).await;
        let path = format!("/v1/calls/{id}/payload");
        let kept = ground.app.get(&path, ground.app.admin_key()).await;
        let kept = kept.expect(200).json();
        assert_eq!(kept["request"], String::from_utf8(ask.body).unwrap());
        assert_eq!(kept["response"], answer.text());
        let denied = ground.app.get(&path, &key).await;
        assert_eq!(denied.status.as_u16(), 403);
    }
    let quiet = ground.send(ask(Surface::Messages, false)).await;
    let id = quiet.header("x-switchyard-call-id").unwrap().to_owned();
    ground.app.calls_at_least(3).await;
    let path = format!("/v1/calls/{id}/payload");
    let none = ground.app.get(&path, ground.app.admin_key()).await;
    assert_eq!(none.status.as_u16(), 404);
}

/// Sends a script for a call that asks for a stream or not, and insists on the same bytes and an exact bill.
async fn exact(ground: &Ground, surface: Surface, stream: bool, script: Script, what: &str) {
    let before = ground.upstream.requests().len();
    let sent = script.body();
    ground.upstream.on(surface.path(), script);
    let answer = ground.send(ask(surface, stream)).await;
    assert_eq!(answer.status, 200, "{what}");
    assert!(
        answer.whole && untagged(&answer.body) == sent,
        "{what}: {}",
        answer.text()
    );
    let call = ground.calls(before + 1).await.remove(before);
    assert_eq!(
        (&call["status"], &call["estimated"]),
        (&json!("ok"), &json!(false)),
        "{what}: {call}"
    );
    assert_eq!(
        (&call["input_tokens"], &call["output_tokens"]),
        (&json!(12), &json!(7)),
        "{what}: {call}"
    );
}

#[tokio::test]
async fn answers_of_another_form_than_was_asked_for_pass_and_are_billed() {
    let ground = Ground::start().await;
    let reply = Reply::text("whatever you wanted");
    for surface in Surface::STREAMING {
        let whole = Script::json(200, &reply.body(surface, model(surface), 1));
        exact(&ground, surface, true, whole, "JSON for a stream").await;
        let events = || reply.events(surface, model(surface), true);
        exact(
            &ground,
            surface,
            false,
            Script::stream(events()),
            "a stream for JSON",
        )
        .await;
        let nameless = Script::status(200).chunks(events());
        exact(
            &ground,
            surface,
            true,
            nameless,
            "a stream without a content type",
        )
        .await;
        let plain = Script::status(200)
            .header("content-type", "text/plain; charset=utf-8")
            .chunks(events());
        exact(&ground, surface, true, plain, "a stream as plain text").await;
    }
}

#[tokio::test]
async fn what_follows_the_end_of_a_stream_still_reaches_the_caller() {
    let ground = Ground::start().await;
    for surface in Surface::STREAMING {
        for after in [": bye\n\n", "data: {\"extra\":1}\n\n", "data: half an ev"] {
            let mut events = Reply::text("over").events(surface, model(surface), true);
            events.push(Bytes::from_static(after.as_bytes()));
            exact(&ground, surface, true, Script::stream(events), after).await;
        }
    }
}

#[tokio::test]
async fn a_stream_is_over_in_the_record_when_its_last_event_has_come() {
    let ground = Ground::start().await;
    let gate = Gate::closed();
    let events = Reply::text("over").events(Surface::Chat, model(Surface::Chat), true);
    ground
        .upstream
        .on(Surface::Chat.path(), Script::stream(events).wait(&gate));
    let request = ask(Surface::Chat, true).bearer(&ground.key);
    let mut reader = request.open(ground.url()).await;
    // The provider keeps the connection open behind its end.
    let call = ground.calls(1).await.remove(0);
    assert_eq!(call["status"], "ok", "{call}");
    gate.open();
    reader.to_end().await;
    assert!(reader.answer.text().ends_with("data: [DONE]\n\n"));
}

#[tokio::test]
async fn a_caller_that_closes_its_half_has_left() {
    let ground = Ground::start().await;
    // What it sends after its request changes nothing, be it an empty line or another request.
    let more = ["", "\r\n", "GET /health HTTP/1.1\r\nhost: x\r\n\r\n"];
    let ways = [false, true]
        .into_iter()
        .flat_map(|stream| more.map(|more| (stream, more)));
    for (index, (stream, more)) in ways.enumerate() {
        ground
            .upstream
            .on(Surface::Messages.path(), Script::never());
        let host = ground.url().strip_prefix("http://").unwrap();
        let mut socket = tokio::net::TcpStream::connect(host).await.unwrap();
        let body = Surface::Messages
            .request(model(Surface::Messages), stream)
            .to_string();
        let head = format!(
            "POST /v1/messages HTTP/1.1\r\nhost: {host}\r\nx-api-key: {}\r\ncontent-length: {}\r\n\r\n{body}{more}",
            ground.key,
            body.len()
        );
        socket.write_all(head.as_bytes()).await.unwrap();
        ground.upstream.requests_at_least(index + 1).await;
        // An end of what is sent looks the same as an end of everything, so it is taken for one: a provider must not
        // work for nobody.
        socket.shutdown().await.unwrap();
        let left = Instant::now();
        let Ending::ClientLeft { at, .. } = ground.upstream.closed(index).await else {
            panic!("the provider worked on");
        };
        assert!(at.saturating_duration_since(left) < Duration::from_secs(1));
        let mut rest = Vec::new();
        let _ = socket.read_to_end(&mut rest).await;
        assert!(rest.is_empty());
        let call = ground.calls(index + 1).await.remove(index);
        assert_eq!(call["status"], "client_gone", "{call}");
    }
}

#[tokio::test]
async fn each_choice_is_set_aside_for() {
    let ground = Ground::start().await;
    let budgets = json!([{"amount_usd": "0.02", "period": "total", "hard": true}]);
    let key = ground
        .app
        .key(json!({"limits": {}, "budgets": budgets}))
        .await
        .key;
    // 1,000 tokens at 12 dollars per million are 0.012 dollars.
    for (choices, status) in [(4, 429), (2, 429), (1, 200)] {
        let mut body = Surface::Chat.request("gpt-5.6-terra", false);
        body["max_completion_tokens"] = json!(1_000);
        body["n"] = json!(choices);
        let answer = ground.app.post("/v1/chat/completions", &key, &body).await;
        assert_eq!(
            answer.status.as_u16(),
            status,
            "{choices}: {}",
            answer.text()
        );
    }
    assert_eq!(ground.upstream.requests().len(), 1);
}

#[tokio::test]
async fn no_spelling_of_a_model_leads_around_its_budget() {
    let ground = Ground::with("[gateway]\ndefault_model = \"claude-opus-5-5\"\n").await;
    let budgets =
        json!([{"amount_usd": "0.000001", "period": "day", "hard": true, "models": ["claude*"]}]);
    let limits = json!({"models": {"gpt*": {"requests_per_minute": 1}}});
    let key = ground
        .app
        .key(json!({"limits": limits, "budgets": budgets}))
        .await
        .key;
    for name in ["claude-opus-5-5", "anthropic/claude-opus-5-5", "default"] {
        let body = Surface::Messages.request(name, false);
        let answer = ground.app.post("/v1/messages", &key, &body).await;
        assert_eq!(answer.status.as_u16(), 429, "{name}: {}", answer.text());
    }
    assert!(ground.upstream.requests().is_empty());
    for (name, status) in [("openai/gpt-5.6-terra", 200), ("gpt-5.6-terra", 429)] {
        let body = Surface::Chat.request(name, false);
        let answer = ground.app.post("/v1/chat/completions", &key, &body).await;
        assert_eq!(answer.status.as_u16(), status, "{name}: {}", answer.text());
    }
}

#[tokio::test]
async fn a_background_response_is_never_free() {
    let ground = Ground::start().await;
    let queued = json!({"id": "resp_b", "object": "response", "status": "queued", "model": "gpt-5.6-terra",
        "output": [], "usage": null, "error": null});
    ground
        .upstream
        .on("/v1/responses", Script::json(200, &queued));
    let mut body = Surface::Responses.request("gpt-5.6-terra", false);
    body["background"] = json!(true);
    body["max_output_tokens"] = json!(500);
    let answer = ground
        .send(Ask::post("/v1/responses", body.to_string()))
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(untagged(&answer.body), queued.to_string().as_bytes());
    let call = ground.calls(1).await.remove(0);
    assert_eq!(
        (&call["estimated"], &call["output_tokens"]),
        (&json!(true), &json!(500)),
        "{call}"
    );
}

#[tokio::test]
async fn offers_of_other_upgrades_are_not_taken_up() {
    let ground = Ground::start().await;
    let answer = ask(Surface::Responses, false)
        .header("Connection", "Upgrade, HTTP2-Settings")
        .header("Upgrade", "h2c")
        .header("HTTP2-Settings", "AAMAAABkAARAAAAAAAIAAAAA");
    let answer = ground.send(answer).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let seen = ground.upstream.requests().remove(0);
    assert_eq!(
        (seen.header("upgrade"), seen.header("http2-settings")),
        (None, None)
    );
}
