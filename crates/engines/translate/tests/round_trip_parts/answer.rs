//! Answers as chat servers give them, whole and in pieces.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::conversation::{arguments, text};
use super::said::Said;

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub thinking: Option<String>,
    pub text: Option<String>,
    pub calls: Vec<(String, String)>,
    pub cached: u64,
    pub reasoned: u64,
}

/// Some answer.
pub fn answer() -> impl Strategy<Value = Answer> {
    (
        prop::option::of(text()),
        prop::option::of(text()),
        prop::collection::vec(("tool_[a-c]", arguments()), 0..4),
        0u64..50,
        0u64..20,
    )
        .prop_map(|(thinking, text, calls, cached, reasoned)| Answer {
            thinking,
            text,
            calls,
            cached,
            reasoned,
        })
}

impl Answer {
    /// What it says.
    pub fn said(&self) -> Said {
        Said {
            thinking: self.thinking.clone().unwrap_or_default(),
            text: self.text.clone().unwrap_or_default(),
            calls: (0..)
                .zip(&self.calls)
                .map(|(number, (name, arguments))| (id(number), name.clone(), arguments.clone()))
                .collect(),
            finish: self.finish().to_owned(),
            usage: [60, 30, self.cached, self.reasoned],
        }
    }

    fn finish(&self) -> &'static str {
        if self.calls.is_empty() {
            "stop"
        } else {
            "tool_calls"
        }
    }

    fn usage(&self) -> Value {
        json!({"prompt_tokens": 60, "completion_tokens": 30, "total_tokens": 90, "prompt_tokens_details": {"cached_tokens": self.cached}, "completion_tokens_details": {"reasoning_tokens": self.reasoned}})
    }

    /// As one body.
    pub fn whole(&self) -> Value {
        let calls: Vec<Value> = (0..)
            .zip(&self.calls)
            .map(|(number, (name, arguments))| {
                json!({"id": id(number), "type": "function", "function": {"name": name, "arguments": arguments}})
            })
            .collect();
        let mut message =
            json!({"role": "assistant", "content": self.text, "reasoning_content": self.thinking});
        if !calls.is_empty() {
            message["tool_calls"] = Value::Array(calls);
        }
        json!({"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [{"index": 0, "message": message, "finish_reason": self.finish()}], "usage": self.usage()})
    }

    /// As a stream, cut and mixed as these numbers say.
    pub fn stream(&self, picks: u64) -> String {
        let mut deltas = vec![json!({"role": "assistant"})];
        let mut picks = Picks(picks);
        for (key, text) in [
            ("reasoning_content", &self.thinking),
            ("content", &self.text),
        ] {
            let whole = text
                .iter()
                .flat_map(|text| picks.cut(text))
                .collect::<Vec<_>>();
            deltas.extend(whole.into_iter().map(|piece| json!({ (key): piece })));
        }
        let mut left: Vec<_> = self
            .calls
            .iter()
            .map(|(_, arguments)| picks.cut(arguments).into_iter())
            .collect();
        let mut begun = 0;
        loop {
            if begun < self.calls.len() && picks.next(2) == 0 {
                let name = &self.calls[begun].0;
                deltas.push(json!({"tool_calls": [{"index": begun, "id": id(begun), "type": "function", "function": {"name": name, "arguments": ""}}]}));
                begun += 1;
            }
            let open: Vec<usize> = (0..begun).filter(|call| left[*call].len() > 0).collect();
            match open.get(picks.next(open.len().max(1))) {
                Some(call) => {
                    let piece = left[*call].next();
                    deltas.push(
                        json!({"tool_calls": [{"index": call, "function": {"arguments": piece}}]}),
                    );
                }
                None if begun == self.calls.len() => break,
                None => {}
            }
        }
        let mut sse = String::new();
        let mut event = |chunk: Value| sse.push_str(&format!("data: {chunk}\n\n"));
        for delta in deltas {
            event(
                json!({"id": "c", "created": 1, "model": "m", "choices": [{"index": 0, "delta": delta}]}),
            );
        }
        event(json!({"choices": [{"index": 0, "delta": {}, "finish_reason": self.finish()}]}));
        event(json!({"choices": [], "usage": self.usage()}));
        sse.push_str("data: [DONE]\n\n");
        sse
    }
}

/// The id of a call.
pub fn id(number: usize) -> String {
    format!("call_{number}")
}

/// Small numbers out of a large one.
pub struct Picks(pub u64);

impl Picks {
    pub fn next(&mut self, below: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % below
    }

    pub fn cut(&mut self, text: &str) -> Vec<String> {
        let mut pieces = Vec::new();
        let mut characters = text.chars().peekable();
        while characters.peek().is_some() {
            let count = 1 + self.next(6);
            pieces.push(characters.by_ref().take(count).collect());
        }
        pieces
    }
}

/// A stream of Claude's: these thoughts with their signatures, each in two pieces, then a word.
pub fn claude(thoughts: &[(String, String)]) -> String {
    let mut events = vec![
        json!({"type": "message_start", "message": {"id": "m", "model": "m", "usage": {"input_tokens": 1, "output_tokens": 1}}}),
    ];
    let mut block = |block: Value, deltas: Vec<Value>| {
        let index = events
            .iter()
            .filter(|event| event["type"] == "content_block_stop")
            .count();
        events.push(json!({"type": "content_block_start", "index": index, "content_block": block}));
        for delta in deltas {
            events.push(json!({"type": "content_block_delta", "index": index, "delta": delta}));
        }
        events.push(json!({"type": "content_block_stop", "index": index}));
    };
    for (text, signature) in thoughts {
        let (first, second) =
            text.split_at(text.char_indices().nth(1).map_or(text.len(), |(at, _)| at));
        let deltas = vec![
            json!({"type": "thinking_delta", "thinking": first}),
            json!({"type": "thinking_delta", "thinking": second}),
            json!({"type": "signature_delta", "signature": signature}),
        ];
        block(
            json!({"type": "thinking", "thinking": "", "signature": ""}),
            deltas,
        );
    }
    let done = vec![json!({"type": "text_delta", "text": "Done."})];
    block(json!({"type": "text", "text": ""}), done);
    events.push(json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}}));
    events.push(json!({"type": "message_stop"}));
    let line = |event: &Value| {
        format!(
            "event: {}\ndata: {event}\n\n",
            event["type"].as_str().unwrap()
        )
    };
    events.iter().map(line).collect()
}
