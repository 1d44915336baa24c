//! What a caller's stream must look like, whatever it says.

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
            (name, String::from_utf8(event.data.to_vec()).unwrap())
        })
        .collect();
    match caller {
        Protocol::Messages => messages(&events),
        Protocol::Chat | Protocol::Responses | Protocol::Embeddings => {}
    }
}

/// One block at a time, indexes without gaps, the end once.
fn messages(events: &[(Option<String>, String)]) {
    let mut open = None;
    let mut next = 0;
    let mut stopped = false;
    for (place, (name, data)) in events.iter().enumerate() {
        // Half a surrogate pair is passed on as it came; the reader here takes none.
        let data = data.replace(r"\ud83d", "?").replace(r"\ude00", "?");
        let data: Value = serde_json::from_str(&data).unwrap();
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
