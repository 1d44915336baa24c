//! Streams as Claude and servers like it send them.

use super::*;

/// Every event in a short form.
fn read(events: &[&str]) -> Vec<String> {
    let mut reader = EventsIn::new();
    let mut seen = Vec::new();
    for event in events {
        let mut emit = |event: Event<'_>| {
            seen.push(show(&event));
            Ok(())
        };
        reader.event(None, event, &mut emit).unwrap();
    }
    seen
}

fn show(event: &Event<'_>) -> String {
    match event {
        Event::Start { id, .. } => {
            let id = id.as_ref().map(Text::decoded).unwrap_or_default();
            format!("start {id}")
        }
        Event::Text(text) => format!("text {}", text.decoded()),
        Event::Thinking(text) => format!("thinking {}", text.decoded()),
        Event::Bound(bound) => format!("{} {}", bound.bind.as_str(), bound.data.decoded()),
        Event::ToolStart(start) => format!(
            "call {} {} {}",
            start.key,
            start.id.decoded(),
            start.name.decoded()
        ),
        Event::ToolInput { key, piece } => format!("input {key} {}", piece.decoded()),
        Event::ToolEnd { key } => format!("called {key}"),
        Event::Stop(stop) => format!("stop {:?}", stop.reason),
        Event::Failed(fault) => format!("failed {:?} {}", fault.kind, fault.message),
        Event::Server(kind) => format!("server {}", kind.decoded()),
        other => format!("{other:?}"),
    }
}

#[test]
fn thinking_text_and_calls_come_in_order() {
    let seen = read(&[
        r#"{"type":"message_start","message":{"id":"msg_1","model":"claude","usage":{"input_tokens":1}}}"#,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
        r#"{"type":"ping"}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Hm"}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"Eq"}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"QB"}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
        r#"{"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"R0"}}"#,
        r#"{"type":"content_block_stop","index":1}"#,
        r#"{"type":"content_block_start","index":2,"content_block":{"type":"text","text":""}}"#,
        r#"{"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"Hi"}}"#,
        r#"{"type":"content_block_stop","index":2}"#,
        r#"{"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"toolu_1","name":"f","input":{}}}"#,
        r#"{"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":""}}"#,
        r#"{"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"{\"a\":1}"}}"#,
        r#"{"type":"content_block_stop","index":3}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":3}}"#,
        r#"{"type":"message_stop"}"#,
    ]);
    assert_eq!(
        seen,
        [
            "start msg_1",
            "thinking Hm",
            "signature EqQB",
            "Break",
            "redacted R0",
            "Break",
            "text Hi",
            "call 0 toolu_1 f",
            r#"input 0 {"a":1}"#,
            "called 0",
            "stop ToolUse",
            "End",
        ]
    );
}

#[test]
fn an_input_may_come_whole_and_a_block_may_stay_open() {
    let seen = read(&[
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a","name":"f","input":{"x":1}}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"x\":1}"}}"#,
        r#"{"type":"content_block_start","index":1,"content_block":{"type":"web_search_tool_result","content":[]}}"#,
        r#"{"type":"content_block_start","index":2,"content_block":{"type":"thinking","thinking":"Hm"}}"#,
        r#"{"type":"message_stop"}"#,
    ]);
    assert_eq!(
        seen,
        [
            "call 0 a f",
            r#"input 0 {"x":1}"#,
            "called 0",
            "server web_search_tool_result",
            "thinking Hm",
            "visible ",
            "stop EndTurn",
            "End",
        ]
    );
}

#[test]
fn an_error_ends_it() {
    let seen =
        read(&[r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#]);
    assert_eq!(seen, ["failed Unavailable Overloaded"]);
}
