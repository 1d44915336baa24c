//! One block at a time, whatever comes in which order.

use proptest::prelude::*;
use serde_json::Value;
use wire::Protocol;

use super::*;
use crate::context::RequestContext;
use crate::dialect::{Dialect, Origin};
use crate::names::Names;
use crate::neutral::{Bind, Request, StopReason};
use crate::pair::Pair;

fn state(change: impl FnOnce(&mut PairState)) -> PairState {
    let pair = Pair::find(Protocol::Messages, Dialect::Compatible).unwrap();
    let context = RequestContext::new("m", "c1");
    let mut state = PairState::new(pair, &Request::default(), Names::default(), &context);
    change(&mut state);
    state
}

fn written(state: &PairState, events: Vec<Event<'_>>) -> Vec<Value> {
    let mut writer = EventsOut::new(state);
    let mut out = Vec::new();
    let reported = Reported::default();
    for event in events {
        writer.event(event, &reported, &mut out).unwrap();
    }
    wire::sse::events(&out)
        .map(|event| {
            let data: Value = serde_json::from_slice(&event.data).unwrap();
            assert_eq!(event.name, data["type"].as_str().map(str::as_bytes));
            data
        })
        .collect()
}

/// Blocks as `type: content`, checked to be in order.
fn blocks(events: &[Value]) -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    let mut open = None;
    for event in events {
        let index = event["index"].as_u64();
        match event["type"].as_str().unwrap() {
            "content_block_start" => {
                assert_eq!((open, index), (None, Some(blocks.len() as u64)));
                open = index;
                let block = &event["content_block"];
                let name = block["name"].as_str().map(|name| format!(" {name}"));
                let kind = block["type"].as_str().unwrap();
                blocks.push(format!("{kind}{}: ", name.unwrap_or_default()));
            }
            "content_block_delta" => {
                assert_eq!(open, index);
                let delta = &event["delta"];
                let known = ["text", "thinking", "partial_json", "signature"];
                let text = known.iter().find_map(|key| delta[key].as_str()).unwrap();
                let last = blocks.last_mut().unwrap();
                if delta["type"] == "signature_delta" {
                    last.push_str(" / ");
                }
                last.push_str(text);
            }
            "content_block_stop" => {
                assert_eq!(open.take(), index);
            }
            _ => {}
        }
    }
    assert_eq!(open, None);
    blocks
}

fn text(text: &'static str) -> Event<'static> {
    Event::Text(Text::plain(text))
}

fn start(key: u32) -> Event<'static> {
    Event::ToolStart(ToolStart {
        key,
        id: Text::plain(format!("call_{key}")),
        name: Text::plain(format!("tool{key}")),
        signature: None,
    })
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
        input(0, "1}"),
        input(1, ":2}"),
        start(2),
        text("Done."),
        Event::ToolEnd { key: 2 },
    ];
    events.extend(end());
    let events = written(&state(|_| {}), events);
    assert_eq!(
        blocks(&events),
        [
            "text: Let me see.",
            "tool_use tool0: {\"a\":1}",
            "tool_use tool1: {\"b\":2}",
            "tool_use tool2: {}",
            "text: Done."
        ]
    );
    let delta = &events[events.len() - 2];
    assert_eq!(delta["delta"]["stop_reason"], "tool_use");
    // The second call was told of as soon as the first was complete, not at the end.
    let of_second = events.iter().filter(|event| event["index"] == 2).count();
    assert_eq!(of_second, 4);
}

#[test]
fn a_call_that_was_cut_off_keeps_the_reason() {
    let stop = Stop {
        reason: StopReason::MaxTokens,
        ..Stop::default()
    };
    let events = vec![
        start(0),
        input(0, "{\"a\":\"x"),
        Event::Stop(stop),
        Event::End,
    ];
    let events = written(&state(|_| {}), events);
    assert_eq!(
        events[events.len() - 2]["delta"]["stop_reason"],
        "max_tokens"
    );
}

#[test]
fn thinking_that_is_hidden_travels_in_its_seal() {
    let hidden = state(|state| state.hide_thinking = true);
    let bound = Bound::new(Origin::DeepSeek, Bind::Visible, Text::EMPTY);
    let mut events = vec![
        Event::Thinking(Text::Raw(r"a\n")),
        Event::Thinking(Text::plain("b")),
        Event::Bound(bound),
        text("Hello"),
    ];
    events.extend(end());
    let events = written(&hidden, events);
    let blocks = blocks(&events);
    let sealed = blocks[0].strip_prefix("thinking:  / ").unwrap();
    let opened = crate::seal::open(&Text::plain(sealed)).unwrap();
    assert_eq!(opened.text, Some(Text::plain("a\nb")));
    assert_eq!(blocks[1], "text: Hello");
}

#[test]
fn what_waits_is_bounded() {
    let small = state(|state| state.max_buffer_bytes = 64);
    let mut writer = EventsOut::new(&small);
    let (reported, mut out) = (Reported::default(), Vec::new());
    for event in [start(0), input(0, "{"), start(1)] {
        writer.event(event, &reported, &mut out).unwrap();
    }
    let piece = Text::plain("x".repeat(100));
    let refused = writer.event(Event::ToolInput { key: 1, piece }, &reported, &mut out);
    assert!(matches!(
        refused,
        Err(TranslateError::BufferFull {
            limit_bytes: 64,
            ..
        })
    ));
}

#[test]
fn an_answer_without_anything_is_a_whole_message() {
    let mut events = vec![Event::START];
    events.extend(end());
    let events = written(&state(|_| {}), events);
    let kinds: Vec<_> = events.iter().map(|e| e["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["message_start", "message_delta", "message_stop"]);
    assert_eq!(events[1]["delta"]["stop_reason"], "end_turn");
    assert_eq!(events[1]["usage"]["output_tokens"], 0);
}

proptest! {
    /// Calls cut into pieces that come in any mixture arrive whole, each in one block, in the order of their
    /// beginnings.
    #[test]
    fn any_mixture_of_pieces_arrives_in_order(
        inputs in prop::collection::vec("\\{\"k\":\"[a-z\\\\\\\\\"{}]{0,12}\"\\}", 1..5),
        picks in prop::collection::vec((0usize..5, 1usize..6), 0..60),
    ) {
        let inputs: Vec<String> = inputs
            .iter()
            .map(|text| serde_json::json!({ "k": text }).to_string())
            .collect();
        let mut begun = vec![false; inputs.len()];
        let mut at = vec![0_usize; inputs.len()];
        let mut order = Vec::new();
        let state = state(|_| {});
        let mut writer = EventsOut::new(&state);
        let (reported, mut out) = (Reported::default(), Vec::new());
        let all = (0..inputs.len()).map(|call| (call, usize::MAX));
        for (call, bytes) in picks.into_iter().chain(all) {
            let Some(whole) = inputs.get(call) else { continue };
            if !std::mem::replace(&mut begun[call], true) {
                order.push(call);
                let key = u32::try_from(call).unwrap();
                writer.event(start(key), &reported, &mut out).unwrap();
            }
            let to = whole.len().min(at[call].saturating_add(bytes));
            let piece = Text::plain(whole[at[call]..to].to_owned());
            at[call] = to;
            let key = u32::try_from(call).unwrap();
            writer.event(Event::ToolInput { key, piece }, &reported, &mut out).unwrap();
        }
        for event in end() {
            writer.event(event, &reported, &mut out).unwrap();
        }
        let events: Vec<Value> = wire::sse::events(&out)
            .map(|event| serde_json::from_slice(&event.data).unwrap())
            .collect();
        let expected: Vec<String> = order
            .iter()
            .map(|call| format!("tool_use tool{call}: {}", inputs[*call]))
            .collect();
        prop_assert_eq!(blocks(&events), expected);
    }
}
