//! A reply as OpenAI's chat completions tell it.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{Reply, data_event};

/// 2026-11-01 00:00 UTC: answers are the same every time.
pub(super) const CREATED_S: u64 = 1_793_491_200;

impl Reply {
    /// The usage object; OpenAI's prompt includes what was cached, its completion includes reasoning.
    fn chat_usage(&self) -> Value {
        let usage = &self.usage;
        self.with_extra(json!({
            "prompt_tokens": usage.total_input(),
            "completion_tokens": usage.total_output(),
            "total_tokens": usage.total_input() + usage.total_output(),
            "prompt_tokens_details": {
                "cached_tokens": usage.cache_read,
                "cache_write_tokens": usage.cache_writes(),
                "audio_tokens": usage.audio_in,
            },
            "completion_tokens_details": {
                "reasoning_tokens": usage.reasoning,
                "audio_tokens": usage.audio_out,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        }))
    }

    fn chat_finish(&self) -> &str {
        match &self.stop {
            Some(reason) => reason,
            None if self.tools.is_empty() => "stop",
            None => "tool_calls",
        }
    }

    /// A `chat.completion` object.
    #[must_use]
    pub fn chat_body(&self, asked: &str) -> Value {
        let mut message = json!({"role": "assistant", "content": self.text, "refusal": null});
        if let Some((thinking, _)) = &self.thinking {
            message["reasoning_content"] = json!(thinking);
        }
        if !self.tools.is_empty() {
            let calls = self.tools.iter();
            message["tool_calls"] = calls
                .map(|tool| {
                    json!({"id": tool.id, "type": "function",
                        "function": {"name": tool.name, "arguments": tool.arguments}})
                })
                .collect();
        }
        json!({
            "id": self.id_or("chatcmpl-double"),
            "object": "chat.completion",
            "created": CREATED_S,
            "model": self.model_or(asked),
            "choices": [{
                "index": 0,
                "message": message,
                "logprobs": null,
                "finish_reason": self.chat_finish(),
            }],
            "usage": self.chat_usage(),
            "service_tier": "default",
            "system_fingerprint": "fp_double",
        })
    }

    /// Its stream: one entry per event. Fragments of parallel tool calls alternate, as they may.
    #[must_use]
    pub fn chat_events(&self, asked: &str, include_usage: bool) -> Vec<Bytes> {
        let chunk = |choices: Value| {
            let mut chunk = json!({
                "id": self.id_or("chatcmpl-double"),
                "object": "chat.completion.chunk",
                "created": CREATED_S,
                "model": self.model_or(asked),
                "service_tier": "default",
                "system_fingerprint": "fp_double",
                "choices": choices,
            });
            if include_usage {
                chunk["usage"] = Value::Null;
            }
            chunk
        };
        let delta = |delta: Value| {
            chunk(json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": null}]))
        };
        let mut events = vec![delta(
            json!({"role": "assistant", "content": if self.text.is_some() { json!("") } else { Value::Null }}),
        )];
        if let Some((thinking, _)) = &self.thinking {
            let pieces = self.split(thinking).into_iter();
            events.extend(pieces.map(|piece| delta(json!({"reasoning_content": piece}))));
        }
        if let Some(text) = &self.text {
            let pieces = self.split(text).into_iter();
            events.extend(pieces.map(|piece| delta(json!({"content": piece}))));
        }
        for (index, tool) in self.tools.iter().enumerate() {
            events.push(delta(json!({"tool_calls": [{"index": index, "id": tool.id,
                "type": "function", "function": {"name": tool.name, "arguments": ""}}]})));
        }
        let fragments: Vec<Vec<&str>> = self
            .tools
            .iter()
            .map(|tool| self.split(&tool.arguments))
            .collect();
        for round in 0..self.pieces {
            for (index, pieces) in fragments.iter().enumerate() {
                if let Some(piece) = pieces.get(round) {
                    events.push(delta(
                        json!({"tool_calls": [{"index": index, "function": {"arguments": piece}}]}),
                    ));
                }
            }
        }
        events.push(chunk(json!([{"index": 0, "delta": {}, "logprobs": null,
            "finish_reason": self.chat_finish()}])));
        if include_usage {
            let mut last = chunk(json!([]));
            last["usage"] = self.chat_usage();
            events.push(last);
        }
        let mut events: Vec<Bytes> = events.iter().map(data_event).collect();
        events.push(Bytes::from_static(b"data: [DONE]\n\n"));
        events
    }
}
