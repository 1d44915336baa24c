//! One item at a time, whatever comes in which order; what was written reads back as what was told.

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::context::RequestContext;
use crate::dialect::{Dialect, Origin};
use crate::names::{NameRule, Names};
use crate::neutral::{Bind, EventReader, Request, StopReason};
use crate::pair::Pair;
use crate::responses::EventsIn;

fn state(change: impl FnOnce(&mut PairState)) -> PairState {
    let pair = Pair::find(Protocol::Responses, Dialect::Compatible).unwrap();
    let context = RequestContext::new("m", "c1");
    let mut names = Names::default();
    names.declare(NameRule::STRICT, None, "patch", true);
    names.declare(NameRule::STRICT, Some("git"), "log", false);
    let mut state = PairState::new(pair, &Request::default(), names, &context);
    change(&mut state);
    state
}

fn bytes(state: &PairState, events: Vec<Event<'_>>) -> Vec<u8> {
    let mut writer = EventsOut::new(state);
    let mut out = Vec::new();
    for event in events {
        writer.event(event, &Reported::default(), &mut out).unwrap();
    }
    out
}

/// The events, checked to bear their names and numbers.
fn written(state: &PairState, events: Vec<Event<'_>>) -> Vec<Value> {
    let out = bytes(state, events);
    let events: Vec<Value> = wire::sse::events(&out)
        .map(|event| {
            let data: Value = serde_json::from_slice(&event.data).unwrap();
            assert_eq!(event.name, data["type"].as_str().map(str::as_bytes));
            data
        })
        .collect();
    for (number, event) in events.iter().enumerate() {
        assert_eq!(event["sequence_number"], number);
    }
    events
}

/// The items as the end tells them again: `type: content`.
fn items(events: &[Value]) -> Vec<String> {
    let output = events.last().unwrap()["response"]["output"].as_array();
    let texts = |parts: &Value| -> String {
        let parts = parts.as_array().unwrap().iter();
        let texts = parts.map(|part| part["text"].as_str().or(part["refusal"].as_str()).unwrap());
        texts.collect::<Vec<_>>().join(" + ")
    };
    let shown = output.unwrap().iter().map(|item| {
        let content = match item["type"].as_str().unwrap() {
            "message" => texts(&item["content"]),
            "reasoning" => texts(&item["summary"]),
            "custom_tool_call" => item["input"].as_str().unwrap().to_owned(),
            _ => item["arguments"].as_str().unwrap().to_owned(),
        };
        format!("{}: {content}", item["type"].as_str().unwrap())
    });
    shown.collect()
}

fn text(text: &'static str) -> Event<'static> {
    Event::Text(Text::plain(text))
}

fn named(key: u32, name: &str) -> Event<'static> {
    Event::ToolStart(ToolStart {
        key,
        id: Text::plain(format!("call_{key}")),
        name: Text::plain(name.to_owned()),
        signature: None,
    })
}

fn start(key: u32) -> Event<'static> {
    named(key, &format!("tool{key}"))
}

fn input(key: u32, piece: &'static str) -> Event<'static> {
    Event::ToolInput {
        key,
        piece: Text::plain(piece),
    }
}

fn end() -> [Event<'static>; 2] {
    [Event::Stop(Stop::default()), Event::End]
}

#[test]
fn a_later_call_waits_until_the_open_one_is_complete() {
    let mut events = vec![
        text("Let me see."),
        start(0),
        input(0, "{\"a\":"),
        start(1),
        input(1, "{\"b\""),
        Event::Thinking(Text::plain("hm")),
        Event::Bound(Bound::new(Origin::Compatible, Bind::Visible, Text::EMPTY)),
        input(0, "1}"),
        input(1, ":2}"),
        start(2),
        text("Done."),
        Event::ToolEnd { key: 2 },
    ];
    events.extend(end());
    let events = written(&state(|_| {}), events);
    assert_eq!(
        items(&events),
        [
            "message: Let me see.",
            "function_call: {\"a\":1}",
            "function_call: {\"b\":2}",
            "reasoning: hm",
            "function_call: {}",
            "message: Done."
        ]
    );
}

#[test]
fn tools_come_back_as_their_caller_declared_them() {
    let mut events = vec![
        named(0, "patch"),
        input(0, "{\"input\":\"a\\n"),
        input(0, "b\"}"),
        named(1, "git__log"),
        Event::ToolEnd { key: 1 },
        named(2, "patch"),
        input(2, "free"),
        Event::ToolEnd { key: 2 },
    ];
    events.extend(end());
    let events = written(&state(|_| {}), events);
    assert_eq!(
        items(&events),
        [
            "custom_tool_call: a\nb",
            "function_call: {}",
            "custom_tool_call: free"
        ]
    );
    let log = &events.last().unwrap()["response"]["output"][1];
    assert_eq!(
        (&log["namespace"], &log["name"]),
        (&"git".into(), &"log".into())
    );
}

#[test]
fn parts_of_a_message_stand_apart_and_a_refusal_is_one() {
    let mut events = vec![
        text("a"),
        text("b"),
        Event::Break,
        text("c"),
        Event::Refusal(Text::plain("no")),
    ];
    events.extend(end());
    let events = written(&state(|_| {}), events);
    assert_eq!(items(&events), ["message: ab + c + no"]);
    assert_eq!(events.last().unwrap()["type"], "response.completed");
}

#[test]
fn why_it_ended_is_told_as_its_clients_know_it() {
    let ended = |reason, explanation: Option<&'static str>, before: Vec<Event<'static>>| {
        let stop = Stop {
            reason,
            sequence: None,
            explanation: explanation.map(Text::plain),
        };
        let mut events = before;
        events.extend([Event::Stop(stop), Event::End]);
        let events = written(&state(|_| {}), events);
        let last = events.last().unwrap().clone();
        let details = last["response"]["incomplete_details"]["reason"].clone();
        (items(&events), last["type"].clone(), details)
    };
    let (all, kind, why) = ended(StopReason::Refusal, None, vec![text("a")]);
    assert_eq!(
        (all, kind),
        (vec!["message: a".to_owned()], "response.incomplete".into())
    );
    assert_eq!(why, "content_filter");
    let (all, kind, _) = ended(StopReason::Refusal, Some("harm"), vec![text("a")]);
    assert_eq!(all, ["message: a + harm"]);
    assert_eq!(kind, "response.completed");
    let cut = vec![start(0), input(0, "{\"a")];
    let (all, kind, why) = ended(StopReason::MaxTokens, None, cut);
    assert_eq!(
        (all, kind),
        (
            vec!["function_call: {\"a".to_owned()],
            "response.incomplete".into()
        )
    );
    assert_eq!(why, "max_output_tokens");
    let (_, kind, _) = ended(StopReason::MaxTokens, None, vec![start(0), input(0, "{}")]);
    assert_eq!(kind, "response.completed");
}

#[test]
fn what_is_kept_is_bounded() {
    let small = state(|state| state.max_buffer_bytes = 64);
    let mut writer = EventsOut::new(&small);
    let (reported, mut out) = (Reported::default(), Vec::new());
    writer.event(text("short"), &reported, &mut out).unwrap();
    let before = out.len();
    let piece = Text::plain("x".repeat(100));
    let refused = writer.event(Event::Text(piece), &reported, &mut out);
    assert!(matches!(
        refused,
        Err(TranslateError::BufferFull {
            limit_bytes: 64,
            ..
        })
    ));
    assert_eq!(out.len(), before);
}

/// What a reader of the same protocol makes of a stream: words joined, calls with their input.
fn read_back(stream: &[u8]) -> Vec<String> {
    let mut reader = EventsIn::new();
    let mut told: Vec<String> = Vec::new();
    let mut place = std::collections::HashMap::new();
    for event in wire::sse::events(stream) {
        let data = std::str::from_utf8(&event.data).unwrap();
        let mut emit = |event: Event<'_>| {
            let mut words = |kind: &str, text: &Text<'_>| match told.last_mut() {
                Some(last) if last.starts_with(kind) => last.push_str(&text.decoded()),
                _ => told.push(format!("{kind}{}", text.decoded())),
            };
            match event {
                Event::Text(text) => words("text: ", &text),
                Event::Thinking(text) => words("thinking: ", &text),
                Event::Break | Event::Bound(_) => told.push(String::new()),
                Event::ToolStart(start) => {
                    place.insert(start.key, told.len());
                    told.push(format!("{}: ", start.name.decoded()));
                }
                Event::ToolInput { key, piece } => {
                    told[place[&key]].push_str(&piece.decoded());
                }
                _ => {}
            }
            Ok(())
        };
        reader.event(event.name, data, &mut emit).unwrap();
    }
    told.retain(|told| !told.is_empty());
    told
}

proptest! {
    /// Calls cut into pieces that come in any mixture arrive whole, each in one item, in the order of their
    /// beginnings.
    #[test]
    fn any_mixture_of_pieces_arrives_in_order(
        inputs in prop::collection::vec("[a-z\\\\\"{}é]{0,12}", 1..5),
        picks in prop::collection::vec((0_usize..5, 1_usize..6), 0..60),
    ) {
        let inputs: Vec<String> = inputs
            .iter()
            .map(|text| serde_json::json!({ "k": text }).to_string())
            .collect();
        let mut begun = vec![false; inputs.len()];
        let mut at = vec![0_usize; inputs.len()];
        let mut order = Vec::new();
        let mut events = Vec::new();
        let all = (0..inputs.len()).map(|call| (call, usize::MAX));
        for (call, bytes) in picks.into_iter().chain(all) {
            let Some(whole) = inputs.get(call) else { continue };
            let key = u32::try_from(call).unwrap();
            if !std::mem::replace(&mut begun[call], true) {
                order.push(call);
                events.push(start(key));
            }
            let to = whole.len().min(at[call].saturating_add(bytes));
            let to = whole.floor_char_boundary(to);
            let piece = Text::plain(whole[at[call]..to].to_owned());
            at[call] = to;
            events.push(Event::ToolInput { key, piece });
        }
        events.extend(end());
        let stream = bytes(&state(|_| {}), events);
        let expected: Vec<String> = order
            .iter()
            .map(|call| format!("tool{call}: {}", inputs[*call]))
            .collect();
        prop_assert_eq!(read_back(&stream), expected);
    }

    /// What is written reads back as what was told.
    #[test]
    fn what_was_written_is_read(
        parts in prop::collection::vec((0_u8..3, prop::collection::vec("[a-z\\\\\"\n é😀]{1,8}", 1..4)), 0..8),
    ) {
        let mut events = Vec::new();
        let mut expected = Vec::new();
        let mut last = None;
        for (number, (kind, pieces)) in (0..).zip(parts) {
            let whole = pieces.concat();
            let pieces = pieces.into_iter().map(Text::plain);
            match kind {
                0 => {
                    if last == Some(0) {
                        events.push(Event::Break);
                    }
                    events.extend(pieces.map(Event::Text));
                    expected.push(format!("text: {whole}"));
                }
                1 => {
                    events.extend(pieces.map(Event::Thinking));
                    let bound = Bound::new(Origin::DeepSeek, Bind::Visible, Text::EMPTY);
                    events.push(Event::Bound(bound));
                    expected.push(format!("thinking: {whole}"));
                }
                _ => {
                    let json = serde_json::json!({ "k": whole }).to_string();
                    events.push(start(number));
                    expected.push(format!("tool{number}: {json}"));
                    let piece = Text::plain(json);
                    events.push(Event::ToolInput { key: number, piece });
                }
            }
            last = Some(kind);
        }
        events.extend(end());
        prop_assert_eq!(read_back(&bytes(&state(|_| {}), events)), expected);
    }
}
