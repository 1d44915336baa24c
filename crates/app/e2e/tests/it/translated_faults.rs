//! A provider in trouble behind a translation: each fault ends in the caller's grammar, is recorded and priced once, and
//! what can be told whole is told whole.

use doubles::provider::Ending;
use doubles::provider::faults::{Fault, TEXT, USAGE};
use doubles::provider::reply::Surface;
use serde_json::Value;

use crate::faults::assert_error_event;
use crate::raw::Answer;
use crate::translated::{WAYS, Way};

const SETTINGS: &str =
    "[gateway]\nbreaker_failures = 1000\n[gateway.timeouts]\nfirst_byte_ms = 400\nidle_ms = 400\n";

/// 3, 1 and 5 dollars per million.
const EXACT_NANO: u64 = USAGE.input * 3_000 + USAGE.cache_read * 1_000 + USAGE.output * 5_000;

/// How a call must end for its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// A whole answer, billed by its counts.
    Whole,
    /// An error event after what came, billed by estimate.
    Ended(&'static str),
    /// An error answer: its status, what is recorded, whether it may have cost something.
    Refused(&'static str, bool),
}

fn expected(fault: Fault) -> Expected {
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
        | Fault::GzipUnasked => Expected::Whole,
        Fault::ErrorEvent | Fault::ResponseFailed => Expected::Ended("upstream_error"),
        Fault::CutMidEvent
        | Fault::CutBetweenEvents
        | Fault::ResetMidStream
        | Fault::NoTerminalEvent => Expected::Ended("upstream_failed"),
        Fault::IdleStall => Expected::Ended("timed_out"),
        Fault::RateLimited
        | Fault::Overloaded
        | Fault::ForeignBadRequest
        | Fault::ErrorBodyWith200 => Expected::Refused("upstream_error", false),
        Fault::NeverFirstByte => Expected::Refused("timed_out", true),
    }
}

/// All text that a stream of this protocol carries.
fn text_of(caller: Surface, body: &[u8]) -> String {
    let body = String::from_utf8(body.to_vec()).unwrap();
    let data = body.lines().filter_map(|line| line.strip_prefix("data: "));
    let events = data.filter_map(|data| serde_json::from_str::<Value>(data).ok());
    events
        .filter_map(|event| {
            let piece = match caller {
                Surface::Messages => &event["delta"]["text"],
                Surface::Responses if event["type"] == "response.output_text.delta" => {
                    &event["delta"]
                }
                Surface::Responses => &Value::Null,
                _ => &event["choices"][0]["delta"]["content"],
            };
            piece.as_str().map(str::to_owned)
        })
        .collect()
}

fn assert_whole(fault: Fault, caller: Surface, answer: &Answer, what: &str) {
    let end = match caller {
        Surface::Messages => "event: message_stop",
        Surface::Responses => "event: response.completed",
        _ => "data: [DONE]",
    };
    assert!(answer.text().contains(end), "no end: {what}");
    let text = text_of(caller, &answer.body);
    match fault {
        Fault::ToolUseWithEndTurn | Fault::ToolWithoutDeltas => {
            assert!(answer.text().contains("get_weather"), "{what}");
            let stop = match caller {
                Surface::Messages => r#""stop_reason":"tool_use""#,
                Surface::Responses => r#""type":"function_call""#,
                _ => r#""finish_reason":"tool_calls""#,
            };
            assert!(answer.text().contains(stop), "{what}");
        }
        Fault::GiantEvent => assert_eq!(text.len(), 2 * 1024 * 1024),
        _ => assert_eq!(text, TEXT, "{what}"),
    }
}

fn assert_answer(fault: Fault, way: &Way, answer: &Answer) {
    let shown: String = answer.text().chars().take(3_000).collect();
    let what = format!(
        "{fault:?}, {:?} over {:?}: {} {shown}",
        way.caller, way.spoken, answer.status
    );
    assert!(answer.whole, "the answer broke off: {what}");
    match expected(fault) {
        Expected::Whole => {
            assert_eq!(answer.status, 200, "{what}");
            assert_whole(fault, way.caller, answer, &what);
        }
        Expected::Ended(_) => {
            assert_eq!(answer.status, 200, "{what}");
            assert_error_event(way.caller, &answer.body);
            assert!(
                TEXT.starts_with(&text_of(way.caller, &answer.body)),
                "{what}"
            );
        }
        Expected::Refused(..) => {
            assert!(answer.status >= 400, "{what}");
            crate::bad_input::error_message(way.caller, answer);
        }
    }
}

fn assert_record(fault: Fault, call: &Value) {
    let what = format!("{fault:?}: {call}");
    assert_eq!(call["attempt_count"], 1, "{what}");
    let (status, estimated) = match expected(fault) {
        Expected::Whole => ("ok", false),
        Expected::Ended(status) => (status, true),
        Expected::Refused(status, estimated) => (status, estimated),
    };
    assert_eq!(call["status"], status, "{what}");
    assert_eq!(call["estimated"], estimated, "{what}");
    let cost = call["cost_nano_usd"].as_u64().unwrap();
    match (expected(fault), estimated) {
        (Expected::Whole, _) => assert_eq!(cost, EXACT_NANO, "{what}"),
        (_, true) => assert!(cost > 0, "{what}"),
        (_, false) => assert_eq!(cost, 0, "{what}"),
    }
}

async fn one_fault(way: (Surface, &'static str, Surface), fault: Fault) {
    // A refusal cools the model, so each fault gets ground of its own.
    let way = Way::with(way, SETTINGS).await;
    let script = fault.script(way.spoken, "its-own");
    way.provider.on(way.spoken.path(), script);
    let answer = way.ask(true).await;
    assert_answer(fault, &way, &answer);
    let ending = way.provider.ended(0).await;
    if matches!(fault, Fault::NeverFirstByte | Fault::IdleStall) {
        let left = matches!(ending, Ending::ClientLeft { .. });
        assert!(left, "{fault:?}: {ending:?}");
    }
    assert_record(fault, &way.call().await);
    assert_eq!(way.provider.requests().len(), 1, "{fault:?}");
}

/// Every one is tried, so that one run shows all that is wrong.
async fn every_fault(caller: Surface) {
    let mut broken = Vec::new();
    for way in WAYS.into_iter().filter(|way| way.0 == caller) {
        let faults = Fault::ALL.into_iter();
        for fault in faults.filter(|fault| fault.applies_to(way.2)) {
            if tokio::spawn(one_fault(way, fault)).await.is_err() {
                broken.push((way, fault));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:?}");
}

/// Were it gathered first, silence would be answered with an error in place of what had come.
#[tokio::test]
async fn a_stream_that_says_it_is_not_encoded_is_translated_as_it_comes() {
    let way = Way::with(WAYS[0], SETTINGS).await;
    let script = Fault::IdleStall.script(way.spoken, "its-own");
    let script = script.header("content-encoding", "identity");
    way.provider.on(way.spoken.path(), script);
    let answer = way.ask(true).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_error_event(way.caller, &answer.body);
}

#[tokio::test]
async fn every_fault_behind_a_translation_for_messages() {
    every_fault(Surface::Messages).await;
}

#[tokio::test]
async fn every_fault_behind_a_translation_for_chat() {
    every_fault(Surface::Chat).await;
}

#[tokio::test]
async fn every_fault_behind_a_translation_for_responses() {
    every_fault(Surface::Responses).await;
}
