//! What servers send that is not what OpenAI sends. Whole streams stand among the golden files.

use super::*;

/// Events as they are shown for debugging, of one stream.
fn events(stream: &[&str]) -> Vec<String> {
    let mut reader = EventsIn::new();
    let mut told = Vec::new();
    let mut emit = |event: Event<'_>| {
        told.push(match event {
            Event::Text(text) => format!("text {}", text.decoded()),
            Event::Thinking(text) => format!("thinking {}", text.decoded()),
            Event::ToolStart(start) => format!("call {} {}", start.key, start.name.decoded()),
            Event::ToolInput { key, piece } => format!("input {key} {}", piece.decoded()),
            Event::ToolEnd { key } => format!("end {key}"),
            Event::Bound(bound) => format!("bound {}", bound.data.decoded()),
            Event::Failed(fault) => format!("failed {:?}: {}", fault.kind, fault.message),
            Event::Start { .. } => "start".to_owned(),
            Event::Stop(stop) => format!("stop {:?}", stop.reason),
            Event::Break => "break".to_owned(),
            Event::End => "end".to_owned(),
            other => format!("{other:?}"),
        });
        Ok(())
    };
    for data in stream {
        reader.event(None, data, &mut emit).unwrap();
    }
    told
}

#[test]
fn an_item_that_came_in_pieces_is_not_told_again() {
    let told = events(&[
        r#"{"type":"response.output_text.delta","output_index":0,"delta":"a"}"#,
        r#"{"type":"response.output_text.delta","output_index":1,"delta":"b"}"#,
        r#"{"type":"response.output_item.done","output_index":0,"item":{"type":"message","content":[{"type":"output_text","text":"a"}]}}"#,
        r#"{"type":"response.output_item.done","output_index":1,"item":{"type":"message","content":[{"type":"output_text","text":"b"}]}}"#,
        r#"{"type":"response.output_item.done","output_index":2,"item":{"type":"message","content":[{"type":"output_text","text":"c"}]}}"#,
    ]);
    assert_eq!(told, ["text a", "break", "text b", "break", "text c"]);
}

#[test]
fn a_custom_call_that_is_cut_off_stays_open() {
    let told = events(&[
        r#"{"type":"response.output_item.added","output_index":0,"item":{"type":"custom_tool_call","call_id":"c","name":"patch"}}"#,
        r#"{"type":"response.custom_tool_call_input.delta","output_index":0,"delta":"a\n"}"#,
        r#"{"type":"response.incomplete","response":{"incomplete_details":{"reason":"max_output_tokens"}}}"#,
    ]);
    assert_eq!(
        told,
        [
            "call 0 patch",
            r#"input 0 {"input":""#,
            r"input 0 a\n",
            "start",
            "end 0",
            "stop MaxTokens",
            "end"
        ]
    );
}

#[test]
fn pieces_of_nothing_and_events_of_nobody_do_no_harm() {
    let told = events(&[
        r#"{"type":"response.function_call_arguments.delta","output_index":7,"delta":"{}"}"#,
        r#"{"type":"response.custom_tool_call_input.done","output_index":7,"input":"x"}"#,
        r#"{"type":"response.output_text.delta","delta":{"odd":1}}"#,
        r#"{"type":"response.output_item.done","item":null}"#,
        r#"{"type":"response.audio.delta","delta":"UklGRg=="}"#,
        r#"{"no":"type"}"#,
        "[DONE]",
    ]);
    assert!(told.is_empty(), "{told:?}");
    let failed = events(&[r#"{"error":{"code":"server_error","message":"boom"}}"#]);
    assert_eq!(failed, ["failed Upstream: boom"]);
}

#[test]
fn a_runaway_is_stopped() {
    let mut reader = EventsIn::new();
    let mut emit = |_: Event<'_>| Ok(());
    let mut last = Ok(());
    for index in 0..600 {
        let data = format!(
            r#"{{"type":"response.output_item.added","output_index":{index},"item":{{"type":"function_call","call_id":"c","name":"f"}}}}"#
        );
        last = reader.event(None, &data, &mut emit);
        if last.is_err() {
            break;
        }
    }
    assert_eq!(last, Err(TranslateError::TooManyCalls(512)));
}
