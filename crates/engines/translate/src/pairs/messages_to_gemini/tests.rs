//! There and back: whatever a conversation says stands in Gemini's, and whatever Gemini's stream says arrives.

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};

use wire::Protocol;

use crate::context::RequestContext;
use crate::dialect::Dialect;
use crate::messages;
use crate::neutral::Event;
use crate::pair::Pair;
use crate::stream::Stream;

fn pair() -> Pair {
    Pair::find(Protocol::Messages, Dialect::Gemini).unwrap()
}

/// One exchange: what the user says, what the assistant says and calls.
type Exchange = (String, String, Vec<(u8, Value, String)>);

fn words() -> impl Strategy<Value = String> {
    "[a-zA-Z\"\\\\\n\u{e9}\u{1f600}<>{} ]{0,12}[a-z]"
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        words().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((words(), inner), 0..4)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

fn input() -> impl Strategy<Value = Value> {
    prop::collection::vec((words(), value()), 0..4)
        .prop_map(|entries| Value::Object(entries.into_iter().collect()))
}

fn exchange() -> impl Strategy<Value = Exchange> {
    let call = (0u8..4, input(), words());
    (words(), words(), prop::collection::vec(call, 0..3))
}

/// The conversation in Anthropic's words, and what Gemini's must say.
fn conversation(exchanges: &[Exchange]) -> (Vec<Value>, Vec<(String, Vec<Value>)>) {
    let (mut messages, mut expected) = (Vec::new(), Vec::new());
    let mut number = 0;
    let mut pending: Vec<Value> = Vec::new();
    let mut pending_expected: Vec<Value> = Vec::new();
    for (user, assistant, calls) in exchanges {
        pending.push(json!({"type": "text", "text": user}));
        pending_expected.push(json!({"text": user}));
        messages.push(json!({"role": "user", "content": std::mem::take(&mut pending)}));
        expected.push(("user".to_owned(), std::mem::take(&mut pending_expected)));
        let mut said = vec![json!({"type": "text", "text": assistant})];
        let mut said_expected = vec![json!({"text": assistant})];
        for (name, input, result) in calls {
            let (id, name) = (format!("toolu_{number}"), format!("tool{name}"));
            number += 1;
            said.push(json!({"type": "tool_use", "id": id, "name": name, "input": input}));
            said_expected.push(json!({"functionCall": {"id": id, "name": name, "args": input}}));
            pending.push(json!({"type": "tool_result", "tool_use_id": id, "content": result}));
            pending_expected.push(json!({"functionResponse": {"id": id, "name": name, "response": {"output": result}}}));
        }
        messages.push(json!({"role": "assistant", "content": said}));
        expected.push(("model".to_owned(), said_expected));
    }
    pending.push(json!({"type": "text", "text": "end"}));
    pending_expected.push(json!({"text": "end"}));
    messages.push(json!({"role": "user", "content": pending}));
    expected.push(("user".to_owned(), pending_expected));
    (messages, expected)
}

/// What a stream says.
#[derive(Debug, Clone, PartialEq)]
enum Item {
    Text(String),
    Thought(String),
    Call(String, Value),
}

fn item() -> impl Strategy<Value = Item> {
    prop_oneof![
        words().prop_map(Item::Text),
        words().prop_map(Item::Thought),
        ("[a-z]{1,8}", input()).prop_map(|(name, input)| Item::Call(name, input)),
    ]
}

fn sent(item: &Item) -> Value {
    match item {
        Item::Text(text) => json!({"text": text}),
        Item::Thought(text) => json!({"text": text, "thought": true}),
        Item::Call(name, input) => {
            json!({"functionCall": {"name": name, "args": input}, "thoughtSignature": "c2ln"})
        }
    }
}

/// Pieces of one kind that follow one another are one.
fn joined(items: impl IntoIterator<Item = Item>) -> Vec<Item> {
    let mut joined: Vec<Item> = Vec::new();
    for item in items {
        match (joined.last_mut(), item) {
            (Some(Item::Text(last)), Item::Text(more))
            | (Some(Item::Thought(last)), Item::Thought(more)) => last.push_str(&more),
            (_, item) => joined.push(item),
        }
    }
    joined
}

/// What a caller's client makes of its stream.
fn received(stream: &[u8]) -> Vec<Item> {
    let mut reader = (messages::SERVED.events_in)(Dialect::Anthropic, &messages::CALLER);
    let mut items = Vec::new();
    let mut calls: Vec<(String, String)> = Vec::new();
    for event in wire::sse::events(stream) {
        let data = String::from_utf8(event.data.to_vec()).unwrap();
        let mut emit = |event: Event<'_>| {
            match event {
                Event::Text(text) => items.push(Item::Text(text.decoded().into_owned())),
                Event::Thinking(text) => items.push(Item::Thought(text.decoded().into_owned())),
                Event::ToolStart(start) => {
                    calls.push((start.name.decoded().into_owned(), String::new()));
                }
                Event::ToolInput { piece, .. } => {
                    calls.last_mut().unwrap().1.push_str(&piece.decoded());
                }
                Event::ToolEnd { .. } => {
                    let (name, input) = calls.last().unwrap();
                    let input = serde_json::from_str(input).unwrap();
                    items.push(Item::Call(name.clone(), input));
                }
                _ => {}
            }
            Ok(())
        };
        reader.event(event.name, &data, &mut emit).unwrap();
    }
    joined(items)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_said_stands_in_the_request(
        exchanges in prop::collection::vec(exchange(), 1..5),
    ) {
        let (messages, expected) = conversation(&exchanges);
        let body = json!({"model": "m", "max_tokens": 9, "messages": messages}).to_string();
        let context = RequestContext::new("gemini-2.5-pro", "1");
        let translated = pair().request(body.as_bytes(), &context).unwrap();
        let body: Value = serde_json::from_slice(&translated.body).unwrap();
        let contents = body["contents"].as_array().unwrap();
        let read: Vec<(String, Vec<Value>)> = contents
            .iter()
            .map(|content| {
                let role = content["role"].as_str().unwrap().to_owned();
                (role, content["parts"].as_array().unwrap().clone())
            })
            .collect();
        prop_assert_eq!(read, expected);
        prop_assert!(translated.dropped.is_empty());
    }

    #[test]
    fn whatever_a_stream_says_arrives(
        items in prop::collection::vec(item(), 0..8),
        breaks in prop::collection::vec(any::<bool>(), 8),
    ) {
        let mut chunks: Vec<Vec<Value>> = vec![Vec::new()];
        for (item, begin) in items.iter().zip(breaks) {
            if begin {
                chunks.push(Vec::new());
            }
            chunks.last_mut().unwrap().push(sent(item));
        }
        let mut sse = String::new();
        for parts in chunks {
            let chunk = json!({"candidates": [{"content": {"parts": parts}}]});
            sse.push_str(&format!("data: {chunk}\n\n"));
        }
        sse.push_str("data: {\"candidates\":[{\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":3}}\n\n");
        let body = br#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}"#;
        let state = pair().request(body, &RequestContext::new("m", "1")).unwrap().state;
        let mut stream = Stream::new(&state);
        let mut out = Vec::new();
        stream.push(&Bytes::from(sse), &mut out).unwrap();
        prop_assert!(stream.end(&mut out).unwrap());
        let calls = items.iter().filter(|item| matches!(item, Item::Call(..))).count();
        prop_assert_eq!(stream.take_signatures().len(), calls);
        prop_assert_eq!(stream.reported().usage.unwrap().input, 3);
        prop_assert_eq!(received(&out), joined(items));
    }
}

#[test]
fn a_signature_finds_its_call_again() {
    let answer = r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{}},"thoughtSignature":"c2ln"}]},"finishReason":"STOP"}]}"#;
    let body = br#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}"#;
    let context = RequestContext::new("gemini-4-argon", "1");
    let state = pair().request(body, &context).unwrap().state;
    let kept = state.answer(answer.as_bytes()).unwrap().signatures;
    let signature_of = |id: &str| {
        let found = kept.iter().find(|(known, _)| known == id);
        found.map(|(_, signature)| signature.clone())
    };
    let mut context = context;
    context.signature_of = Some(&signature_of);
    let body = json!({"model": "m", "max_tokens": 9, "messages": [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": kept[0].0, "name": "f", "input": {}}]},
    ]})
    .to_string();
    let translated = pair().request(body.as_bytes(), &context).unwrap();
    let body: Value = serde_json::from_slice(&translated.body).unwrap();
    let call = &body["contents"][1]["parts"][0];
    assert_eq!(call["thoughtSignature"], "c2ln");
    assert_eq!(call["functionCall"]["id"], kept[0].0);
    // What was made up for the missing result says so.
    let response = &body["contents"][2]["parts"][0]["functionResponse"]["response"];
    assert!(response["error"].is_string());
}

#[test]
fn an_escaped_text_is_not_decoded_on_its_way() {
    let body = r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"\u00e9\/"}]}"#;
    let translated = pair()
        .request(body.as_bytes(), &RequestContext::new("m", "1"))
        .unwrap();
    let body = String::from_utf8(translated.body).unwrap();
    assert!(body.contains(r#"{"text":"\u00e9\/"}"#));
}
