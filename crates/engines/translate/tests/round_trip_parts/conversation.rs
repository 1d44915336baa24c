//! Requests as clients of chat make them, in the form in which they come back: what may be said in several ways is
//! said in ours.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

const PNG: &str = "data:image/png;base64,iVBORw0KGgo=";

/// Text that is more than white space.
pub fn text() -> impl Strategy<Value = String> {
    "[a-z][a-zé😀\"\\\\\n/ ]{0,12}[a-z]"
}

/// An object as a model writes it: numbers and spaces as it pleased.
pub fn arguments() -> impl Strategy<Value = String> {
    (text(), 0u8..4).prop_map(|(value, way)| {
        let value = Value::from(value);
        match way {
            0 => "{}".to_owned(),
            1 => format!(r#"{{"a":{value}}}"#),
            2 => format!(r#"{{ "n" : 1.0, "a": [ {value} ]}}"#),
            _ => format!(r#"{{"z":12345678901234567890123,"a":{{"b":{value}}}}}"#),
        }
    })
}

fn calls() -> impl Strategy<Value = Vec<(String, String)>> {
    prop::collection::vec(("tool_[a-c]", arguments()), 0..3)
}

/// What user, assistant and tools say in one round.
fn round() -> impl Strategy<Value = (String, bool, Option<String>, Vec<(String, String)>)> {
    (text(), any::<bool>(), prop::option::of(text()), calls())
}

fn tools() -> Value {
    let tool = |name: &str| json!({"type": "function", "function": {"name": name, "description": "Does it.", "parameters": {"type": "object", "properties": {"a": {"type": "string", "maxLength": 9}}}}});
    json!([tool("tool_a"), tool("tool_b"), tool("tool_c")])
}

/// A request.
pub fn request() -> impl Strategy<Value = Value> {
    let settings = (
        prop::option::of(16u32..4096),
        prop::option::of(prop::sample::select(vec![0.0, 0.25, 0.5])),
        any::<bool>(),
        any::<bool>(),
        0u8..5,
    );
    (
        prop::option::of(text()),
        prop::collection::vec(round(), 1..4),
        text(),
        settings,
    )
        .prop_map(|(system, rounds, last, (bound, temperature, single, schema, choice))| {
            let mut body = Map::new();
            body.insert("model".to_owned(), json!("m"));
            body.insert("messages".to_owned(), messages(system, rounds, &last));
            body.insert("tools".to_owned(), tools());
            let choice = match choice {
                0 => json!("none"),
                1 => json!("required"),
                2 => json!({"type": "function", "function": {"name": "tool_b"}}),
                _ => json!("auto"),
            };
            body.insert("tool_choice".to_owned(), choice.clone());
            if single && choice != "none" {
                body.insert("parallel_tool_calls".to_owned(), json!(false));
            }
            body.insert("max_completion_tokens".to_owned(), json!(bound.unwrap_or(64)));
            body.insert("temperature".to_owned(), json!(temperature));
            if schema {
                let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": false});
                let format = json!({"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": true}});
                body.insert("response_format".to_owned(), format);
            }
            Value::Object(body)
        })
}

type Round = (String, bool, Option<String>, Vec<(String, String)>);

fn messages(system: Option<String>, rounds: Vec<Round>, last: &str) -> Value {
    let mut messages = Vec::new();
    messages.extend(system.map(|text| json!({"role": "system", "content": text})));
    let mut number = 0;
    for (question, sees, reply, calls) in rounds {
        let content = if sees {
            json!([{"type": "text", "text": question}, {"type": "image_url", "image_url": {"url": PNG}}])
        } else {
            json!(question)
        };
        let reply = reply.unwrap_or_else(|| "Well.".to_owned());
        messages.push(json!({"role": "user", "content": content}));
        if calls.is_empty() {
            messages.push(json!({"role": "assistant", "content": reply}));
            continue;
        }
        let first = number;
        let calls: Vec<Value> = calls
            .into_iter()
            .map(|(name, arguments)| {
                number += 1;
                json!({"id": format!("call_{number}"), "type": "function", "function": {"name": name, "arguments": arguments}})
            })
            .collect();
        messages.push(json!({"role": "assistant", "content": reply, "tool_calls": calls}));
        for id in first + 1..=number {
            messages.push(json!({"role": "tool", "tool_call_id": format!("call_{id}"), "content": format!("result {id}")}));
        }
        messages.push(json!({"role": "assistant", "content": "So."}));
    }
    messages.push(json!({"role": "user", "content": last}));
    Value::Array(messages)
}

/// What came back, without what only says what was meant anyway.
pub fn plain(mut value: Value) -> Value {
    match &mut value {
        Value::Object(object) => {
            object.retain(|key, value| {
                let said =
                    (key == "detail" && *value == "auto") || (key == "strict" && *value == false);
                !said
            });
            let inside = std::mem::take(object);
            *object = inside
                .into_iter()
                .map(|(key, value)| (key, plain(value)))
                .collect();
            value
        }
        Value::Array(list) => Value::Array(std::mem::take(list).into_iter().map(plain).collect()),
        _ => value,
    }
}
