//! A reply as OpenAI's embeddings tell it.

use serde_json::{Value, json};

use super::Reply;

impl Reply {
    /// A list with one small vector per input.
    #[must_use]
    pub fn embeddings_body(&self, asked: &str, inputs: usize) -> Value {
        let rows = (0..inputs).map(|index| {
            json!({"object": "embedding", "index": index, "embedding": [0.5, -0.25, 0.125, 0.0]})
        });
        let tokens = self.usage.total_input();
        json!({
            "object": "list",
            "data": rows.collect::<Vec<Value>>(),
            "model": self.model_or(asked),
            "usage": self.with_extra(json!({"prompt_tokens": tokens, "total_tokens": tokens})),
        })
    }
}
