//! A reply as Gemini's `generateContent` tells it.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{Reply, data_event};

impl Reply {
    /// The usage object; Gemini's prompt includes what was cached, its thoughts stand beside the candidates. What is
    /// counted while the answer is made shows only at its end.
    fn gemini_usage(&self, ended: bool) -> Value {
        let usage = &self.usage;
        if !ended {
            return json!({"promptTokenCount": usage.total_input(), "totalTokenCount": usage.total_input()});
        }
        let output = usage.total_output() - usage.reasoning;
        self.with_extra(json!({
            "promptTokenCount": usage.total_input(),
            "cachedContentTokenCount": usage.cache_read,
            "candidatesTokenCount": output,
            "thoughtsTokenCount": usage.reasoning,
            "totalTokenCount": usage.total_input() + usage.total_output(),
        }))
    }

    fn gemini(&self, asked: &str, parts: &[Value], finish: Option<&str>) -> Value {
        let mut candidate = json!({"content": {"parts": parts, "role": "model"}, "index": 0});
        if let Some(finish) = finish {
            candidate["finishReason"] = json!(finish);
        }
        json!({
            "candidates": [candidate],
            "usageMetadata": self.gemini_usage(finish.is_some()),
            "modelVersion": self.model_or(asked),
            "responseId": self.id_or("double"),
        })
    }

    /// Thoughts, calls (each whole, the first one signed) and, between them, what `text` makes of the text.
    fn gemini_parts(&self, text: impl Fn(&str) -> Vec<Value>) -> Vec<Value> {
        let mut parts = Vec::new();
        let mut signature = None;
        if let Some((thinking, signed)) = &self.thinking {
            parts.push(json!({"text": thinking, "thought": true}));
            signature = Some(signed);
        }
        parts.extend(self.text.as_deref().map(text).unwrap_or_default());
        for tool in &self.tools {
            let args: Value = serde_json::from_str(&tool.arguments).unwrap_or_else(|_| json!({}));
            let mut part =
                json!({"functionCall": {"id": tool.id, "name": tool.name, "args": args}});
            if let Some(signature) = signature.take() {
                part["thoughtSignature"] = json!(signature);
            }
            parts.push(part);
        }
        parts
    }

    /// A `GenerateContentResponse`.
    #[must_use]
    pub fn gemini_body(&self, asked: &str) -> Value {
        let parts = self.gemini_parts(|text| vec![json!({"text": text})]);
        self.gemini(asked, &parts, Some(self.stop.as_deref().unwrap_or("STOP")))
    }

    /// Its stream: one entry per event, the last with the reason. There is no terminator.
    #[must_use]
    pub fn gemini_events(&self, asked: &str) -> Vec<Bytes> {
        let parts = self.gemini_parts(|text| {
            let pieces = self.split(text).into_iter();
            pieces.map(|piece| json!({"text": piece})).collect()
        });
        let mut events: Vec<Value> = parts
            .iter()
            .map(|part| self.gemini(asked, std::slice::from_ref(part), None))
            .collect();
        let stop = self.stop.as_deref().unwrap_or("STOP");
        events.push(self.gemini(asked, &[json!({"text": ""})], Some(stop)));
        events.iter().map(data_event).collect()
    }

    /// One small vector for each of so many texts.
    #[must_use]
    pub fn gemini_embeddings(&self, inputs: usize) -> Value {
        let rows = (0..inputs).map(|_| json!({"values": [0.5, -0.25, 0.125, 0.0]}));
        json!({
            "embeddings": rows.collect::<Vec<Value>>(),
            "usageMetadata": {"promptTokenCount": self.usage.total_input()},
        })
    }
}
