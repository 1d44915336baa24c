//! Simulated embeddings: eight numbers that depend on the text alone.

use serde_json::{Value, json};

use super::{fingerprint, prompt::tokens_of};

const DIMENSIONS: u32 = 8;

pub(super) fn answer(model: &str, request: &Value) -> Value {
    let inputs: Vec<String> = match &request["input"] {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) if items.iter().all(Value::is_number) => {
            vec![request["input"].to_string()]
        }
        Value::Array(items) => items
            .iter()
            .map(|item| {
                item.as_str()
                    .map_or_else(|| item.to_string(), str::to_owned)
            })
            .collect(),
        _ => Vec::new(),
    };
    let tokens: u64 = inputs.iter().map(|text| tokens_of(text.len())).sum();
    let base64 = request["encoding_format"] == "base64";
    let data: Vec<Value> = inputs
        .iter()
        .enumerate()
        .map(|(index, text)| json!({"object": "embedding", "index": index, "embedding": embed(text, base64)}))
        .collect();
    json!({"object": "list", "data": data, "model": model,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens}})
}

fn embed(text: &str, base64: bool) -> Value {
    let hash = fingerprint(text.as_bytes());
    let numbers: Vec<f32> = (0..DIMENSIONS)
        .map(|n| f32::from(u8::try_from((hash >> (8 * n)) & 0xff).unwrap_or(0)) / 127.5 - 1.0)
        .collect();
    if !base64 {
        return json!(numbers);
    }
    use base64::Engine as _;
    let bytes: Vec<u8> = numbers
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    json!(base64::engine::general_purpose::STANDARD.encode(bytes))
}
