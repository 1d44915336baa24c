//! One provider fails and another takes over: before the answer has begun nobody notices, afterwards the stream ends in its
//! own grammar, and never is one answer made of two.

use std::sync::Arc;

use bytes::Bytes;
use doubles::Provider;
use doubles::provider::reply::Surface;
use doubles::provider::{Cut, Gate, Reply, Script};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use testkit::TestApp;
use tokio::task::JoinSet;

use crate::binary::proving;
use crate::faults::assert_error_event;
use crate::ground::model;
use crate::identity::untagged;
use crate::raw::{Answer, Ask};

/// Two providers of one kind behind one model.
struct Pair {
    app: TestApp,
    first: Provider,
    second: Provider,
    key: String,
    surface: Surface,
}

impl Pair {
    async fn start(surface: Surface, gateway: &str, entry: &str) -> Self {
        let (first, second) = (Provider::start().await, Provider::start().await);
        let kind = if surface == Surface::Messages {
            "anthropic"
        } else {
            "openai"
        };
        let url = |provider: &Provider| match surface {
            Surface::Messages => provider.url(),
            _ => provider.openai_url(),
        };
        let id = model(surface);
        let app = TestApp::builder()
            .settings(&format!(
                "[gateway]\nbreaker_failures = 100000000\n{gateway}\n"
            ))
            .provider("first", kind, &url(&first))
            .provider("second", kind, &url(&second))
            .settings(&format!("[[models]]\nid = \"{id}\"\n{entry}\n"))
            .start()
            .await;
        let key = app.key(json!({"name": "tests", "limits": {}})).await.key;
        Self {
            app,
            first,
            second,
            key,
            surface,
        }
    }

    /// The second one takes over from the first; nobody is asked twice.
    async fn in_order(surface: Surface) -> Self {
        let entry = "route = [{ provider = \"first\" }]\nfallback = [{ provider = \"second\" }]";
        Self::start(surface, "retries = 0", entry).await
    }

    async fn ask(&self, stream: bool) -> Answer {
        let body = self
            .surface
            .request(model(self.surface), stream)
            .to_string();
        let ask = Ask::post(self.surface.path(), body).bearer(&self.key);
        ask.send(self.app.base()).await
    }

    async fn call(&self) -> Value {
        let calls = self.app.calls_at_least(1).await;
        self.app.call(calls[0]["id"].as_str().unwrap()).await
    }
}

/// What only the first provider says, and what only the second.
const FIRST: &str = "ж";
const SECOND: &str = "ю";

/// Something a model could say; `mark` stands in every piece of it.
fn reply(number: usize, mark: &str) -> Reply {
    let reply = Reply::text(&mark.repeat(4 + number % 9)).pieces(1 + number % 4);
    let reply = reply.id(&format!("id_{number}"));
    match number % 3 {
        0 => reply,
        1 => reply.thinking(&mark.repeat(6), "c2ln"),
        _ => reply.and_tool("call_1", &mark.repeat(3), &format!("{{\"{mark}\":1}}")),
    }
}

fn joined(reply: &Reply, surface: Surface) -> Bytes {
    reply.events(surface, model(surface), false).concat().into()
}

/// The bytes of the whole events at the head of a stream.
fn whole_events(bytes: &[u8]) -> usize {
    let end = bytes.windows(2).rposition(|two| two == b"\n\n");
    end.map_or(0, |at| at + 2)
}

fn holds(bytes: &[u8], word: &str) -> bool {
    String::from_utf8_lossy(bytes).contains(word)
}

/// The first provider dies after `cut` bytes of its stream.
async fn die_at(pair: &Pair, number: usize, cut: usize) {
    let surface = pair.surface;
    let (said, other) = (
        joined(&reply(number, FIRST), surface),
        joined(&reply(number, SECOND), surface),
    );
    let how = if cut.is_multiple_of(2) {
        Cut::Fin
    } else {
        Cut::Reset
    };
    let script = Script::stream([said.clone()]).cut_after_bytes(cut, how);
    pair.first.next(surface.path(), script);
    pair.second
        .on(surface.path(), Script::stream([other.clone()]));
    let mut answer = pair.ask(true).await;
    answer.body = untagged(&answer.body);
    let what = format!("{surface:?} {number} cut at {cut}: {}", answer.text());
    assert_eq!(answer.status, 200, "{what}");
    assert!(answer.whole, "{what}");
    let kept = &said[..whole_events(&said[..cut])];
    if answer.body == other {
        assert!(!holds(kept, FIRST), "the answer had begun: {what}");
        return;
    }
    assert!(
        holds(kept, FIRST) || kept == said,
        "it had not begun: {what}"
    );
    assert!(!holds(&answer.body, SECOND), "mixed: {what}");
    assert_eq!(answer.body[..kept.len()], *kept, "{what}");
    let added = &answer.body[kept.len()..];
    // A last event without its blank line passes where it ends the answer.
    if *added == said[kept.len()..cut] && !added.is_empty() {
        return;
    }
    // Chat may end where it has said why it ends.
    let may_end = surface == Surface::Chat && holds(kept, "\"finish_reason\":\"");
    if added.is_empty() {
        assert!(may_end || kept == said, "cut short without a word: {what}");
    } else {
        assert_error_event(surface, added);
    }
}

/// Every `step`th byte of so many streams.
async fn every_cut(surface: Surface, streams: usize, step: usize) -> usize {
    let pairs: Vec<Arc<Pair>> = stream::iter(0..4)
        .then(|_| async { Arc::new(Pair::in_order(surface).await) })
        .collect()
        .await;
    let mut cuts = 0;
    for number in 0..streams {
        let length = joined(&reply(number, FIRST), surface).len();
        let all: Vec<usize> = (number % step..length).step_by(step).collect();
        cuts += all.len();
        let shares = all.chunks(all.len().div_ceil(pairs.len()));
        let mut runs = JoinSet::new();
        for (pair, share) in pairs.iter().cloned().zip(shares.map(<[usize]>::to_vec)) {
            runs.spawn(async move {
                for cut in share {
                    die_at(&pair, number, cut).await;
                }
                pair.first.forget();
                pair.second.forget();
            });
        }
        runs.join_all().await;
    }
    cuts
}

async fn cuts(surface: Surface) {
    let (streams, step) = if proving() { (100, 1) } else { (6, 17) };
    let cuts = every_cut(surface, streams, step).await;
    println!(
        "proof: a provider dying in {streams} streams of {surface:?} at {cuts} places => taken over before the answer began, ended natively after, never mixed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_dies_anywhere_in_a_chat_stream() {
    cuts(Surface::Chat).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_dies_anywhere_in_a_responses_stream() {
    cuts(Surface::Responses).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_dies_anywhere_in_a_messages_stream() {
    cuts(Surface::Messages).await;
}

#[tokio::test]
async fn a_fallback_is_recorded_with_every_attempt_and_billed_for_what_was_spent() {
    let pair = Pair::in_order(Surface::Messages).await;
    pair.first.next(
        "/v1/messages",
        Script::json(
            529,
            &json!({"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}),
        ),
    );
    pair.second
        .next("/v1/messages", Reply::text("beta").pieces(1));
    let answer = pair.ask(false).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(holds(&answer.body, "beta"));
    let call = pair.call().await;
    assert_eq!(call["status"], "ok", "{call}");
    assert_eq!(call["provider"], "second", "{call}");
    let attempts = call["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 2, "{call}");
    assert_eq!(
        (&attempts[0]["provider"], &attempts[0]["http_status"]),
        (&json!("first"), &json!(529))
    );
    assert_eq!(attempts[0]["error"], "overloaded_error", "{call}");
    assert_eq!(
        (&attempts[1]["provider"], &attempts[1]["http_status"]),
        (&json!("second"), &json!(200))
    );
    // The one that was busy charges nothing: 12 in and 7 out at 4 and 20 dollars a million.
    assert_eq!(call["cost_nano_usd"], 12 * 4_000 + 7 * 20_000, "{call}");
    assert_eq!(call["estimated"], false, "{call}");
    let metrics = pair.app.get("/metrics", pair.app.admin_key()).await;
    let metrics = metrics.expect(200).text();
    let counted = |name: &str, label: &str| {
        let mut lines = metrics.lines().filter(|line| line.starts_with(name));
        lines.any(|line| line.contains(label) && line.ends_with(" 1"))
    };
    assert!(counted("switchyard_fallbacks_total", "provider=\"first\""));
    assert!(counted(
        "upstream_requests_total",
        "outcome=\"upstream_error\""
    ));
    assert!(counted("upstream_requests_total", "outcome=\"ok\""));
}

#[tokio::test]
async fn what_a_dead_attempt_had_read_is_on_the_bill() {
    let pair = Pair::in_order(Surface::Messages).await;
    let events =
        Reply::text("alpha")
            .pieces(1)
            .events(Surface::Messages, model(Surface::Messages), false);
    // It says what it has read, and dies.
    pair.first.next(
        "/v1/messages",
        Script::stream([events[0].clone()]).cut(Cut::Fin),
    );
    pair.second
        .next("/v1/messages", Reply::text("beta").pieces(1));
    let answer = pair.ask(true).await;
    assert!(
        holds(&answer.body, "beta") && !holds(&answer.body, "error"),
        "{}",
        answer.text()
    );
    let call = pair.call().await;
    assert!(
        call["cost_nano_usd"].as_u64().unwrap() >= 24 * 4_000 + 7 * 20_000,
        "{call}"
    );
    assert_eq!(call["estimated"], true, "{call}");
}

#[tokio::test]
async fn a_final_failure_tells_the_caller_not_to_multiply_it() {
    let pair = Pair::start(
        Surface::Chat,
        "retries = 2\nretry_base_ms = 1",
        "route = [{ provider = \"first\" }]\nfallback = [{ provider = \"second\" }]",
    )
    .await;
    let error = json!({"error": {"message": "down", "type": "server_error", "code": null}});
    for provider in [&pair.first, &pair.second] {
        provider.on("/v1/chat/completions", Script::json(503, &error));
    }
    let answer = pair.ask(false).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.json(), error, "the provider's own words");
    assert_eq!(answer.header("x-should-retry"), Some("false"));
    assert_eq!(
        pair.first.requests().len() + pair.second.requests().len(),
        4
    );
    let call = pair.call().await;
    assert_eq!(call["attempts"].as_array().unwrap().len(), 4, "{call}");
    assert_eq!(
        (&call["status"], &call["cost_nano_usd"]),
        (&json!("upstream_error"), &json!(0)),
        "{call}"
    );
}

#[tokio::test]
async fn the_callers_own_mistake_is_tried_nowhere_else() {
    let pair = Pair::in_order(Surface::Chat).await;
    let error = json!({"error": {"message": "no such parameter", "type": "invalid_request_error", "code": null}});
    pair.first
        .next("/v1/chat/completions", Script::json(400, &error));
    let answer = pair.ask(true).await;
    assert_eq!((answer.status, answer.json()), (400, error));
    assert_eq!(answer.header("x-should-retry"), None);
    assert!(pair.second.requests().is_empty());
}

#[tokio::test]
async fn one_provider_is_asked_again_after_the_pause_that_it_asks_for() {
    let pair = Pair::start(
        Surface::Messages,
        "retries = 1",
        "route = [{ provider = \"first\" }]",
    )
    .await;
    let busy =
        json!({"type": "error", "error": {"type": "rate_limit_error", "message": "slow down"}});
    let script = Script::json(429, &busy).header("retry-after-ms", "600");
    pair.first.next("/v1/messages", script);
    pair.first
        .next("/v1/messages", Reply::text("alpha").pieces(1));
    let began = std::time::Instant::now();
    let answer = pair.ask(false).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(began.elapsed().as_millis() >= 600);
    // A longer pause than anybody should wait for here: the caller decides.
    pair.first.next(
        "/v1/messages",
        Script::json(429, &busy).header("retry-after", "60"),
    );
    let answer = pair.ask(false).await;
    assert_eq!(
        (answer.status, answer.header("retry-after")),
        (429, Some("60"))
    );
    assert_eq!(pair.first.requests().len(), 3);
}

#[tokio::test]
async fn nothing_is_held_back_where_nobody_could_take_over() {
    let pair = Pair::start(
        Surface::Messages,
        "retries = 2\nfailover_hold_ms = 60000",
        "route = [{ provider = \"first\" }]",
    )
    .await;
    let events =
        Reply::text("alpha")
            .pieces(1)
            .events(Surface::Messages, model(Surface::Messages), false);
    let script = Script::stream([events[0].clone()]).hang();
    pair.first.next("/v1/messages", script);
    let body = Surface::Messages
        .request(model(Surface::Messages), true)
        .to_string();
    let ask = Ask::post("/v1/messages", body).bearer(&pair.key);
    let mut reader = ask.open(pair.app.base()).await;
    reader.until(|answer| answer.body == events[0]).await;
    assert_eq!(reader.answer.body, events[0]);
}

#[tokio::test]
async fn a_stream_that_was_held_back_and_went_well_is_priced_by_its_own_counts() {
    for surface in Surface::STREAMING {
        let pair = Pair::in_order(surface).await;
        let gate = Gate::closed();
        let events = Reply::text("held back and let go").events(surface, model(surface), true);
        let begun = events.len() - 3;
        let script = Script::stream(events).wait_after(begun, &gate);
        pair.first.next(surface.path(), script);
        let body = surface.request(model(surface), true).to_string();
        let ask = Ask::post(surface.path(), body).bearer(&pair.key);
        let mut reader = ask.open(pair.app.base()).await;
        reader.until(|answer| !answer.body.is_empty()).await;
        gate.open();
        reader.to_end().await;
        assert!(reader.answer.whole, "{}", reader.answer.text());
        let call = pair.call().await;
        assert_eq!(
            (&call["status"], &call["estimated"], &call["output_tokens"]),
            (&json!("ok"), &json!(false), &json!(7)),
            "{surface:?} {call}"
        );
    }
}

#[tokio::test]
async fn a_slow_beginning_is_not_held_back_longer_than_is_set() {
    let entry = "route = [{ provider = \"first\" }]\nfallback = [{ provider = \"second\" }]";
    let pair = Pair::start(Surface::Messages, "failover_hold_ms = 50", entry).await;
    let events =
        Reply::text("alpha")
            .pieces(1)
            .events(Surface::Messages, model(Surface::Messages), false);
    pair.first
        .next("/v1/messages", Script::stream([events[0].clone()]).hang());
    let body = Surface::Messages
        .request(model(Surface::Messages), true)
        .to_string();
    let ask = Ask::post("/v1/messages", body).bearer(&pair.key);
    let mut reader = ask.open(pair.app.base()).await;
    reader.until(|answer| answer.body == events[0]).await;
    assert_eq!(reader.answer.body, events[0]);
    assert!(pair.second.requests().is_empty());
}

#[tokio::test]
async fn a_session_stays_with_one_of_several_targets() {
    let entry = "route = [{ provider = \"first\" }, { provider = \"second\" }]";
    let pair = Pair::start(Surface::Messages, "", entry).await;
    for provider in [&pair.first, &pair.second] {
        provider.on("/v1/messages", Reply::text("hello"));
    }
    for session in 0..12 {
        let before = pair.first.requests().len();
        for _ in 0..3 {
            let body = Surface::Messages
                .request(model(Surface::Messages), false)
                .to_string();
            let ask = Ask::post("/v1/messages", body)
                .bearer(&pair.key)
                .header("x-claude-code-session-id", &format!("session-{session}"));
            assert_eq!(ask.send(pair.app.base()).await.status, 200);
        }
        let there = pair.first.requests().len() - before;
        assert!(there == 0 || there == 3, "session {session}: {there} of 3");
    }
    let split = (pair.first.requests().len(), pair.second.requests().len());
    assert!(split.0 > 0 && split.1 > 0, "{split:?}");
}
