//! What a model of any maker says by Amazon's Converse, and what its requests must hold.

use bytes::Bytes;
use serde_json::{Value, json};

use super::eventstream;
use crate::provider::Reply;

/// What the service refuses of a request.
pub fn check(body: &Value) -> Result<(), String> {
    const KNOWN: [&str; 5] = [
        "messages",
        "system",
        "inferenceConfig",
        "toolConfig",
        "serviceTier",
    ];
    let members = body.as_object().ok_or("the body is no object")?;
    if let Some(key) = members.keys().find(|key| !KNOWN.contains(&key.as_str())) {
        return Err(format!("{key} is not known"));
    }
    let messages = body["messages"].as_array().ok_or("messages: required")?;
    let mut last = "assistant";
    let mut calls = false;
    for message in messages {
        let role = message["role"].as_str().unwrap_or_default();
        if role == last {
            return Err(
                "A conversation must alternate between user and assistant roles.".to_owned(),
            );
        }
        last = role;
        let content = message["content"].as_array().ok_or("content: required")?;
        if content.is_empty() {
            return Err("The content field in the Message object is empty.".to_owned());
        }
        for block in content {
            if block["text"]
                .as_str()
                .is_some_and(|text| text.trim().is_empty())
            {
                return Err("The text field in the ContentBlock object is blank.".to_owned());
            }
            calls |= !block["toolUse"].is_null() || !block["toolResult"].is_null();
        }
    }
    if last != "user" {
        return Err("A conversation must end with a user message.".to_owned());
    }
    let has_tools = body["toolConfig"]["tools"]
        .as_array()
        .is_some_and(|list| !list.is_empty());
    if calls && !has_tools {
        return Err("The toolConfig field must be defined when using toolUse and toolResult content blocks.".to_owned());
    }
    Ok(())
}

/// The whole answer.
#[must_use]
pub fn body(reply: &Reply) -> Value {
    let calls = reply.calls().iter().map(|call| {
        let input: Value = serde_json::from_str(&call.arguments).unwrap_or_else(|_| json!({}));
        json!({"toolUse": {"toolUseId": call.id, "name": call.name, "input": input}})
    });
    let text = reply.said().map(|text| json!({"text": text}));
    let content: Vec<Value> = text.into_iter().chain(calls).collect();
    json!({
        "metrics": {"latencyMs": 412},
        "output": {"message": {"content": content, "role": "assistant"}},
        "stopReason": stop(reply),
        "usage": usage(reply),
    })
}

/// Its stream, one frame for each event; the counts come last.
#[must_use]
pub fn frames(reply: &Reply) -> Vec<Bytes> {
    let event = |name: &str, payload: Value| eventstream::event(name, &payload.to_string());
    let mut out = vec![event(
        "messageStart",
        json!({"role": "assistant", "p": "abcd"}),
    )];
    let mut index = 0;
    let stopped = |index: u64| event("contentBlockStop", json!({"contentBlockIndex": index}));
    if let Some(text) = reply.said() {
        for piece in reply.split(text) {
            let delta = json!({"contentBlockIndex": index, "delta": {"text": piece}, "p": "ab"});
            out.push(event("contentBlockDelta", delta));
        }
        out.push(stopped(index));
        index += 1;
    }
    for call in reply.calls() {
        let start = json!({"toolUse": {"toolUseId": call.id, "name": call.name}});
        out.push(event(
            "contentBlockStart",
            json!({"contentBlockIndex": index, "start": start}),
        ));
        for piece in reply.split(&call.arguments) {
            let delta = json!({"toolUse": {"input": piece}});
            out.push(event(
                "contentBlockDelta",
                json!({"contentBlockIndex": index, "delta": delta}),
            ));
        }
        out.push(stopped(index));
        index += 1;
    }
    out.push(event("messageStop", json!({"stopReason": stop(reply)})));
    out.push(event(
        "metadata",
        json!({"usage": usage(reply), "metrics": {"latencyMs": 412}}),
    ));
    out
}

fn stop(reply: &Reply) -> &'static str {
    if reply.calls().is_empty() {
        "end_turn"
    } else {
        "tool_use"
    }
}

fn usage(reply: &Reply) -> Value {
    let usage = reply.counts();
    let written = usage.cache_write_5m + usage.cache_write_1h;
    json!({
        "inputTokens": usage.input,
        "outputTokens": usage.total_output(),
        "totalTokens": usage.total_input() + usage.total_output(),
        "cacheReadInputTokens": usage.cache_read,
        "cacheWriteInputTokens": written,
    })
}
