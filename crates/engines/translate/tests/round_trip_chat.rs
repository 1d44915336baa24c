//! What goes out in one protocol and comes back from it says the same: requests of chat through each protocol that has
//! a reader for callers, answers and streams of chat servers through each caller's protocol and on as an upstream's.

#![expect(clippy::unwrap_used, reason = "tests")]

mod round_trip_parts;

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};
use translate::{Dialect, Pair, RequestContext, Stream};
use wire::Protocol;

use round_trip_parts::{answer, conversation, said};

/// A protocol in the middle: what its callers speak, and how its upstreams do.
#[derive(Debug, Clone, Copy)]
struct Middle(Protocol, Dialect);

const MIDDLES: [Middle; 2] = [
    Middle(Protocol::Messages, Dialect::Anthropic),
    Middle(Protocol::Responses, Dialect::OpenAiResponses),
];

/// A model that takes these settings, whatever provider it is asked of.
fn context() -> RequestContext<'static> {
    RequestContext::new("claude-sonnet-4-5", "0123")
}

fn request(pair: Pair, body: &[u8]) -> Vec<u8> {
    pair.request(body, &context()).unwrap().body
}

/// A chat request as it comes back from that protocol.
fn there_and_back(middle: Middle, body: &Value) -> Value {
    let there = Pair::find(Protocol::Chat, middle.1).unwrap();
    let back = Pair::find(middle.0, Dialect::OpenAiChat).unwrap();
    let body = request(back, &request(there, body.to_string().as_bytes()));
    serde_json::from_slice(&body).unwrap()
}

/// A stream of chat chunks as it comes back from that protocol.
fn streamed(middle: Middle, sse: &str) -> Vec<u8> {
    let there = Pair::find(middle.0, Dialect::Compatible).unwrap();
    let back = Pair::find(Protocol::Chat, middle.1).unwrap();
    translated(back, &translated(there, sse.as_bytes()))
}

fn translated(pair: Pair, sse: &[u8]) -> Vec<u8> {
    let state = pair.request(bare(pair.caller()), &context()).unwrap().state;
    let mut stream = Stream::new(&state);
    let mut out = Vec::new();
    stream.push(&Bytes::copy_from_slice(sse), &mut out).unwrap();
    assert!(stream.end(&mut out).unwrap());
    out
}

fn answered(pair: Pair, body: &[u8]) -> Vec<u8> {
    let state = pair.request(bare(pair.caller()), &context()).unwrap().state;
    state.answer(body).unwrap().body
}

fn bare(caller: Protocol) -> &'static [u8] {
    match caller {
        Protocol::Responses => br#"{"model":"m","input":"Hi","stream":true}"#,
        _ => {
            br#"{"model":"m","max_tokens":9,"stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"Hi"}]}"#
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn requests_come_back_as_they_went(body in conversation::request()) {
        for middle in MIDDLES {
            let back = there_and_back(middle, &body);
            for key in ["messages", "tools", "tool_choice", "parallel_tool_calls"] {
                let came = conversation::plain(back[key].clone());
                prop_assert_eq!(&came, &body[key], "{} over {:?}", key, middle);
            }
            let settings = ["max_completion_tokens", "temperature", "top_p", "stream", "response_format"];
            for key in settings.into_iter().filter(|key| !body[*key].is_null()) {
                let came = conversation::plain(back[key].clone());
                prop_assert_eq!(&came, &body[key], "{} over {:?}", key, middle);
            }
        }
    }

    #[test]
    fn streams_come_back_as_they_went(answer in answer::answer(), picks in any::<u64>()) {
        let sse = answer.stream(picks);
        for middle in MIDDLES {
            let out = streamed(middle, &sse);
            prop_assert_eq!(&said::of_stream(&out), &answer.said(), "over {:?}", middle);
        }
    }

    #[test]
    fn answers_come_back_as_they_went(answer in answer::answer()) {
        let body = answer.whole().to_string();
        for Middle(caller, dialect) in MIDDLES {
            let there = Pair::find(caller, Dialect::Compatible).unwrap();
            let back = Pair::find(Protocol::Chat, dialect).unwrap();
            let out = answered(back, &answered(there, body.as_bytes()));
            let out: Value = serde_json::from_slice(&out).unwrap();
            prop_assert_eq!(&said::of_answer(&out), &answer.said(), "over {:?}", dialect);
        }
    }

    /// Chat, then one, then the other, then chat again.
    #[test]
    fn streams_survive_both_protocols_in_a_row(answer in answer::answer(), picks in any::<u64>()) {
        let sse = answer.stream(picks);
        for [Middle(first, dialect), Middle(second, other)] in [MIDDLES, [MIDDLES[1], MIDDLES[0]]] {
            let there = translated(Pair::find(first, Dialect::Compatible).unwrap(), sse.as_bytes());
            let on = translated(Pair::find(second, dialect).unwrap(), &there);
            let back = translated(Pair::find(Protocol::Chat, other).unwrap(), &on);
            prop_assert_eq!(&said::of_stream(&back), &answer.said(), "{:?} first", first);
        }
    }

    #[test]
    fn answers_survive_both_protocols_in_a_row(answer in answer::answer()) {
        let body = answer.whole().to_string();
        for [Middle(first, dialect), Middle(second, other)] in [MIDDLES, [MIDDLES[1], MIDDLES[0]]] {
            let there = answered(Pair::find(first, Dialect::Compatible).unwrap(), body.as_bytes());
            let on = answered(Pair::find(second, dialect).unwrap(), &there);
            let back = answered(Pair::find(Protocol::Chat, other).unwrap(), &on);
            let back: Value = serde_json::from_slice(&back).unwrap();
            prop_assert_eq!(&said::of_answer(&back), &answer.said(), "{:?} first", first);
        }
    }

    /// What Claude thought goes out through chat, comes back by its client, and is Claude's again to the letter.
    #[test]
    fn signed_thinking_survives_a_client_that_speaks_chat(
        thoughts in prop::collection::vec(("[a-zé\"\\\\\n ]{1,20}", "[A-Za-z0-9+/]{4,20}"), 1..4),
        whole in any::<bool>(),
    ) {
        let blocks: Vec<Value> = thoughts
            .iter()
            .map(|(text, signature)| json!({"type": "thinking", "thinking": text, "signature": signature}))
            .collect();
        let pair = Pair::find(Protocol::Chat, Dialect::Anthropic).unwrap();
        let message = if whole {
            let mut content = blocks.clone();
            content.push(json!({"type": "text", "text": "Done."}));
            let answer = json!({"id": "m", "type": "message", "role": "assistant", "model": "m", "content": content, "stop_reason": "end_turn", "usage": {"input_tokens": 1, "output_tokens": 1}});
            let out = answered(pair, answer.to_string().as_bytes());
            serde_json::from_slice::<Value>(&out).unwrap()["choices"][0]["message"].clone()
        } else {
            said::accumulated(&translated(pair, answer::claude(&thoughts).as_bytes()))
        };
        let next = json!({"model": "m", "messages": [{"role": "user", "content": "a"}, message, {"role": "user", "content": "b"}]});
        let next = request(pair, next.to_string().as_bytes());
        let next: Value = serde_json::from_slice(&next).unwrap();
        let came = next["messages"][1]["content"].as_array().unwrap();
        prop_assert_eq!(&came[..blocks.len()], &blocks[..]);
    }
}
