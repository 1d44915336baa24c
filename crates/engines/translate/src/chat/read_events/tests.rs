//! Streams as servers really send them.

use super::*;

/// Every event in a short form.
fn read(dialect: Dialect, chunks: &[&str]) -> Vec<String> {
    let mut reader = EventsIn::new(dialect);
    let mut seen = Vec::new();
    for chunk in chunks {
        let mut emit = |event: Event<'_>| {
            seen.push(show(&event));
            Ok(())
        };
        reader.event(None, chunk, &mut emit).unwrap();
    }
    seen
}

fn show(event: &Event<'_>) -> String {
    match event {
        Event::Start { id, .. } => {
            format!(
                "start {}",
                id.as_ref().map(Text::decoded).unwrap_or_default()
            )
        }
        Event::Text(text) => format!("text {}", text.decoded()),
        Event::Refusal(text) => format!("refusal {}", text.decoded()),
        Event::Thinking(text) => format!("thinking {}", text.decoded()),
        Event::Bound(bound) => {
            let form = bound.form.as_ref().map(Text::decoded).unwrap_or_default();
            format!(
                "bound {} {form} {}",
                bound.bind.as_str(),
                bound.data.decoded()
            )
        }
        Event::ToolStart(start) => {
            format!(
                "call {} {} {}",
                start.key,
                start.id.decoded(),
                start.name.decoded()
            )
        }
        Event::ToolInput { key, piece } => format!("input {key} {}", piece.decoded()),
        Event::ToolEnd { key } => format!("called {key}"),
        Event::Stop(stop) => format!("stop {:?}", stop.reason),
        Event::End => "end".to_owned(),
        Event::Failed(fault) => format!("failed {:?} {}", fault.kind, fault.message),
        other => format!("{other:?}"),
    }
}

const COMPATIBLE: Dialect = Dialect::Compatible;

#[test]
fn text_begins_with_its_first_letter() {
    let seen = read(
        COMPATIBLE,
        &[
            r#"{"id":"c1","model":"m","created":1.5,"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#,
            r#"{"id":"c1","choices":[{"index":0,"delta":{"content":"Hi"}}]}"#,
            r#"{"id":"c1","choices":[{"index":1,"delta":{"content":"other choice"}}]}"#,
            r#"{"id":"c1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
            r#"{"id":"c1","choices":[],"usage":{"prompt_tokens":1}}"#,
            "[DONE]",
        ],
    );
    assert_eq!(seen, ["start c1", "text Hi", "stop EndTurn", "end"]);
}

#[test]
fn calls_are_told_apart_by_index_and_by_id() {
    let seen = read(
        COMPATIBLE,
        &[
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":""}},{"index":1,"id":"b","function":{"name":"g","arguments":"{"}}]}}]}"#,
            r#"{"choices":[{"delta":{"tool_calls":[{"index":1,"function":{"arguments":"}"}},{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}}]}"#,
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"h","arguments":{"x":1}}}]},"finish_reason":"tool_calls"}]}"#,
        ],
    );
    let expected = [
        "start ",
        "call 0 a f",
        "call 1 b g",
        "input 1 {",
        "input 1 }",
        "input 0 {}",
        "call 2 c h",
        "input 2 {\"x\":1}",
        "called 0",
        "called 1",
        "called 2",
        "stop ToolUse",
    ];
    assert_eq!(seen, expected);
}

#[test]
fn calls_without_index_go_by_id_or_order() {
    let seen = read(
        COMPATIBLE,
        &[
            r#"{"choices":[{"delta":{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{"}}]}}]}"#,
            r#"{"choices":[{"delta":{"tool_calls":[{"function":{"arguments":"}"}}]}}]}"#,
            r#"{"choices":[{"delta":{"tool_calls":[{"function":{"name":"g","arguments":"{}"}}]}}]}"#,
        ],
    );
    assert_eq!(
        seen[1..],
        [
            "call 0 a f",
            "input 0 {",
            "input 0 }",
            "call 1  g",
            "input 1 {}"
        ]
    );
}

#[test]
fn a_name_may_come_after_its_input() {
    let seen = read(
        COMPATIBLE,
        &[
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"arguments":"{\"x\""}}]}}]}"#,
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"name":"f","arguments":":1}"}}]}}]}"#,
        ],
    );
    assert_eq!(seen[1..], ["call 0 a f", "input 0 {\"x\"", "input 0 :1}"]);
}

#[test]
fn reasoning_comes_under_several_names_and_ends_with_what_binds_it() {
    let content = read(
        Dialect::DeepSeek,
        &[
            r#"{"choices":[{"delta":{"reasoning_content":"hm","reasoning":"hm"}}]}"#,
            r#"{"choices":[{"delta":{"reasoning_content":"","content":"Hi"}}]}"#,
        ],
    );
    let expected = ["thinking hm", "bound visible reasoning_content ", "text Hi"];
    assert_eq!(content[1..], expected);
    let details = read(
        COMPATIBLE,
        &[
            r#"{"choices":[{"delta":{"reasoning":"hm","reasoning_details":[{"type":"reasoning.text","text":"hm","format":"anthropic-claude-v1"}]}}]}"#,
            r#"{"choices":[{"delta":{"reasoning_details":[{"type":"reasoning.text","signature":"sig","format":"anthropic-claude-v1"}]}}]}"#,
            r#"{"choices":[{"delta":{"content":[{"type":"text","text":"Hi"}]}}]}"#,
        ],
    );
    let expected = [
        "thinking hm",
        "bound signature anthropic-claude-v1 sig",
        "text Hi",
    ];
    assert_eq!(details[1..], expected);
    let parts = read(
        COMPATIBLE,
        &[
            r#"{"choices":[{"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]}]}}]}"#,
            r#"{"choices":[{"delta":{"content":"Hi"},"finish_reason":"stop"}]}"#,
        ],
    );
    let expected = [
        "thinking hm",
        "bound visible thinking ",
        "text Hi",
        "stop EndTurn",
    ];
    assert_eq!(parts[1..], expected);
}

#[test]
fn errors_refusals_and_missing_reasons() {
    let failed = read(
        COMPATIBLE,
        &[r#"{"error":{"message":"overloaded","code":503}}"#],
    );
    assert_eq!(failed, ["failed Unavailable overloaded"]);
    let refused = read(
        COMPATIBLE,
        &[
            r#"{"choices":[{"delta":{"refusal":"No."}}]}"#,
            r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#,
        ],
    );
    assert_eq!(refused[1..], ["refusal No.", "stop Refusal"]);
    let done = read(
        COMPATIBLE,
        &[r#"{"choices":[{"delta":{"content":"x"}}]}"#, "[DONE]"],
    );
    assert_eq!(done[1..], ["text x", "stop EndTurn", "end"]);
}
