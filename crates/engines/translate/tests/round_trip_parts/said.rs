//! What an answer of chat says, read as a client reads it.

use serde_json::{Map, Value, json};

/// Everything that a client acts on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub thinking: String,
    pub text: String,
    /// Id, name and arguments.
    pub calls: Vec<(String, String, String)>,
    pub finish: String,
    /// Input, output, cached, reasoned.
    pub usage: [u64; 4],
}

/// What a whole answer says.
pub fn of_answer(body: &Value) -> Said {
    let choice = &body["choices"][0];
    said(&choice["message"], &choice["finish_reason"], &body["usage"])
}

/// What a stream says.
pub fn of_stream(sse: &[u8]) -> Said {
    let chunks = chunks(sse);
    let finish = chunks
        .iter()
        .map(|chunk| &chunk["choices"][0]["finish_reason"])
        .find(|reason| reason.is_string());
    let usage = chunks
        .iter()
        .map(|chunk| &chunk["usage"])
        .find(|usage| usage.is_object());
    said(&accumulated(sse), finish.unwrap(), usage.unwrap())
}

fn said(message: &Value, finish: &Value, usage: &Value) -> Said {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let calls = message["tool_calls"].as_array().into_iter().flatten();
    let count = |value: &Value| value.as_u64().unwrap_or_default();
    Said {
        thinking: text(&message["reasoning_content"]),
        text: text(&message["content"]),
        calls: calls
            .map(|call| {
                let function = &call["function"];
                (
                    text(&call["id"]),
                    text(&function["name"]),
                    text(&function["arguments"]),
                )
            })
            .collect(),
        finish: text(finish),
        usage: [
            count(&usage["prompt_tokens"]),
            count(&usage["completion_tokens"]),
            count(&usage["prompt_tokens_details"]["cached_tokens"]),
            count(&usage["completion_tokens_details"]["reasoning_tokens"]),
        ],
    }
}

fn chunks(sse: &[u8]) -> Vec<Value> {
    wire::sse::events(sse)
        .filter(|event| event.data.as_ref() != b"[DONE]")
        .map(|event| serde_json::from_slice(&event.data).unwrap())
        .collect()
}

/// The message that a stream's deltas come to: strings joined, lists by their index, as OpenAI's libraries do it.
pub fn accumulated(sse: &[u8]) -> Value {
    let mut message = Map::new();
    for chunk in chunks(sse) {
        if let Some(delta) = chunk["choices"][0]["delta"].as_object() {
            merge(&mut message, delta);
        }
    }
    Value::Object(message)
}

fn merge(into: &mut Map<String, Value>, delta: &Map<String, Value>) {
    for (key, value) in delta {
        let known = into.entry(key.clone()).or_insert(match value {
            Value::Array(_) => json!([]),
            Value::Object(_) => json!({}),
            Value::String(_) => json!(""),
            _ => Value::Null,
        });
        match (known, value) {
            (known, _) if key == "index" || key == "type" => *known = value.clone(),
            (Value::String(known), Value::String(more)) => known.push_str(more),
            (Value::Object(known), Value::Object(more)) => merge(known, more),
            (Value::Array(known), Value::Array(more)) => {
                for entry in more.iter().filter_map(Value::as_object) {
                    let index = usize::try_from(entry["index"].as_u64().unwrap()).unwrap();
                    if index == known.len() {
                        known.push(json!({}));
                    }
                    merge(known[index].as_object_mut().unwrap(), entry);
                }
            }
            (known, value) => *known = value.clone(),
        }
    }
}
