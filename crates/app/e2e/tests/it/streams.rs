//! Many streams at once: a thousand are held open together, and none loses, doubles or reorders a byte.

use std::sync::Arc;

use doubles::provider::reply::Surface;
use doubles::provider::{Gate, Reply, Script};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use crate::ground::{Ground, model};
use crate::raw::Ask;

const STREAMS: usize = 1_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_streams_are_held_and_lose_nothing() {
    let ground = Arc::new(Ground::start().await);
    let gate = Gate::closed();
    let mut sent = Vec::new();
    for surface in Surface::STREAMING {
        let reply = Reply::text(&"word après word. ".repeat(64)).pieces(64);
        let script = Script::stream(reply.events(surface, model(surface), true));
        sent.push(script.body());
        let held = script.wait_after(20, &gate).wait_after(40, &gate);
        ground.upstream.on(surface.path(), held);
    }
    let mut clients = FuturesUnordered::new();
    for client in 0..STREAMS {
        let surface = Surface::STREAMING[client % 3];
        let (ground, sent) = (Arc::clone(&ground), sent[client % 3].clone());
        clients.push(tokio::spawn(async move {
            let mut body = surface.request(model(surface), true);
            if surface == Surface::Chat {
                body["stream_options"] = serde_json::json!({"include_usage": true});
            }
            let answer = ground
                .send(Ask::post(surface.path(), body.to_string()))
                .await;
            answer.whole && answer.body == sent
        }));
    }
    // All of them stand in the middle of their answer before any goes on.
    gate.arrivals_at_least(STREAMS).await;
    gate.open();
    let mut whole = 0;
    while let Some(same) = clients.next().await {
        whole += usize::from(same.unwrap());
    }
    assert_eq!(whole, STREAMS);
    let calls = ground.calls(STREAMS).await;
    assert!(
        calls
            .iter()
            .all(|call| call["status"] == "ok" && call["estimated"] == false)
    );
    println!(
        "proof: {STREAMS} concurrent streams held => {whole} whole, every call priced exactly"
    );
}
