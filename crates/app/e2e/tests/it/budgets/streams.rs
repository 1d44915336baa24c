//! Streams under a hard budget: topped up step by step, and stopped where a step is refused.

use doubles::provider::reply::Surface;
use doubles::provider::{Ending, Gate, Reply, Script};
use futures_util::future::join_all;
use serde_json::json;

use super::{METERED, STEP, TOKEN, ask, key, metered, standing};
use crate::faults::assert_error_event;
use crate::ground::Ground;
use crate::raw::{self, Ask, Reader};

/// A stream of pieces of a hundred tokens each, every event behind the gate.
fn pieces(surface: Surface, count: usize, gate: &Gate) -> Script {
    let text = "x".repeat(350 * count);
    let events = Reply::text(&text)
        .pieces(count)
        .events(surface, metered(surface), true);
    events
        .into_iter()
        .fold(Script::stream([]), |script, event| {
            script.wait(gate).chunk(event)
        })
}

/// Opens a stream that has no end in sight.
async fn open(base: &str, key: &str, surface: Surface) -> Reader {
    let mut request = surface.request(metered(surface), true);
    match surface {
        Surface::Messages => request["max_tokens"] = json!(1_000_000),
        Surface::Chat => request["stream_options"] = json!({"include_usage": true}),
        _ => {}
    }
    let ask = Ask::post(surface.path(), request.to_string()).bearer(key);
    ask.open(base).await
}

/// Lets event after event through, each once the one before has arrived, until the answer ends.
async fn drink(mut reader: Reader, gate: &Gate) -> raw::Answer {
    let mut events = 0;
    while !reader.answer.whole {
        gate.let_one_through();
        events += 1;
        reader
            .until(|answer| {
                let ends = answer.body.windows(2).filter(|two| *two == b"\n\n");
                ends.count() >= events
            })
            .await;
    }
    reader.answer
}

#[tokio::test]
async fn a_long_stream_is_topped_up_and_stopped_in_its_own_grammar() {
    for surface in Surface::STREAMING {
        let ground = Ground::with(METERED).await;
        let gate = Gate::closed();
        ground
            .upstream
            .on(surface.path(), pieces(surface, 20, &gate));
        let key = key(
            &ground.app,
            json!([{"amount_usd": "0.35", "period": "day", "hard": true}]),
        )
        .await;
        let reader = open(ground.url(), &key.key, surface).await;
        let answer = drink(reader, &gate).await;
        assert!(answer.whole, "{surface:?} broke off: {}", answer.text());
        assert_error_event(surface, &answer.body);
        let text = answer.text();
        assert!(text.contains("budgets[0]"), "{text}");
        assert!(text.contains("amount_usd"), "{text}");
        // Three steps fit; the piece that showed that a fourth is needed was made already, so it is delivered.
        let delivered = text.matches(&"x".repeat(350)).count();
        assert_eq!(delivered, 4, "{text}");
        let ending = ground.upstream.ended(0).await;
        assert!(matches!(ending, Ending::ClientLeft { .. }), "{ending:?}");

        let call = ground.calls(1).await.remove(0);
        assert_eq!(call["status"], "budget_stopped", "{call}");
        assert_eq!(call["error_code"], "BUDGET_EXHAUSTED", "{call}");
        assert_eq!(call["estimated"], true, "{call}");
        assert_eq!(call["cost_nano_usd"], 4 * STEP, "{call}");
        let held = standing(&ground.app, &key).await;
        assert_eq!(held[0]["spent_nano_usd"], 4 * STEP, "{held}");
        assert_eq!(held[0]["reserved_nano_usd"], 0, "{held}");
        let request = surface.request(metered(surface), true);
        ask(&ground.app, &key, surface, &request).await.expect(429);
        assert_eq!(ground.upstream.requests().len(), 1);
    }
}

#[tokio::test]
async fn streams_at_once_overspend_by_a_step_each_at_most() {
    const STREAMS: usize = 5;
    let ground = Ground::with(METERED).await;
    let surface = Surface::Responses;
    let key = key(
        &ground.app,
        json!([{"amount_usd": "1.25", "period": "day", "hard": true}]),
    )
    .await;
    let mut streams = Vec::new();
    for index in 0..STREAMS {
        let gate = Gate::closed();
        let script = pieces(surface, 12, &gate);
        ground.upstream.next(surface.path(), script);
        let reader = open(ground.url(), &key.key, surface).await;
        ground.upstream.requests_at_least(index + 1).await;
        streams.push((reader, gate));
    }
    let streams = streams
        .into_iter()
        .map(|(reader, gate)| async move { drink(reader, &gate).await });
    for answer in join_all(streams).await {
        assert!(answer.whole, "{}", answer.text());
    }
    let calls = ground.calls(STREAMS).await;
    let spent: i64 = calls
        .iter()
        .map(|call| call["cost_nano_usd"].as_i64().unwrap())
        .sum();
    let held = standing(&ground.app, &key).await;
    assert_eq!(held[0]["spent_nano_usd"], spent, "{held}");
    assert_eq!(held[0]["reserved_nano_usd"], 0, "{held}");
    assert!(
        calls.iter().all(|call| call["status"] == "budget_stopped"),
        "{calls:#?}"
    );
    let most = 1_250 * TOKEN + i64::try_from(STREAMS).unwrap() * STEP;
    assert!((1_000 * TOKEN..=most).contains(&spent), "{spent}");
}
