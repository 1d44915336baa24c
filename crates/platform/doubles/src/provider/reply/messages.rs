//! A reply as Anthropic's messages API tells it.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{Reply, named_event};

impl Reply {
    /// The usage object; Anthropic's input counts exclude the cache, its output includes thinking.
    fn messages_usage(&self, output: u64) -> Value {
        let usage = &self.usage;
        self.with_extra(json!({
            "input_tokens": usage.input,
            "cache_creation_input_tokens": usage.cache_write_5m + usage.cache_write_1h,
            "cache_read_input_tokens": usage.cache_read,
            "cache_creation": {
                "ephemeral_5m_input_tokens": usage.cache_write_5m,
                "ephemeral_1h_input_tokens": usage.cache_write_1h,
            },
            "output_tokens": output,
            "output_tokens_details": {"thinking_tokens": if output == 1 { 0 } else { usage.reasoning }},
            "service_tier": "standard",
        }))
    }

    fn messages_stop(&self) -> &str {
        match &self.stop {
            Some(reason) => reason,
            None if self.tools.is_empty() => "end_turn",
            None => "tool_use",
        }
    }

    /// A `message` object.
    #[must_use]
    pub fn messages_body(&self, asked: &str) -> Value {
        let mut content = Vec::new();
        if let Some((thinking, signature)) = &self.thinking {
            content.push(json!({"type": "thinking", "thinking": thinking, "signature": signature}));
        }
        if let Some(text) = &self.text {
            content.push(json!({"type": "text", "text": text}));
        }
        for tool in &self.tools {
            let input: Value = serde_json::from_str(&tool.arguments).unwrap_or_else(|_| json!({}));
            content.push(
                json!({"type": "tool_use", "id": tool.id, "name": tool.name, "input": input}),
            );
        }
        json!({
            "id": self.id_or("msg_double"),
            "type": "message",
            "role": "assistant",
            "model": self.model_or(asked),
            "content": content,
            "stop_reason": self.messages_stop(),
            "stop_sequence": null,
            "usage": self.messages_usage(self.usage.total_output()),
        })
    }

    /// Its stream: one entry per event.
    #[must_use]
    pub fn messages_events(&self, asked: &str) -> Vec<Bytes> {
        let start = json!({"type": "message_start", "message": {
            "id": self.id_or("msg_double"),
            "type": "message",
            "role": "assistant",
            "model": self.model_or(asked),
            "content": [],
            "stop_reason": null,
            "stop_sequence": null,
            "usage": self.messages_usage(1),
        }});
        let mut events = vec![start];
        let mut index = 0;
        let mut block = |content: Value, deltas: Vec<Value>| {
            let mut events = vec![
                json!({"type": "content_block_start", "index": index, "content_block": content}),
            ];
            if index == 0 {
                events.push(json!({"type": "ping"}));
            }
            for delta in deltas {
                events.push(json!({"type": "content_block_delta", "index": index, "delta": delta}));
            }
            events.push(json!({"type": "content_block_stop", "index": index}));
            index += 1;
            events
        };
        if let Some((thinking, signature)) = &self.thinking {
            let mut deltas: Vec<Value> = self
                .split(thinking)
                .into_iter()
                .map(|piece| json!({"type": "thinking_delta", "thinking": piece}))
                .collect();
            deltas.push(json!({"type": "signature_delta", "signature": signature}));
            events.extend(block(
                json!({"type": "thinking", "thinking": "", "signature": ""}),
                deltas,
            ));
        }
        if let Some(text) = &self.text {
            let deltas = self.split(text).into_iter();
            let deltas = deltas.map(|piece| json!({"type": "text_delta", "text": piece}));
            events.extend(block(json!({"type": "text", "text": ""}), deltas.collect()));
        }
        for tool in &self.tools {
            let pieces = self.split(&tool.arguments).into_iter();
            let deltas =
                pieces.map(|piece| json!({"type": "input_json_delta", "partial_json": piece}));
            events.extend(block(
                json!({"type": "tool_use", "id": tool.id, "name": tool.name, "input": {}}),
                deltas.collect(),
            ));
        }
        events.push(json!({
            "type": "message_delta",
            "delta": {"stop_reason": self.messages_stop(), "stop_sequence": null},
            "usage": self.messages_usage(self.usage.total_output()),
        }));
        events.push(json!({"type": "message_stop"}));
        events.iter().map(named_event).collect()
    }
}
