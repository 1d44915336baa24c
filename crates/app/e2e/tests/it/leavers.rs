//! Clients that leave at any point: the provider is let go at once, and the call is recorded and priced all the same.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use doubles::provider::reply::Surface;
use doubles::provider::{Answer, Ending, Reply, Script};
use futures_util::StreamExt;

use crate::ground::{Ground, model};
use crate::raw::Ask;

const CLIENTS: usize = 200;

/// The longest that a provider may keep working for nobody.
const LET_GO: Duration = Duration::from_secs(1);

fn reply() -> Reply {
    Reply::text("Nobody will read this to its end, however long the answer is.").pieces(12)
}

/// Sends as many events as the request's own header says, then is silent; none means not even a head.
fn until_left(surface: Surface) -> Answer {
    Answer::from_request(move |request| {
        let events: usize = request.header("x-events").unwrap().parse().unwrap();
        if events == 0 {
            return Script::never();
        }
        Script::stream(reply().events(surface, model(surface), true)).hang_after(events)
    })
}

/// Leaves after `events` events; gives when.
async fn leave(ground: &Ground, surface: Surface, client: usize, events: usize) -> Instant {
    let client = client.to_string();
    let body = surface.request(model(surface), true).to_string();
    let ask = Ask::post(surface.path(), body)
        .header("x-events", &events.to_string())
        .header("x-client", &client)
        .bearer(&ground.key);
    let mut reader = ask.open(ground.url()).await;
    if events == 0 {
        let upstream = &ground.upstream;
        upstream
            .request(|request| request.header("x-client") == Some(&client))
            .await;
    } else {
        reader
            .until(|answer| {
                let ends = answer.body.windows(2).filter(|two| *two == b"\n\n");
                ends.count() >= events
            })
            .await;
    }
    drop(reader);
    Instant::now()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_clients_leave_at_random_points() {
    let ground = Ground::start().await;
    for surface in Surface::STREAMING {
        ground.upstream.on(surface.path(), until_left(surface));
    }
    // A fixed walk through surfaces and points: every event of every surface is hit.
    let points = (0..CLIENTS).map(|client| {
        let surface = Surface::STREAMING[client % 3];
        let events = reply().events(surface, model(surface), true).len();
        (surface, client, client.wrapping_mul(7_919) % events)
    });
    futures_util::stream::iter(points)
        .map(|(surface, client, events)| leave(&ground, surface, client, events))
        .buffer_unordered(40)
        .collect::<Vec<Instant>>()
        .await;
    ground.upstream.requests_at_least(CLIENTS).await;
    ground.upstream.idle().await;
    let endings = ground.upstream.endings();
    let closed = endings
        .iter()
        .filter(|end| matches!(end, Ending::ClientLeft { .. }));
    assert_eq!(closed.count(), CLIENTS);

    let calls = ground.calls(CLIENTS).await;
    let ids: HashSet<&str> = calls
        .iter()
        .map(|call| call["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), CLIENTS);
    for call in &calls {
        assert_eq!(call["status"], "client_gone", "{call}");
        // Exact only where the counts had come before the client left.
        let exact = call["output_tokens"] == 7 && call["input_tokens"] == 12;
        assert!(exact || call["estimated"] == true, "{call}");
        assert!(call["cost_nano_usd"].as_u64() > Some(0), "{call}");
    }
    println!(
        "proof: {CLIENTS} clients cut at random points => every upstream closed, every call priced once"
    );
}

#[tokio::test]
async fn the_provider_is_let_go_within_a_second() {
    let ground = Ground::start().await;
    let mut index = 0;
    for surface in Surface::STREAMING {
        ground.upstream.on(surface.path(), until_left(surface));
        for events in [0, 1, 5] {
            let left = leave(&ground, surface, index, events).await;
            let Ending::ClientLeft { at, .. } = ground.upstream.closed(index).await else {
                panic!("request {index} ended otherwise");
            };
            assert!(
                at.saturating_duration_since(left) < LET_GO,
                "{surface:?} after {events}"
            );
            index += 1;
        }
        // Answers that are no streams are let go too.
        ground.upstream.on(surface.path(), Script::never());
        let body = surface.request(model(surface), false).to_string();
        let ask = Ask::post(surface.path(), body).bearer(&ground.key);
        let reader = ask.open(ground.url()).await;
        ground.upstream.requests_at_least(index + 1).await;
        drop(reader);
        let left = Instant::now();
        let Ending::ClientLeft { at, .. } = ground.upstream.closed(index).await else {
            panic!("request {index} ended otherwise");
        };
        assert!(
            at.saturating_duration_since(left) < LET_GO,
            "{surface:?} without a stream"
        );
        index += 1;
    }
    let calls = ground.calls(index).await;
    assert!(calls.iter().all(|call| call["status"] == "client_gone"));
}
