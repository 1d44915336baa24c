//! A careful client that speaks all three surfaces and takes one conversation from each to the next: it keeps what it was
//! given, gives it back as it came, and puts into another surface what has a place there.

use doubles::provider::reply::Surface;
use serde_json::{Value, json};

use crate::story::Said;

/// Who made a thought, as far as the client is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maker {
    Anthropic,
    OpenAi,
    Gemini,
    DeepSeek,
    Compatible,
}

/// What a thought is bound by.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Binding {
    /// Nothing.
    Visible,
    /// An opaque string of the product's, which says itself whose it is and may stand in any surface.
    Sealed(String),
    /// A provider's own, which belongs into that one's surface.
    Own(Maker, String),
}

#[derive(Debug, Clone)]
struct Thought {
    text: String,
    binding: Binding,
}

#[derive(Debug, Clone)]
struct Call {
    id: String,
    name: String,
    arguments: String,
}

#[derive(Debug, Clone, Default)]
struct Turn {
    words: String,
    /// What the answer was, where it came through chat: such clients append the message as it is.
    message: Option<Value>,
    thoughts: Vec<Thought>,
    text: String,
    calls: Vec<Call>,
    result: String,
}

/// Everything said so far.
#[derive(Debug, Default)]
pub struct Conversation(Vec<Turn>);

fn binding(opaque: &Value, own: Option<Maker>) -> Binding {
    match (opaque.as_str(), own) {
        (Some(seal), _) if seal.starts_with("eyJzd2l0Y2h5YXJk") => Binding::Sealed(seal.to_owned()),
        (Some(data), Some(maker)) if !data.is_empty() => Binding::Own(maker, data.to_owned()),
        _ => Binding::Visible,
    }
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl Conversation {
    /// The user says something.
    pub fn ask(&mut self, words: &str) {
        self.0.push(Turn {
            words: words.to_owned(),
            ..Turn::default()
        });
    }

    /// The model has answered; each of its calls has this result.
    pub fn hear(&mut self, surface: Surface, answer: &Value, result: &str) {
        let turn = self.0.last_mut().unwrap();
        result.clone_into(&mut turn.result);
        match surface {
            Surface::Messages => turn.hear_message(answer),
            Surface::Responses => turn.hear_response(answer),
            _ => turn.hear_completion(&answer["choices"][0]["message"]),
        }
    }

    /// The whole conversation as a request.
    pub fn request(&self, surface: Surface, model: &str) -> Value {
        let turns = |write: fn(&Turn) -> Vec<Value>| -> Value {
            self.0.iter().flat_map(write).collect::<Vec<Value>>().into()
        };
        let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
        let function = json!({"name": "get_weather", "parameters": schema});
        match surface {
            Surface::Messages => json!({"model": model, "max_tokens": 4096,
                "thinking": {"type": "enabled", "budget_tokens": 1024},
                "tools": [{"name": "get_weather", "input_schema": schema}],
                "messages": self.messages()}),
            Surface::Responses => json!({"model": model, "store": false,
                "reasoning": {"effort": "low", "summary": "auto"},
                "include": ["reasoning.encrypted_content"],
                "tools": [{"type": "function", "name": "get_weather", "parameters": schema}],
                "input": turns(Turn::items)}),
            _ => json!({"model": model, "reasoning_effort": "low",
                "tools": [{"type": "function", "function": function}],
                "messages": turns(Turn::chat)}),
        }
    }

    fn messages(&self) -> Vec<Value> {
        let mut messages = Vec::new();
        let mut content = Vec::new();
        for turn in &self.0 {
            content.push(json!({"type": "text", "text": turn.words}));
            messages.push(json!({"role": "user", "content": std::mem::take(&mut content)}));
            if turn.text.is_empty() {
                break;
            }
            messages.push(json!({"role": "assistant", "content": turn.blocks()}));
            content.extend(turn.calls.iter().map(|call| {
                json!({"type": "tool_result", "tool_use_id": call.id, "content": turn.result})
            }));
        }
        messages
    }

    /// What has to be told in the request of this turn, thoughts aside.
    pub fn story(&self, until: usize) -> Vec<Said> {
        let mut story = Vec::new();
        for turn in &self.0[..until] {
            story.push(Said::User(turn.words.clone()));
            story.push(Said::Assistant(turn.text.clone()));
            story.extend(turn.calls.iter().map(|call| Said::Call {
                id: call.id.clone(),
                name: call.name.clone(),
                arguments: call.arguments.clone(),
            }));
            story.extend(turn.calls.iter().map(|call| Said::Result {
                id: call.id.clone(),
                text: turn.result.clone(),
            }));
        }
        story.push(Said::User(self.0[until].words.clone()));
        story
    }

    /// Whether this surface has a place for what was thought in a turn.
    pub fn carries(&self, turn: usize, surface: Surface) -> bool {
        let thoughts = &self.0[turn].thoughts;
        !thoughts.is_empty() && thoughts.iter().all(|thought| thought.fits(surface))
    }
}

impl Thought {
    fn fits(&self, surface: Surface) -> bool {
        match (&self.binding, surface) {
            (Binding::Sealed(_), _) => true,
            (Binding::Own(maker, _), Surface::Messages) => *maker == Maker::Anthropic,
            (Binding::Own(maker, _), Surface::Responses) => *maker == Maker::OpenAi,
            (Binding::Visible, surface) => surface == Surface::Chat,
            (Binding::Own(..), _) => false,
        }
    }

    fn opaque(&self, surface: Surface) -> Option<&str> {
        match &self.binding {
            Binding::Sealed(opaque) | Binding::Own(_, opaque) if self.fits(surface) => Some(opaque),
            _ => None,
        }
    }
}

impl Turn {
    fn think(&mut self, text: String, binding: Binding) {
        self.thoughts.push(Thought { text, binding });
    }

    fn hear_message(&mut self, answer: &Value) {
        for block in answer["content"].as_array().unwrap() {
            match block["type"].as_str().unwrap() {
                "thinking" => {
                    let binding = binding(&block["signature"], Some(Maker::Anthropic));
                    self.think(string(&block["thinking"]), binding);
                }
                "text" => self.text += block["text"].as_str().unwrap(),
                "tool_use" => self.calls.push(Call {
                    id: string(&block["id"]),
                    name: string(&block["name"]),
                    arguments: block["input"].to_string(),
                }),
                other => panic!("{other} in {answer}"),
            }
        }
    }

    fn hear_response(&mut self, answer: &Value) {
        for item in answer["output"].as_array().unwrap() {
            match item["type"].as_str().unwrap() {
                "reasoning" => {
                    let binding = binding(&item["encrypted_content"], Some(Maker::OpenAi));
                    self.think(string(&item["summary"][0]["text"]), binding);
                }
                "message" => self.text += item["content"][0]["text"].as_str().unwrap(),
                "function_call" => self.calls.push(Call {
                    id: string(&item["call_id"]),
                    name: string(&item["name"]),
                    arguments: string(&item["arguments"]),
                }),
                other => panic!("{other} in {answer}"),
            }
        }
    }

    fn hear_completion(&mut self, message: &Value) {
        self.message = Some(message.clone());
        self.text = string(&message["content"]);
        let details = message["reasoning_details"].as_array();
        for detail in details.into_iter().flatten() {
            let opaque = [&detail["signature"], &detail["data"]];
            let opaque = opaque.into_iter().find(|opaque| opaque.is_string());
            let binding = binding(opaque.unwrap_or(&Value::Null), None);
            self.think(string(&detail["text"]), binding);
        }
        let thinking = string(&message["reasoning_content"]);
        if self.thoughts.is_empty() && !thinking.is_empty() {
            self.think(thinking, Binding::Visible);
        } else if let Some(first) = self.thoughts.first_mut().filter(|one| one.text.is_empty()) {
            first.text = thinking;
        }
        let calls = message["tool_calls"].as_array().into_iter().flatten();
        self.calls.extend(calls.map(|call| Call {
            id: string(&call["id"]),
            name: string(&call["function"]["name"]),
            arguments: string(&call["function"]["arguments"]),
        }));
    }

    fn blocks(&self) -> Vec<Value> {
        let mut blocks = Vec::new();
        for thought in &self.thoughts {
            if let Some(opaque) = thought.opaque(Surface::Messages) {
                blocks.push(
                    json!({"type": "thinking", "thinking": thought.text, "signature": opaque}),
                );
            }
        }
        blocks.push(json!({"type": "text", "text": self.text}));
        for call in &self.calls {
            let input: Value = serde_json::from_str(&call.arguments).unwrap();
            blocks.push(
                json!({"type": "tool_use", "id": call.id, "name": call.name, "input": input}),
            );
        }
        blocks
    }

    fn items(&self) -> Vec<Value> {
        let mut items = vec![json!({"role": "user", "content": self.words})];
        if self.text.is_empty() {
            return items;
        }
        for thought in &self.thoughts {
            if let Some(opaque) = thought.opaque(Surface::Responses) {
                items.push(json!({"type": "reasoning", "encrypted_content": opaque,
                    "summary": [{"type": "summary_text", "text": thought.text}]}));
            }
        }
        items.push(json!({"type": "message", "role": "assistant",
            "content": [{"type": "output_text", "text": self.text, "annotations": []}]}));
        for call in &self.calls {
            items.push(
                json!({"type": "function_call", "call_id": call.id, "name": call.name,
                "arguments": call.arguments}),
            );
        }
        for call in &self.calls {
            items.push(
                json!({"type": "function_call_output", "call_id": call.id, "output": self.result}),
            );
        }
        items
    }

    fn chat(&self) -> Vec<Value> {
        let mut messages = vec![json!({"role": "user", "content": self.words})];
        if self.text.is_empty() {
            return messages;
        }
        messages.push(self.message.clone().unwrap_or_else(|| self.completion()));
        for call in &self.calls {
            messages.push(json!({"role": "tool", "tool_call_id": call.id, "content": self.result}));
        }
        messages
    }

    /// What came through another surface, as the message that it would have been.
    fn completion(&self) -> Value {
        let mut message = json!({"role": "assistant", "content": self.text});
        let details = self.thoughts.iter().filter_map(|thought| {
            let seal = thought.opaque(Surface::Chat)?;
            Some(json!({"type": "reasoning.text", "text": thought.text, "signature": seal}))
        });
        let details: Vec<Value> = details.collect();
        if !details.is_empty() {
            message["reasoning_details"] = details.into();
        }
        let thinking: String = self.thoughts.iter().map(|one| one.text.as_str()).collect();
        if !thinking.is_empty() {
            message["reasoning_content"] = json!(thinking);
        }
        message["tool_calls"] = self
            .calls
            .iter()
            .map(|call| {
                json!({"id": call.id, "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments}})
            })
            .collect();
        message
    }
}
