//! The simulated model in OpenAI's chat words.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{Reply, event, pieces};

fn usage(reply: &Reply) -> Value {
    json!({
        "prompt_tokens": reply.input_tokens,
        "completion_tokens": reply.output_tokens,
        "total_tokens": reply.input_tokens + reply.output_tokens,
    })
}

pub(super) fn answer(reply: &Reply) -> Value {
    let (message, finish) = match &reply.call {
        Some(call) => (
            json!({"role": "assistant", "content": null, "tool_calls": [
                {"id": format!("call_{}", reply.id), "type": "function",
                 "function": {"name": call.name, "arguments": call.arguments}}]}),
            "tool_calls",
        ),
        None => (
            json!({"role": "assistant", "content": reply.text, "refusal": null}),
            "stop",
        ),
    };
    json!({
        "id": format!("chatcmpl-{}", reply.id), "object": "chat.completion", "created": 0, "model": reply.model,
        "choices": [{"index": 0, "message": message, "logprobs": null, "finish_reason": finish}],
        "usage": usage(reply),
    })
}

pub(super) fn stream(reply: &Reply, include_usage: bool) -> Vec<Bytes> {
    let chunk = |choices: Value, usage: Option<Value>| {
        let mut chunk = json!({
            "id": format!("chatcmpl-{}", reply.id), "object": "chat.completion.chunk", "created": 0,
            "model": reply.model, "choices": choices,
        });
        if include_usage {
            chunk["usage"] = usage.unwrap_or(Value::Null);
        }
        event(None, &chunk)
    };
    let delta = |delta: Value, finish: Value| {
        chunk(
            json!([{"index": 0, "delta": delta, "finish_reason": finish}]),
            None,
        )
    };
    let mut out = vec![delta(
        json!({"role": "assistant", "content": ""}),
        Value::Null,
    )];
    if let Some(call) = &reply.call {
        out.push(delta(
            json!({"tool_calls": [{"index": 0, "id": format!("call_{}", reply.id), "type": "function",
                "function": {"name": call.name, "arguments": ""}}]}),
            Value::Null,
        ));
        for piece in pieces(&call.arguments) {
            out.push(delta(
                json!({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}),
                Value::Null,
            ));
        }
    }
    for piece in pieces(&reply.text) {
        out.push(delta(json!({"content": piece}), Value::Null));
    }
    out.push(delta(
        json!({}),
        json!(if reply.call.is_some() {
            "tool_calls"
        } else {
            "stop"
        }),
    ));
    if include_usage {
        out.push(chunk(json!([]), Some(usage(reply))));
    }
    out.push(Bytes::from_static(b"data: [DONE]\n\n"));
    out
}
