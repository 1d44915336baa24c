//! Whole chunks, whatever comes in which order.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::context::RequestContext;
use crate::dialect::{Dialect, Origin};
use crate::names::{NameRule, Names};
use crate::neutral::{Request, ToolStart};
use crate::pair::Pair;

fn state(change: impl FnOnce(&mut PairState)) -> PairState {
    let pair = Pair::find(Protocol::Chat, Dialect::Anthropic).unwrap();
    let context = RequestContext::new("m", "c1");
    let mut state = PairState::new(pair, &Request::default(), Names::default(), &context);
    change(&mut state);
    state
}

fn written(state: &PairState, events: Vec<Event<'_>>) -> Vec<Value> {
    let mut writer = EventsOut::new(state);
    let mut out = Vec::new();
    for event in events {
        writer.event(event, &Reported::default(), &mut out).unwrap();
    }
    chunks(&out)
}

fn chunks(out: &[u8]) -> Vec<Value> {
    wire::sse::events(out)
        .filter(|event| event.data.as_ref() != b"[DONE]")
        .map(|event| serde_json::from_slice(&event.data).unwrap())
        .collect()
}

fn deltas(chunks: &[Value]) -> Vec<Value> {
    let delta = |chunk: &Value| chunk["choices"][0]["delta"].clone();
    chunks.iter().map(delta).collect()
}

fn begun(events: impl IntoIterator<Item = Event<'static>>) -> Vec<Event<'static>> {
    let start = Event::Start {
        id: None,
        model: None,
        created_s: None,
    };
    std::iter::once(start).chain(events).collect()
}

fn start(key: u32) -> Event<'static> {
    Event::ToolStart(ToolStart {
        key,
        id: Text::EMPTY,
        name: Text::plain(format!("tool{key}")),
        signature: None,
    })
}

fn input(key: u32, piece: &str) -> Event<'static> {
    Event::ToolInput {
        key,
        piece: Text::plain(piece.to_owned()),
    }
}

#[test]
fn an_answer_without_anything_is_a_whole_stream() {
    let chunks = written(
        &state(|_| {}),
        vec![Event::START, Event::Stop(Stop::default()), Event::End],
    );
    assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant");
    assert_eq!(chunks[1]["choices"][0]["finish_reason"], "stop");
    assert_eq!(chunks.len(), 2);
}

#[test]
fn a_signature_of_gemini_stands_beside_its_call_and_is_kept() {
    let data = Text::plain("Z2Vt");
    let events = begun([Event::ToolStart(ToolStart {
        key: 0,
        id: Text::plain("c 1"),
        name: Text::plain("f"),
        signature: Some(Bound::new(Origin::Gemini, Bind::Signature, data)),
    })]);
    let mut writer = EventsOut::new(&state(|_| {}));
    let mut out = Vec::new();
    for event in events {
        writer.event(event, &Reported::default(), &mut out).unwrap();
    }
    let call = &deltas(&chunks(&out))[1]["tool_calls"][0];
    let signature = &call["extra_content"]["google"]["thought_signature"];
    assert_eq!(signature, "Z2Vt");
    let id = call["id"].as_str().unwrap().to_owned();
    assert_eq!(writer.take_signatures(), [(id, "Z2Vt".to_owned())]);
    assert!(writer.take_signatures().is_empty());
}

#[test]
fn encrypted_reasoning_keeps_its_id_and_names_its_maker() {
    let bound = Bound {
        id: Some(Text::plain("rs_1")),
        ..Bound::new(Origin::OpenAi, Bind::Encrypted, Text::plain("gAAA"))
    };
    let sealed = crate::seal::seal(&bound);
    let deltas = deltas(&written(&state(|_| {}), begun([Event::Bound(bound)])));
    let entry = json!({"type": "reasoning.encrypted", "data": sealed, "id": "rs_1", "format": "openai-responses-v1", "index": 0});
    assert_eq!(deltas[1]["reasoning_details"], json!([entry]));
}

#[test]
fn free_text_that_is_held_back_is_bounded() {
    let small = state(|state| {
        state.max_buffer_bytes = 16;
        state.names.declare(NameRule::STRICT, None, "tool0", true);
    });
    let mut writer = EventsOut::new(&small);
    let mut out = Vec::new();
    for event in begun([start(0)]) {
        writer.event(event, &Reported::default(), &mut out).unwrap();
    }
    let refused = writer.event(
        input(0, "{\"input\":\"0123456789"),
        &Reported::default(),
        &mut out,
    );
    assert!(matches!(
        refused,
        Err(TranslateError::BufferFull {
            limit_bytes: 16,
            ..
        })
    ));
}

#[test]
fn texts_with_something_between_them_are_told_apart() {
    let text = |text: &'static str| Event::Text(Text::plain(text));
    let events = begun([
        text("one"),
        Event::Break,
        text(" two"),
        start(0),
        Event::ToolEnd { key: 0 },
        text("three"),
    ]);
    let said: String = deltas(&written(&state(|_| {}), events))
        .iter()
        .filter_map(|delta| delta["content"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(said, "one two\n\nthree");
}

proptest! {
    /// Pieces that come in any mixture arrive at their calls.
    #[test]
    fn any_mixture_of_pieces_arrives(
        inputs in prop::collection::vec("[a-z\\\\\"{}é]{0,12}", 1..5),
        picks in prop::collection::vec((0usize..5, 1usize..4), 0..60),
    ) {
        let inputs: Vec<String> = inputs.iter().map(|k| json!({ "k": k }).to_string()).collect();
        let mut events = Vec::new();
        let mut begun_calls = Vec::new();
        let mut at = vec![0; inputs.len()];
        let all = (0..inputs.len()).map(|call| (call, usize::MAX));
        for (call, count) in picks.into_iter().chain(all) {
            let Some(whole) = inputs.get(call) else { continue };
            let key = match begun_calls.iter().position(|known| *known == call) {
                Some(key) => u32::try_from(key).unwrap(),
                None => {
                    let key = u32::try_from(begun_calls.len()).unwrap();
                    begun_calls.push(call);
                    events.push(start(key));
                    key
                }
            };
            let piece: String = whole.chars().skip(at[call]).take(count).collect();
            at[call] = at[call].saturating_add(count);
            events.push(input(key, &piece));
        }
        events.extend((0..begun_calls.len()).map(|key| Event::ToolEnd { key: u32::try_from(key).unwrap() }));
        events.extend([Event::Stop(Stop::default()), Event::End]);
        let chunks = written(&state(|_| {}), begun(events));
        let mut arrived = vec![String::new(); inputs.len()];
        for call in deltas(&chunks).iter().filter_map(|delta| delta["tool_calls"].get(0)) {
            let index = usize::try_from(call["index"].as_u64().unwrap()).unwrap();
            arrived[index].push_str(call["function"]["arguments"].as_str().unwrap());
        }
        let expected: Vec<String> = begun_calls.iter().map(|call| inputs[*call].clone()).collect();
        prop_assert_eq!(arrived, expected);
        let last = chunks.last().unwrap();
        prop_assert_eq!(&last["choices"][0]["finish_reason"], "tool_calls");
    }
}
