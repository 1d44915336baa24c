//! What a provider answers: a usage object as given, and around it only what money depends on.

use bytes::Bytes;
use doubles::provider::reply::{Surface, data_event, named_event};
use serde_json::{Value, json};

const TEXT: &str = "Here you are.";

/// One answer, to be told whole or as a stream.
#[derive(Debug, Clone)]
pub struct Told {
    pub surface: Surface,
    /// The model that the answer names.
    pub model: String,
    pub usage: Value,
    /// `service_tier` beside the usage, where the protocol has it there.
    tier: Option<&'static str>,
    stop: Option<&'static str>,
    stop_details: Option<Value>,
    silent: bool,
    /// Output items before the text (Responses).
    items: Vec<Value>,
}

impl Told {
    fn new(surface: Surface, model: &str, usage: &str) -> Self {
        Self {
            surface,
            model: model.to_owned(),
            usage: serde_json::from_str(usage).unwrap(),
            tier: None,
            stop: None,
            stop_details: None,
            silent: false,
            items: Vec::new(),
        }
    }

    pub fn message(model: &str, usage: &str) -> Self {
        Self::new(Surface::Messages, model, usage)
    }

    pub fn chat(model: &str, usage: &str) -> Self {
        Self::new(Surface::Chat, model, usage)
    }

    pub fn response(model: &str, usage: &str) -> Self {
        Self::new(Surface::Responses, model, usage)
    }

    pub fn tier(mut self, tier: &'static str) -> Self {
        self.tier = Some(tier);
        self
    }

    /// A refusal in this category; `silent` where it came before any output.
    pub fn refusal(mut self, category: Option<&str>, silent: bool) -> Self {
        self.stop = Some("refusal");
        self.stop_details = Some(json!({"type": "refusal", "category": category}));
        self.silent = silent;
        self
    }

    pub fn item(mut self, item: Value) -> Self {
        self.items.push(item);
        self
    }

    fn content(&self) -> Value {
        if self.silent {
            json!([])
        } else {
            json!([{"type": "text", "text": TEXT}])
        }
    }

    /// The whole answer.
    pub fn whole(&self) -> Value {
        match self.surface {
            Surface::Messages => {
                let mut body = json!({
                    "id": "msg_till", "type": "message", "role": "assistant", "model": self.model,
                    "content": self.content(), "stop_reason": self.stop.unwrap_or("end_turn"),
                    "stop_sequence": null, "usage": self.usage,
                });
                if let Some(details) = &self.stop_details {
                    body["stop_details"] = details.clone();
                }
                body
            }
            Surface::Responses => self.response_object("completed", &self.output(), &self.usage),
            _ => {
                let mut body = json!({
                    "id": "chatcmpl-till", "object": "chat.completion", "created": 0, "model": self.model,
                    "choices": [{"index": 0, "finish_reason": self.stop.unwrap_or("stop"),
                        "message": {"role": "assistant", "content": TEXT}}],
                    "usage": self.usage,
                });
                if let Some(tier) = self.tier {
                    body["service_tier"] = json!(tier);
                }
                body
            }
        }
    }

    /// The same as a stream, one entry per event.
    pub fn events(&self) -> Vec<Bytes> {
        match self.surface {
            Surface::Messages => self.message_events(),
            Surface::Responses => self.response_events(),
            _ => self.chat_events(),
        }
    }

    /// The first event tells the input side; the last but one tells all counts anew, to replace it.
    fn message_events(&self) -> Vec<Bytes> {
        let mut early = self.usage.clone();
        let counts = early.as_object_mut().unwrap();
        for late in [
            "output_tokens_details",
            "iterations",
            "server_tool_use",
            "speed",
        ] {
            counts.shift_remove(late);
        }
        counts.insert("output_tokens".to_owned(), json!(1));
        let mut start = self.whole()["type"].take();
        start = json!({"type": "message_start", "message": {
            "id": "msg_till", "type": start, "role": "assistant", "model": self.model, "content": [],
            "stop_reason": null, "stop_sequence": null, "usage": early,
        }});
        let mut events = vec![start];
        if !self.silent {
            events.push(json!({"type": "content_block_start", "index": 0,
                "content_block": {"type": "text", "text": ""}}));
            events.push(json!({"type": "content_block_delta", "index": 0,
                "delta": {"type": "text_delta", "text": TEXT}}));
            events.push(json!({"type": "content_block_stop", "index": 0}));
        }
        let mut delta =
            json!({"stop_reason": self.stop.unwrap_or("end_turn"), "stop_sequence": null});
        if let Some(details) = &self.stop_details {
            delta["stop_details"] = details.clone();
        }
        events.push(json!({"type": "message_delta", "delta": delta, "usage": self.usage}));
        events.push(json!({"type": "message_stop"}));
        events.iter().map(named_event).collect()
    }

    /// The last chunk but the end mark holds the usage and no choice.
    fn chat_events(&self) -> Vec<Bytes> {
        let chunk = |choices: Value, usage: Value| {
            let mut chunk = json!({"id": "chatcmpl-till", "object": "chat.completion.chunk", "created": 0,
                "model": self.model, "choices": choices, "usage": usage});
            if let Some(tier) = self.tier {
                chunk["service_tier"] = json!(tier);
            }
            data_event(&chunk)
        };
        let delta = |delta: Value, finish: Value| {
            let choices = json!([{"index": 0, "delta": delta, "finish_reason": finish}]);
            chunk(choices, Value::Null)
        };
        vec![
            delta(json!({"role": "assistant", "content": ""}), Value::Null),
            delta(json!({"content": TEXT}), Value::Null),
            delta(json!({}), json!(self.stop.unwrap_or("stop"))),
            chunk(json!([]), self.usage.clone()),
            Bytes::from_static(b"data: [DONE]\n\n"),
        ]
    }

    /// What a client that did not ask for the usage chunk sees of the stream.
    pub fn shown(&self) -> Vec<u8> {
        let mut events = self.events();
        if self.surface == Surface::Chat {
            let usage = events.len() - 2;
            events.remove(usage);
        }
        events.concat()
    }

    fn output(&self) -> Vec<Value> {
        let mut output = self.items.clone();
        output.push(
            json!({"id": "msg_till", "type": "message", "status": "completed", "role": "assistant",
            "content": [{"type": "output_text", "text": TEXT, "annotations": []}]}),
        );
        output
    }

    fn response_object(&self, status: &str, output: &[Value], usage: &Value) -> Value {
        // While it runs, the object repeats the tier that was asked for; the last one tells the tier that served.
        let tier = match (status, self.tier) {
            ("completed", Some(tier)) => tier,
            (_, Some(_)) => "auto",
            (_, None) => "default",
        };
        json!({"id": "resp_till", "object": "response", "created_at": 0, "status": status,
            "model": self.model, "output": output, "service_tier": tier, "usage": usage})
    }

    fn response_events(&self) -> Vec<Bytes> {
        let opening = self.response_object("in_progress", &[], &Value::Null);
        let mut events = vec![
            json!({"type": "response.created", "response": opening}),
            json!({"type": "response.in_progress", "response": opening}),
        ];
        for (at, item) in self.output().iter().enumerate() {
            events.push(
                json!({"type": "response.output_item.added", "output_index": at, "item": item}),
            );
            if item["type"] == "message" {
                events.push(
                    json!({"type": "response.output_text.delta", "item_id": "msg_till",
                    "output_index": at, "content_index": 0, "delta": TEXT}),
                );
            }
            events.push(
                json!({"type": "response.output_item.done", "output_index": at, "item": item}),
            );
        }
        events.push(json!({"type": "response.completed", "response": self.whole()}));
        for (number, event) in events.iter_mut().enumerate() {
            event["sequence_number"] = json!(number);
        }
        events.iter().map(named_event).collect()
    }
}
