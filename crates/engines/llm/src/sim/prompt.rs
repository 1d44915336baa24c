//! What the simulated model reads of a request: the last thing said, a tool's result, the tools on offer.

use serde_json::{Map, Value};
use wire::Protocol;

use super::ToolCall;

/// A request as the simulated model understands it.
pub(super) struct Prompt {
    pub text: String,
    pub tool_result: Option<String>,
    pub tokens: u64,
    pub include_usage: bool,
    tools: Vec<(String, Value)>,
    chosen: Option<String>,
}

/// Four bytes make a token here, rounded up.
pub(super) fn tokens_of(bytes: usize) -> u64 {
    bytes.div_ceil(4) as u64
}

impl Prompt {
    pub fn read(protocol: Protocol, request: &Value) -> Self {
        let (text, tool_result) = match protocol {
            Protocol::Responses => last_of_input(&request["input"]),
            _ => last_of_messages(&request["messages"]),
        };
        let mut said = 0;
        for part in ["messages", "input", "system", "instructions", "tools"] {
            said += text_bytes(&request[part]);
        }
        Self {
            text,
            tool_result,
            tokens: tokens_of(said).max(1),
            include_usage: request["stream_options"]["include_usage"] == true,
            tools: request["tools"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(tool)
                .collect(),
            chosen: request["tool_choice"]["name"]
                .as_str()
                .or(request["tool_choice"]["function"]["name"].as_str())
                .map(str::to_owned),
        }
    }

    /// The call of the chosen tool, or else of the first, with arguments made from its schema.
    pub fn first_call(&self) -> Option<ToolCall> {
        let chosen = self
            .chosen
            .as_ref()
            .and_then(|name| self.tools.iter().find(|(known, _)| known == name));
        let (name, schema) = chosen.or(self.tools.first())?;
        Some(ToolCall {
            name: name.clone(),
            arguments: example(schema, &self.text, 0).to_string(),
        })
    }
}

fn tool(tool: &Value) -> Option<(String, Value)> {
    let function = if tool["function"].is_object() {
        &tool["function"]
    } else {
        tool
    };
    let schema = if function["input_schema"].is_object() {
        &function["input_schema"]
    } else {
        &function["parameters"]
    };
    Some((function["name"].as_str()?.to_owned(), schema.clone()))
}

/// A value that fits a JSON schema: the required properties, text taken from the prompt.
fn example(schema: &Value, text: &str, depth: usize) -> Value {
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    match schema["type"].as_str() {
        Some("string") => Value::from(text),
        Some("integer" | "number") => Value::from(1),
        Some("boolean") => Value::from(true),
        Some("array") => Value::Array(Vec::new()),
        _ if depth > 8 => Value::Null,
        _ => {
            let mut made = Map::new();
            for name in schema["required"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
            {
                made.insert(
                    name.to_owned(),
                    example(&schema["properties"][name], text, depth + 1),
                );
            }
            Value::Object(made)
        }
    }
}

fn last_of_messages(messages: &Value) -> (String, Option<String>) {
    let messages = messages.as_array().map_or(&[][..], Vec::as_slice);
    let mut text = String::new();
    let mut result = None;
    for message in messages {
        match message["role"].as_str() {
            Some("tool") => result = Some(plain(&message["content"])),
            Some("user") => {
                let found = message["content"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .find(|b| b["type"] == "tool_result");
                result = found.map(|block| plain(&block["content"]));
                if result.is_none() {
                    text = plain(&message["content"]);
                }
            }
            _ => {}
        }
    }
    (text, result)
}

fn last_of_input(input: &Value) -> (String, Option<String>) {
    if let Some(text) = input.as_str() {
        return (text.to_owned(), None);
    }
    let mut text = String::new();
    let mut result = None;
    for item in input.as_array().into_iter().flatten() {
        if item["type"] == "function_call_output" {
            result = Some(plain(&item["output"]));
        } else if item["role"] == "user" {
            text = plain(&item["content"]);
            result = None;
        }
    }
    (text, result)
}

fn plain(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts
            .iter()
            .filter_map(|part| part["text"].as_str())
            .collect::<Vec<_>>()
            .join("\n"),
        _ => String::new(),
    }
}

/// Bytes of all strings in a value, keys left out: a count that does not depend on how the JSON was laid out.
fn text_bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(text_bytes).sum(),
        Value::Object(fields) => fields.values().map(text_bytes).sum(),
        _ => 0,
    }
}
