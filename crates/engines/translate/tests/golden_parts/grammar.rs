//! What a caller's stream must look like, whatever it says.

#[path = "grammar_responses.rs"]
mod responses;

use serde_json::Value;
use wire::Protocol;

/// Checks a stream to be whole events in the grammar of that protocol.
pub fn check(caller: Protocol, stream: &[u8]) {
    assert!(stream.ends_with(b"\n\n"), "ends in the middle of an event");
    let events: Vec<(Option<String>, String)> = wire::sse::events(stream)
        .map(|event| {
            let name = event
                .name
                .map(|name| String::from_utf8(name.to_vec()).unwrap());
            (name, paired(std::str::from_utf8(&event.data).unwrap()))
        })
        .collect();
    match caller {
        Protocol::Messages => messages(&events),
        Protocol::Chat => chat(&events),
        Protocol::Responses => responses::check(&events),
        Protocol::Embeddings => {}
    }
}

/// The same without escaped surrogates: half a pair is passed on as it came, and the reader here takes none.
fn paired(data: &str) -> String {
    let mut out = String::with_capacity(data.len());
    let mut rest = data;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let escape = &rest[at..];
        let is_surrogate = |hex: &str| matches!(u16::from_str_radix(hex, 16), Ok(0xd800..0xe000));
        let (length, shown) = match escape.get(1..6) {
            Some(unit) if unit.strip_prefix('u').is_some_and(is_surrogate) => (6, "?"),
            _ => (2, escape.get(..2).unwrap_or(escape)),
        };
        out.push_str(shown);
        rest = escape.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// One block at a time, indexes without gaps, the end once.
fn messages(events: &[(Option<String>, String)]) {
    let mut open = None;
    let mut next = 0;
    let mut stopped = false;
    for (place, (name, data)) in events.iter().enumerate() {
        let data: Value = serde_json::from_str(data).unwrap();
        let kind = data["type"].as_str().unwrap();
        assert_eq!(
            name.as_deref(),
            Some(kind),
            "clients drop events without their name"
        );
        let last = place + 1 == events.len();
        match kind {
            "message_start" => {
                assert_eq!(place, 0);
                assert!(data["message"]["usage"]["input_tokens"].is_u64());
                assert!(data["message"]["usage"]["output_tokens"].is_u64());
            }
            "content_block_start" => {
                assert_eq!((open, data["index"].as_u64()), (None, Some(next)));
                open = Some(next);
                next += 1;
            }
            "content_block_delta" => assert_eq!(data["index"].as_u64(), open),
            "content_block_stop" => assert_eq!(data["index"].as_u64(), open.take()),
            "message_delta" => {
                assert_eq!(open, None);
                assert!(data["delta"]["stop_reason"].is_string());
                assert!(data["usage"]["output_tokens"].is_u64());
                stopped = true;
            }
            "message_stop" => assert!(stopped && last),
            "error" => {
                assert!(
                    last && !stopped,
                    "an error ends the stream, and only an unfinished one"
                );
                assert!(data["error"]["message"].is_string());
            }
            "ping" => {}
            other => panic!("unknown event {other}"),
        }
        assert!(
            !last || matches!(kind, "message_stop" | "error"),
            "ends with {kind}"
        );
    }
}

/// Chunks that begin alike, the role first, each call's id and name in its first piece, one reason at the end, then
/// usage, then `[DONE]`.
fn chat(events: &[(Option<String>, String)]) {
    let mut calls = 0;
    let mut entries = 0;
    let mut beginning: Option<Value> = None;
    let mut finished = false;
    let mut charged = false;
    for (place, (name, data)) in events.iter().enumerate() {
        let last = place + 1 == events.len();
        assert_eq!(*name, None);
        if data == "[DONE]" {
            assert!(last && finished);
            continue;
        }
        let chunk: Value = serde_json::from_str(data).unwrap();
        if chunk["error"].is_object() {
            assert!(last && !finished, "an error ends an unfinished stream");
            assert!(chunk["error"]["message"].is_string());
            assert!(chunk["error"]["type"].is_string());
            continue;
        }
        assert!(!last, "ends without [DONE]");
        assert_eq!(chunk["object"], "chat.completion.chunk");
        assert!(chunk["created"].is_u64() && chunk["id"].is_string());
        let same = serde_json::json!([chunk["id"], chunk["created"], chunk["model"]]);
        assert_eq!(*beginning.get_or_insert(same.clone()), same);
        let choices = chunk["choices"].as_array().unwrap();
        let [choice] = choices.as_slice() else {
            assert!(finished && !charged && choices.is_empty());
            assert!(chunk["usage"]["total_tokens"].is_u64());
            charged = true;
            continue;
        };
        assert!(!finished && choice["index"] == 0);
        finished = choice["finish_reason"].is_string();
        let delta = choice["delta"].as_object().unwrap();
        assert_eq!(delta.contains_key("role"), place == 0);
        assert_eq!(delta.is_empty(), finished);
        for call in delta
            .get("tool_calls")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let index = call["index"].as_u64().unwrap();
            let of = &call[call["type"].as_str().unwrap_or("function")];
            if index == calls {
                assert!(call["id"].is_string() && of["name"].is_string());
                calls += 1;
            } else {
                assert!(index < calls && call.get("id").is_none() && of.get("name").is_none());
            }
        }
        let details = delta.get("reasoning_details").and_then(Value::as_array);
        for entry in details.into_iter().flatten() {
            let index = entry["index"].as_u64().unwrap();
            assert!(index == entries || index + 1 == entries, "entries in order");
            entries = index + 1;
        }
    }
    assert!(!events.is_empty());
}
