//! A provider in trouble, on the same-protocol path: whole answers pass unchanged, broken streams end in their own grammar,
//! and every call is recorded and priced once.

use bytes::Bytes;
use doubles::provider::faults::{Fault, USAGE};
use doubles::provider::reply::Surface;
use doubles::provider::{Ending, Script};
use serde_json::Value;

use crate::ground::{Ground, model};
use crate::identity::untagged;
use crate::raw::{Answer, Ask};

/// How a call must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// Every byte as the provider sent it.
    Unchanged { status: &'static str, bill: Bill },
    /// The whole events that came, then an error event of ours.
    Ended { status: &'static str },
    /// No answer came: a 504 of ours.
    TimedOut,
}

/// What must stand on the bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bill {
    /// The counts of the answer.
    Exact,
    /// Something, marked as an estimate.
    Estimate,
    /// Nothing: the provider refused.
    Nothing,
}

fn expected(fault: Fault) -> Expected {
    let unchanged = |status, bill| Expected::Unchanged { status, bill };
    match fault {
        Fault::NoEventLines
        | Fault::NoUsageAtStart
        | Fault::LateUsage
        | Fault::ToolUseWithEndTurn
        | Fault::ToolWithoutDeltas
        | Fault::CommentKeepalive
        | Fault::NoDone
        | Fault::GiantEvent
        | Fault::Crlf
        | Fault::SplitUtf8
        | Fault::GzipUnasked => unchanged("ok", Bill::Exact),
        Fault::ErrorEvent | Fault::ResponseFailed => unchanged("upstream_error", Bill::Estimate),
        Fault::RateLimited
        | Fault::Overloaded
        | Fault::ForeignBadRequest
        | Fault::ErrorBodyWith200 => unchanged("upstream_error", Bill::Nothing),
        Fault::CutMidEvent
        | Fault::CutBetweenEvents
        | Fault::ResetMidStream
        | Fault::NoTerminalEvent => Expected::Ended {
            status: "upstream_failed",
        },
        Fault::IdleStall => Expected::Ended {
            status: "timed_out",
        },
        Fault::NeverFirstByte => Expected::TimedOut,
    }
}

/// What the fault streams cost when their counts are read exactly.
fn exact_nano(surface: Surface) -> u64 {
    match surface {
        // 4, 0.20 and 20 dollars per million.
        Surface::Messages => USAGE.input * 4_000 + USAGE.cache_read * 200 + USAGE.output * 20_000,
        // 2, 0.20 and 12 dollars per million.
        Surface::Chat | Surface::Responses => {
            USAGE.input * 2_000 + USAGE.cache_read * 200 + USAGE.output * 12_000
        }
        // 0.02 dollars per million.
        Surface::Embeddings => (USAGE.input + USAGE.cache_read) * 20,
        Surface::Gemini => unreachable!("nobody calls in Gemini's protocol"),
    }
}

/// The whole events at the head of a body, counted in bytes.
fn whole_events(body: &[u8]) -> usize {
    let end = body.windows(2).rposition(|two| two == b"\n\n");
    end.map_or(0, |at| at + 2)
}

/// The data of the last event that is not `[DONE]`.
fn last_event(body: &[u8]) -> Value {
    let text = String::from_utf8(body.to_vec()).unwrap();
    let data = text
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .rfind(|data| *data != "[DONE]");
    serde_json::from_str(data.unwrap()).unwrap()
}

/// An error event as clients of this protocol know it.
pub fn assert_error_event(surface: Surface, body: &[u8]) {
    let event = last_event(body);
    match surface {
        Surface::Messages => {
            assert_eq!(event["type"], "error", "{event}");
            assert!(event["error"]["type"].is_string(), "{event}");
            assert!(event["error"]["message"].is_string(), "{event}");
            assert!(!String::from_utf8_lossy(body).contains("message_stop"));
        }
        Surface::Responses => {
            let kind = event["type"].as_str().unwrap();
            assert!(matches!(kind, "error" | "response.failed"), "{event}");
            let text = String::from_utf8_lossy(body).into_owned();
            let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
            let numbers: Vec<u64> = data
                .filter_map(|data| {
                    serde_json::from_str::<Value>(data).ok()?["sequence_number"].as_u64()
                })
                .collect();
            assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
            assert!(!text.contains("response.completed"));
        }
        _ => {
            assert!(event["error"]["message"].is_string(), "{event}");
            let text = String::from_utf8_lossy(body).into_owned();
            assert!(
                !text.contains("finish_reason\":\"stop"),
                "a made-up end: {text}"
            );
        }
    }
}

async fn run(ground: &Ground, fault: Fault, surface: Surface, script: Script) -> Answer {
    ground.upstream.on(surface.path(), script);
    let mut body = surface.request(model(surface), surface != Surface::Embeddings);
    if surface == Surface::Chat {
        body["stream_options"] = serde_json::json!({"include_usage": true});
    }
    let ask = Ask::post(surface.path(), body.to_string());
    let mut answer = ask.bearer(&ground.key).send(ground.url()).await;
    answer.body = untagged(&answer.body);
    assert!(answer.whole, "{fault:?} {surface:?}: the answer broke off");
    answer
}

fn assert_answer(fault: Fault, surface: Surface, sent: &Bytes, answer: &Answer) {
    let what = format!(
        "{fault:?} on {surface:?}: {} {}",
        answer.status,
        answer.text()
    );
    match expected(fault) {
        Expected::Unchanged { .. } => assert!(answer.body == *sent, "changed: {what}"),
        Expected::Ended { .. } => {
            assert_eq!(answer.status, 200, "{what}");
            let kept = whole_events(sent);
            assert_eq!(answer.body[..kept], sent[..kept], "{what}");
            assert!(answer.body.len() > kept, "no error event: {what}");
            assert_error_event(surface, &answer.body);
        }
        Expected::TimedOut => {
            assert_eq!(answer.status, 504, "{what}");
            crate::bad_input::assert_error_shape(surface, answer);
        }
    }
}

fn assert_record(fault: Fault, surface: Surface, call: &Value) {
    let what = format!("{fault:?} on {surface:?}: {call}");
    assert_eq!(call["attempt_count"], 1, "{what}");
    let cost = call["cost_nano_usd"].as_u64();
    let (status, bill) = match expected(fault) {
        Expected::Unchanged { status, bill } => (status, bill),
        Expected::Ended { status } => (status, Bill::Estimate),
        Expected::TimedOut => ("timed_out", Bill::Estimate),
    };
    assert_eq!(call["status"], status, "{what}");
    assert_eq!(call["estimated"], bill == Bill::Estimate, "{what}");
    match bill {
        Bill::Exact => assert_eq!(cost, Some(exact_nano(surface)), "{what}"),
        Bill::Estimate => assert!(cost > Some(0), "{what}"),
        Bill::Nothing => assert_eq!(cost, Some(0), "{what}"),
    }
}

async fn every_fault(surface: Surface) {
    let settings = "[gateway]\nbreaker_failures = 1000\n[gateway.timeouts]\nfirst_byte_ms = 400\nidle_ms = 400\n";
    let ground = Ground::with(settings).await;
    let faults: Vec<Fault> = Fault::ALL
        .into_iter()
        .filter(|fault| fault.applies_to(surface))
        // These cool the model, so each gets ground of its own below.
        .filter(|fault| !matches!(fault, Fault::RateLimited | Fault::Overloaded))
        .collect();
    for (index, &fault) in faults.iter().enumerate() {
        let script = fault.script(surface, model(surface));
        let sent = script.body();
        let answer = run(&ground, fault, surface, script).await;
        assert_answer(fault, surface, &sent, &answer);
        let ending = ground.upstream.ended(index).await;
        if matches!(fault, Fault::NeverFirstByte | Fault::IdleStall) {
            assert!(
                matches!(ending, Ending::ClientLeft { .. }),
                "{fault:?}: {ending:?}"
            );
        }
        let calls = ground.calls(index + 1).await;
        assert_record(fault, surface, &calls[index]);
    }
    assert_eq!(
        ground.upstream.requests().len(),
        faults.len(),
        "one attempt each"
    );
}

#[tokio::test]
async fn every_fault_on_messages() {
    every_fault(Surface::Messages).await;
}

#[tokio::test]
async fn every_fault_on_chat() {
    every_fault(Surface::Chat).await;
}

#[tokio::test]
async fn every_fault_on_responses() {
    every_fault(Surface::Responses).await;
}

#[tokio::test]
async fn every_fault_on_embeddings() {
    every_fault(Surface::Embeddings).await;
}

#[tokio::test]
async fn refusals_of_the_provider_pass_unchanged_and_cost_nothing() {
    for (fault, surface) in [
        (Fault::RateLimited, Surface::Messages),
        (Fault::RateLimited, Surface::Chat),
        (Fault::Overloaded, Surface::Messages),
        (Fault::ForeignBadRequest, Surface::Responses),
    ] {
        let ground = Ground::start().await;
        let script = fault.script(surface, model(surface));
        let sent = script.body();
        let answer = run(&ground, fault, surface, script).await;
        assert_answer(fault, surface, &sent, &answer);
        if fault == Fault::RateLimited {
            assert_eq!(
                (answer.status, answer.header("retry-after")),
                (429, Some("1"))
            );
        }
        let call = ground.calls(1).await.remove(0);
        assert_record(fault, surface, &call);
    }
}
