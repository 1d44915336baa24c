//! The simulated model in Anthropic's words.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{Reply, event, pieces};

fn stop_reason(reply: &Reply) -> &'static str {
    if reply.call.is_some() {
        "tool_use"
    } else {
        "end_turn"
    }
}

fn usage(reply: &Reply, output_tokens: u64) -> Value {
    json!({
        "input_tokens": reply.input_tokens, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
        "output_tokens": output_tokens, "service_tier": "standard",
    })
}

pub(super) fn answer(reply: &Reply) -> Value {
    let content = match &reply.call {
        Some(call) => {
            json!([{"type": "tool_use", "id": format!("toolu_{}", reply.id), "name": call.name,
            "input": serde_json::from_str::<Value>(&call.arguments).unwrap_or_else(|_| json!({}))}])
        }
        None => json!([{"type": "text", "text": reply.text}]),
    };
    json!({
        "id": format!("msg_{}", reply.id), "type": "message", "role": "assistant", "model": reply.model,
        "content": content, "stop_reason": stop_reason(reply), "stop_sequence": null,
        "usage": usage(reply, reply.output_tokens),
    })
}

pub(super) fn stream(reply: &Reply) -> Vec<Bytes> {
    let named = |data: Value| event(data["type"].as_str(), &data);
    let mut out = vec![named(json!({"type": "message_start", "message": {
        "id": format!("msg_{}", reply.id), "type": "message", "role": "assistant", "model": reply.model,
        "content": [], "stop_reason": null, "stop_sequence": null, "usage": usage(reply, 1)}}))];
    let block = match &reply.call {
        Some(call) => {
            json!({"type": "tool_use", "id": format!("toolu_{}", reply.id), "name": call.name, "input": {}})
        }
        None => json!({"type": "text", "text": ""}),
    };
    out.push(named(
        json!({"type": "content_block_start", "index": 0, "content_block": block}),
    ));
    let deltas: Vec<Value> = match &reply.call {
        Some(call) => pieces(&call.arguments)
            .into_iter()
            .map(|piece| json!({"type": "input_json_delta", "partial_json": piece}))
            .collect(),
        None => pieces(&reply.text)
            .into_iter()
            .map(|piece| json!({"type": "text_delta", "text": piece}))
            .collect(),
    };
    for delta in deltas {
        out.push(named(
            json!({"type": "content_block_delta", "index": 0, "delta": delta}),
        ));
    }
    out.push(named(json!({"type": "content_block_stop", "index": 0})));
    out.push(named(json!({"type": "message_delta",
        "delta": {"stop_reason": stop_reason(reply), "stop_sequence": null},
        "usage": usage(reply, reply.output_tokens)})));
    out.push(named(json!({"type": "message_stop"})));
    out
}
