//! The simulated model in the words of OpenAI's Responses.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{Reply, event, pieces};

fn item(reply: &Reply, done: bool) -> Value {
    let status = if done { "completed" } else { "in_progress" };
    match &reply.call {
        Some(call) => {
            json!({"type": "function_call", "id": format!("fc_{}", reply.id), "status": status,
            "call_id": format!("call_{}", reply.id), "name": call.name,
            "arguments": if done { call.arguments.as_str() } else { "" }})
        }
        None => {
            json!({"type": "message", "id": format!("msg_{}", reply.id), "status": status, "role": "assistant",
            "content": if done { json!([part(&reply.text)]) } else { json!([]) }})
        }
    }
}

fn part(text: &str) -> Value {
    json!({"type": "output_text", "text": text, "annotations": []})
}

fn object(reply: &Reply, done: bool) -> Value {
    json!({
        "id": format!("resp_{}", reply.id), "object": "response", "created_at": 0,
        "status": if done { "completed" } else { "in_progress" }, "model": reply.model, "error": null,
        "incomplete_details": null, "instructions": null, "metadata": {}, "parallel_tool_calls": true,
        "tool_choice": "auto", "tools": [], "temperature": 1.0, "top_p": 1.0, "service_tier": "default",
        "output": if done { json!([item(reply, true)]) } else { json!([]) },
        "usage": if done { json!({
            "input_tokens": reply.input_tokens, "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": reply.output_tokens, "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": reply.input_tokens + reply.output_tokens}) } else { Value::Null },
    })
}

pub(super) fn answer(reply: &Reply) -> Value {
    object(reply, true)
}

pub(super) fn stream(reply: &Reply) -> Vec<Bytes> {
    let mut out: Vec<Bytes> = Vec::new();
    let mut say = |mut data: Value| {
        data["sequence_number"] = json!(out.len());
        out.push(event(data["type"].as_str(), &data));
    };
    say(json!({"type": "response.created", "response": object(reply, false)}));
    say(json!({"type": "response.in_progress", "response": object(reply, false)}));
    say(
        json!({"type": "response.output_item.added", "output_index": 0, "item": item(reply, false)}),
    );
    if let Some(call) = &reply.call {
        let id = format!("fc_{}", reply.id);
        for piece in pieces(&call.arguments) {
            say(
                json!({"type": "response.function_call_arguments.delta", "item_id": id, "output_index": 0,
                "delta": piece}),
            );
        }
        say(
            json!({"type": "response.function_call_arguments.done", "item_id": id, "output_index": 0,
            "name": call.name, "arguments": call.arguments}),
        );
    } else {
        let id = format!("msg_{}", reply.id);
        let at = |kind: &str| json!({"type": kind, "item_id": id, "output_index": 0, "content_index": 0});
        let with = |kind: &str, field: &str, value: Value| {
            let mut data = at(kind);
            data[field] = value;
            data
        };
        say(with("response.content_part.added", "part", part("")));
        for piece in pieces(&reply.text) {
            let mut data = with("response.output_text.delta", "delta", json!(piece));
            data["logprobs"] = json!([]);
            say(data);
        }
        let mut data = with("response.output_text.done", "text", json!(reply.text));
        data["logprobs"] = json!([]);
        say(data);
        say(with(
            "response.content_part.done",
            "part",
            part(&reply.text),
        ));
    }
    say(json!({"type": "response.output_item.done", "output_index": 0, "item": item(reply, true)}));
    say(json!({"type": "response.completed", "response": object(reply, true)}));
    out
}
