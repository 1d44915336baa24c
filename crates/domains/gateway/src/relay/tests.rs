//! A relay polled by hand: whole events, joined where they are ready, one end, one record.

use bytes::BytesMut;
use doubles::Provider;
use doubles::provider::reply::Surface as Spoken;
use doubles::provider::{Cut, Ending as Left, Gate, Reply, Script};
use http::Request;
use http_body_util::{BodyExt as _, Full};
use serde_json::json;

use super::*;
use crate::testing::House;

const MODEL: &str = "gpt-5.6-terra";

/// The simulated model's stream: every piece of it is ready at once.
fn ready(house: &House, text: &str) -> (Relay, Bytes) {
    let body = json!({"messages": [{"role": "user", "content": text}], "stream_options": {"include_usage": true}});
    let body = Bytes::from(body.to_string());
    let answer = || {
        llm::sim::answer(
            wire::Protocol::Chat,
            "/chat/completions",
            "sim/echo",
            true,
            &body,
        )
    };
    let mut sent = BytesMut::new();
    let mut reading = answer().into_body();
    while let Some(Some(Ok(frame))) = futures_util::FutureExt::now_or_never(reading.frame()) {
        sent.extend_from_slice(frame.data_ref().unwrap());
    }
    let relay = house.relay(&house.upstream("sim"), "sim/echo", answer().into_body());
    (relay, sent.freeze())
}

/// A stream of the double, which sends this script.
async fn streaming(house: &House, double: &Provider, script: Script) -> Relay {
    double.on("/v1/stream", script);
    let upstream = house.upstream("double");
    let mut request = Request::new(Full::default());
    *request.uri_mut() = upstream.address("/stream", None).unwrap();
    let answer = upstream.send(request).await.unwrap();
    house.relay(&upstream, MODEL, answer.into_body())
}

async fn frames(relay: &mut Relay) -> Vec<Bytes> {
    let mut frames = Vec::new();
    while let Some(frame) = relay.frame().await {
        frames.push(frame.unwrap().into_data().unwrap());
    }
    frames
}

fn events() -> Vec<Bytes> {
    Reply::text("one two three").events(Spoken::Chat, MODEL, true)
}

#[tokio::test]
async fn what_is_ready_leaves_in_one_piece_up_to_a_bound() {
    let house = House::new(None);
    let (mut relay, sent) = ready(&house, "a few words");
    assert_eq!(frames(&mut relay).await, [sent]);
    let (mut relay, sent) = ready(&house, &"word ".repeat(2_000));
    let frames = frames(&mut relay).await;
    assert!(frames.len() > 1 && frames.concat() == sent);
    for frame in &frames {
        assert!(frame.ends_with(b"\n\n"));
        assert!(frame.len() < JOIN_BYTES + 1_024);
    }
    assert!(relay.is_end_stream());
    let records = house.records().await;
    assert!(records.iter().all(|call| call.status == CallStatus::Ok));
    assert_eq!(records.len(), 2);
    assert_eq!(records[1].response_bytes, sent.len() as u64);
}

#[tokio::test]
async fn half_an_event_waits_for_its_other_half() {
    let double = Provider::start().await;
    let house = House::new(Some(&double.openai_url()));
    let gate = Gate::closed();
    let whole: Bytes = events().concat().into();
    let first = whole.windows(2).position(|two| two == b"\n\n").unwrap() + 2;
    let script = Script::stream([whole.clone()])
        .split_at(&[first + 9])
        .wait_after(1, &gate);
    let mut relay = streaming(&house, &double, script).await;
    let frame = relay.frame().await.unwrap().unwrap();
    assert_eq!(*frame.data_ref().unwrap(), whole[..first]);
    assert!(futures_util::FutureExt::now_or_never(relay.frame()).is_none());
    gate.open();
    assert_eq!(frames(&mut relay).await.concat(), whole[first..]);
}

#[tokio::test]
async fn the_record_is_written_before_the_last_event_leaves() {
    let double = Provider::start().await;
    let house = House::new(Some(&double.openai_url()));
    let script = Script::stream([events().concat().into()]).hang();
    let mut relay = streaming(&house, &double, script).await;
    let frame = relay.frame().await.unwrap().unwrap();
    assert!(frame.data_ref().unwrap().ends_with(b"[DONE]\n\n"));
    let records = house.records().await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].status, CallStatus::Ok);
    drop(relay);
    assert_eq!(house.records().await.len(), 1);
}

#[tokio::test]
async fn a_broken_stream_ends_once_and_is_recorded_once() {
    let double = Provider::start().await;
    let house = House::new(Some(&double.openai_url()));
    let whole: Bytes = events().concat().into();
    for (index, cut) in [Cut::Fin, Cut::Reset].into_iter().enumerate() {
        let second = whole.windows(2).position(|two| two == b"\n\n").unwrap() + 2;
        let script = Script::stream([whole.slice(..second), whole.slice(second..second + 7)]);
        let mut relay = streaming(&house, &double, script.cut(cut)).await;
        let text = String::from_utf8(frames(&mut relay).await.concat()).unwrap();
        assert!(text.starts_with(std::str::from_utf8(&whole[..second]).unwrap()));
        assert_eq!(text.matches("\"error\"").count(), 1, "{text}");
        assert!(
            text.ends_with("\n\n") && !text.contains("\"stop\""),
            "{text}"
        );
        assert!(relay.frame().await.is_none());
        drop(relay);
        let records = house.records().await;
        assert_eq!(records.len(), index + 1);
        assert_eq!(records[index].status, CallStatus::UpstreamFailed);
        assert!(records[index].cost.estimated);
    }
    assert_eq!(house.upstream("double").breaker.snapshot().failures, 2);
}

#[tokio::test]
async fn a_dropped_relay_lets_the_provider_go() {
    let double = Provider::start().await;
    let house = House::new(Some(&double.openai_url()));
    let mut relay = streaming(&house, &double, Script::stream(events()).hang_after(2)).await;
    assert!(relay.frame().await.is_some());
    drop(relay);
    assert!(matches!(double.closed(0).await, Left::ClientLeft { .. }));
    let records = house.records().await;
    assert_eq!(records[0].status, CallStatus::ClientGone);
    let upstream = house.upstream("double");
    assert_eq!(upstream.breaker.snapshot().failures, 0);
    assert_eq!(
        (upstream.bulkhead.in_use(), house.gateway.live().count()),
        (0, 0)
    );
}

#[tokio::test]
async fn an_event_without_end_is_cut_off() {
    let double = Provider::start().await;
    let house = House::new(Some(&double.openai_url()));
    let huge = Bytes::from([b"data: ".as_slice(), &[b'x'; 70 << 10]].concat());
    let mut relay = streaming(&house, &double, Script::stream([huge]).hang()).await;
    let text = String::from_utf8(frames(&mut relay).await.concat()).unwrap();
    assert!(text.contains("gateway.max_event_bytes"), "{text}");
    let records = house.records().await;
    assert_eq!(records[0].error_code.as_deref(), Some("EVENT_TOO_LARGE"));
}

#[tokio::test]
async fn when_the_server_goes_down_a_silent_stream_ends_in_its_grammar() {
    let double = Provider::start().await;
    let house = House::new(Some(&double.openai_url()));
    let mut relay = streaming(&house, &double, Script::stream(events()).hang_after(1)).await;
    assert!(relay.frame().await.is_some());
    let (frame, ()) = tokio::join!(relay.frame(), async { house.gateway.live().cut() });
    let last = frame.unwrap().unwrap().into_data().unwrap();
    assert!(String::from_utf8_lossy(&last).contains("shutting down"));
    assert!(relay.frame().await.is_none());
    let records = house.records().await;
    assert_eq!(records[0].status, CallStatus::Unavailable);
}

#[tokio::test]
async fn a_captured_call_keeps_what_was_delivered_up_to_a_bound() {
    let mut house = House::new(None);
    house.caller.capture = true;
    let (mut relay, sent) = ready(&house, "kept");
    frames(&mut relay).await;
    let mut long = house.call(&house.upstream("sim"), "sim/echo");
    for _ in 0..3 {
        long.delivered(&[b'x'; 2 << 20]);
    }
    drop(long);
    let kept = house.payloads.0.lock();
    let [whole, cut] = kept.as_slice() else {
        panic!("{} payloads", kept.len());
    };
    assert!(whole.response == sent && !whole.truncated);
    assert_eq!(whole.request, "{}");
    assert!(cut.truncated);
    assert_eq!(cut.response.len(), 4 << 20);
}
