//! A reply as OpenAI's Responses API tells it.

use bytes::Bytes;
use serde_json::{Value, json};

use super::chat::CREATED_S;
use super::{Reply, named_event};

impl Reply {
    fn responses_usage(&self) -> Value {
        let usage = &self.usage;
        self.with_extra(json!({
            "input_tokens": usage.total_input(),
            "input_tokens_details": {
                "cached_tokens": usage.cache_read,
                "cache_write_tokens": usage.cache_writes(),
                "cache_write_tokens_details": {
                    "ttl_30m_tokens": usage.cache_write_30m,
                    "ttl_12h_tokens": usage.cache_write_12h,
                },
            },
            "output_tokens": usage.total_output(),
            "output_tokens_details": {"reasoning_tokens": usage.reasoning},
            "total_tokens": usage.total_input() + usage.total_output(),
        }))
    }

    fn response(&self, asked: &str, status: &str, output: &[Value], usage: &Value) -> Value {
        json!({
            "id": self.id_or("resp_double"),
            "object": "response",
            "created_at": CREATED_S,
            "status": status,
            "background": false,
            "error": null,
            "incomplete_details": null,
            "instructions": null,
            "max_output_tokens": null,
            "model": self.model_or(asked),
            "output": output,
            "parallel_tool_calls": true,
            "previous_response_id": null,
            "reasoning": {"effort": null, "summary": null},
            "service_tier": "default",
            "store": false,
            "temperature": 1.0,
            "text": {"format": {"type": "text"}},
            "tool_choice": "auto",
            "tools": [],
            "top_p": 1.0,
            "truncation": "disabled",
            "usage": usage,
            "user": null,
            "metadata": {},
        })
    }

    /// The finished output items.
    fn output_items(&self) -> Vec<Value> {
        let mut items = Vec::new();
        if let Some((thinking, signature)) = &self.thinking {
            items.push(json!({"id": "rs_double", "type": "reasoning",
                "summary": [{"type": "summary_text", "text": thinking}], "encrypted_content": signature}));
        }
        if let Some(text) = &self.text {
            items.push(json!({"id": "msg_double", "type": "message", "status": "completed", "role": "assistant",
                "content": [{"type": "output_text", "text": text, "annotations": [], "logprobs": []}]}));
        }
        for tool in &self.tools {
            items.push(json!({"id": format!("fc_{}", tool.id), "type": "function_call", "status": "completed",
                "call_id": tool.id, "name": tool.name, "arguments": tool.arguments}));
        }
        items
    }

    /// A completed `response` object.
    #[must_use]
    pub fn responses_body(&self, asked: &str) -> Value {
        let output = self.output_items();
        self.response(asked, "completed", &output, &self.responses_usage())
    }

    /// Its stream: one entry per event, with rising sequence numbers.
    #[must_use]
    pub fn responses_events(&self, asked: &str) -> Vec<Bytes> {
        let opening = self.response(asked, "in_progress", &[], &Value::Null);
        let mut events = vec![
            json!({"type": "response.created", "response": opening}),
            json!({"type": "response.in_progress", "response": opening}),
        ];
        for (at, item) in self.output_items().into_iter().enumerate() {
            events.extend(self.item_events(at, &item));
        }
        events.push(json!({"type": "response.completed", "response": self.responses_body(asked)}));
        for (number, event) in events.iter_mut().enumerate() {
            event["sequence_number"] = json!(number);
        }
        events.iter().map(named_event).collect()
    }

    fn item_events(&self, at: usize, item: &Value) -> Vec<Value> {
        let id = &item["id"];
        let mut opening = item.clone();
        let mut events = Vec::new();
        match item["type"].as_str() {
            Some("message") => {
                let text = item["content"][0]["text"].as_str().unwrap_or_default();
                opening["status"] = json!("in_progress");
                opening["content"] = json!([]);
                let empty =
                    json!({"type": "output_text", "text": "", "annotations": [], "logprobs": []});
                events.push(json!({"type": "response.content_part.added", "item_id": id,
                    "output_index": at, "content_index": 0, "part": empty}));
                for piece in self.split(text) {
                    events.push(json!({"type": "response.output_text.delta", "item_id": id,
                        "output_index": at, "content_index": 0, "delta": piece, "logprobs": []}));
                }
                events.push(json!({"type": "response.output_text.done", "item_id": id,
                    "output_index": at, "content_index": 0, "text": text, "logprobs": []}));
                events.push(json!({"type": "response.content_part.done", "item_id": id,
                    "output_index": at, "content_index": 0, "part": item["content"][0]}));
            }
            Some("function_call") => {
                let arguments = item["arguments"].as_str().unwrap_or_default();
                opening["status"] = json!("in_progress");
                opening["arguments"] = json!("");
                for piece in self.split(arguments) {
                    events.push(json!({"type": "response.function_call_arguments.delta",
                        "item_id": id, "output_index": at, "delta": piece}));
                }
                events.push(
                    json!({"type": "response.function_call_arguments.done", "item_id": id,
                    "output_index": at, "name": item["name"], "arguments": arguments}),
                );
            }
            _ => {
                let text = item["summary"][0]["text"].as_str().unwrap_or_default();
                opening["summary"] = json!([]);
                events.push(json!({"type": "response.reasoning_summary_part.added", "item_id": id,
                    "output_index": at, "summary_index": 0, "part": {"type": "summary_text", "text": ""}}));
                for piece in self.split(text) {
                    events.push(json!({"type": "response.reasoning_summary_text.delta",
                        "item_id": id, "output_index": at, "summary_index": 0, "delta": piece}));
                }
                events.push(
                    json!({"type": "response.reasoning_summary_text.done", "item_id": id,
                    "output_index": at, "summary_index": 0, "text": text}),
                );
            }
        }
        events.insert(
            0,
            json!({"type": "response.output_item.added", "output_index": at, "item": opening}),
        );
        events.push(json!({"type": "response.output_item.done", "output_index": at, "item": item}));
        events
    }
}
