//! Streams as Gemini sends them.

use super::*;

/// Every event in a short form, the connection's end included.
fn read(events: &[&str]) -> Result<Vec<String>, TranslateError> {
    let mut reader = EventsIn::new(true);
    let mut seen = Vec::new();
    let mut emit = |event: Event<'_>| {
        seen.push(show(&event));
        Ok(())
    };
    for event in events {
        reader.event(None, event, &mut emit)?;
    }
    reader.end(&mut emit)?;
    Ok(seen)
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
        Event::ToolStart(start) => {
            let signature = start.signature.as_ref().map(|bound| bound.data.decoded());
            format!(
                "call {} {} {} {}",
                start.key,
                start.id.decoded(),
                start.name.decoded(),
                signature.unwrap_or_default()
            )
        }
        Event::ToolInput { key, piece } => format!("input {key} {}", piece.decoded()),
        Event::ToolEnd { key } => format!("called {key}"),
        Event::Stop(stop) => format!("stop {:?}", stop.reason),
        Event::Failed(fault) => format!("failed {:?} {}", fault.kind, fault.message),
        other => format!("{other:?}"),
    }
}

#[test]
fn thoughts_text_and_calls_come_in_order() {
    let seen = read(&[
        r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"Hm","thought":true}]},"index":0}],"usageMetadata":{"promptTokenCount":5},"modelVersion":"gemini-4","responseId":"r1"}"#,
        r#"{"candidates":[{"content":{"parts":[{"text":"Hi"}]}}],"responseId":"r1"}"#,
        r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"a": 1.0}},"thoughtSignature":"c2ln"},{"functionCall":{"id":"x","name":"g"}}]},"finishReason":"STOP"}]}"#,
        r#"{"candidates":[{"content":{"parts":[{"text":"","thoughtSignature":"bGFzdA=="}]},"finishReason":"STOP"}]}"#,
    ]);
    assert_eq!(
        seen.unwrap(),
        [
            "start r1",
            "thinking Hm",
            "visible ",
            "text Hi",
            "call 0  f c2ln",
            r#"input 0 {"a": 1.0}"#,
            "called 0",
            "call 1 x g ",
            "called 1",
            "signature bGFzdA==",
            "stop EndTurn",
            "End",
        ]
    );
}

#[test]
fn a_blocked_prompt_is_a_refusal() {
    let seen = read(&[r#"{"promptFeedback":{"blockReason":"SAFETY"}}"#]);
    assert_eq!(seen.unwrap(), ["start ", "stop Refusal", "End"]);
}

#[test]
fn a_malformed_call_may_be_tried_again_and_an_error_ends_it() {
    let malformed = read(&[
        r#"{"candidates":[{"content":{},"finishReason":"MALFORMED_FUNCTION_CALL","finishMessage":"Malformed function call: f("}]}"#,
    ]);
    assert_eq!(malformed, Err(TranslateError::MalformedCall));
    let seen = read(&[
        r#"{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}"#,
    ]);
    assert_eq!(
        seen.unwrap()[0],
        "failed Unavailable The model is overloaded."
    );
}
