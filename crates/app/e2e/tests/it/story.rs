//! A conversation as a provider was sent it, told the same way whatever protocol it came in. It reads the bytes anew, by
//! rules of its own, so that what a translator loses is missed here. System words are left out.

use std::collections::BTreeMap;

use doubles::provider::Recorded;
use doubles::provider::reply::Surface;
use serde_json::Value;
use serde_json::value::RawValue;

/// One thing that was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    User(String),
    Assistant(String),
    /// What was thought, and what its maker signed or encrypted of it.
    Thought(String, Option<String>),
    /// A tool's call; the arguments byte for byte.
    Call {
        id: String,
        name: String,
        arguments: String,
    },
    /// What came of a call.
    Result {
        id: String,
        text: String,
    },
}

type Fields = BTreeMap<String, Box<RawValue>>;

/// Reads the conversation out of a request.
pub fn of(request: &Recorded) -> Vec<Said> {
    let surface = Surface::of(request.path()).unwrap();
    let body: Fields = serde_json::from_slice(&request.body).unwrap();
    let (list, read): (_, fn(&Fields, &mut Vec<Said>)) = match surface {
        Surface::Messages => ("messages", message),
        Surface::Chat => ("messages", chat_message),
        Surface::Responses => ("input", item),
        Surface::Gemini => ("contents", content),
        Surface::Embeddings => return Vec::new(),
    };
    let mut said = Vec::new();
    for turn in elements(part_of(&body, list)) {
        read(&turn, &mut said);
    }
    said
}

/// How many results of tools a request brings back.
pub fn results(request: &Recorded) -> usize {
    let said = of(request);
    said.iter()
        .filter(|said| matches!(said, Said::Result { .. }))
        .count()
}

/// The objects of a list; a string stands for one text.
fn elements(list: Option<&RawValue>) -> Vec<Fields> {
    let Some(raw) = list else { return Vec::new() };
    if let Ok(text) = serde_json::from_str::<String>(raw.get()) {
        let one = serde_json::json!([{"type": "text", "text": text}]);
        return serde_json::from_value(one).unwrap();
    }
    serde_json::from_str(raw.get()).unwrap_or_default()
}

fn part_of<'f>(fields: &'f Fields, name: &str) -> Option<&'f RawValue> {
    fields.get(name).map(AsRef::as_ref)
}

fn value(fields: &Fields, name: &str) -> Value {
    let raw = fields.get(name);
    raw.map_or(Value::Null, |raw| serde_json::from_str(raw.get()).unwrap())
}

fn string(fields: &Fields, name: &str) -> String {
    value(fields, name).as_str().unwrap_or_default().to_owned()
}

fn raw(fields: &Fields, name: &str) -> String {
    let found = fields.get(name);
    found.map_or_else(String::new, |raw| raw.get().to_owned())
}

/// The texts of a list of parts, joined by line breaks.
fn texts(list: Option<&RawValue>) -> String {
    let parts = elements(list).into_iter();
    let texts: Vec<String> = parts.map(|part| string(&part, "text")).collect();
    texts.join("\n")
}

/// Words of the user's or the assistant's; nobody else's.
fn words(role: &str, text: String) -> Option<Said> {
    match role {
        "user" if !text.is_empty() => Some(Said::User(text)),
        "assistant" | "model" if !text.is_empty() => Some(Said::Assistant(text)),
        _ => None,
    }
}

fn message(turn: &Fields, said: &mut Vec<Said>) {
    let role = string(turn, "role");
    for block in elements(part_of(turn, "content")) {
        match string(&block, "type").as_str() {
            "text" => said.extend(words(&role, string(&block, "text"))),
            "thinking" => said.push(Said::Thought(
                string(&block, "thinking"),
                value(&block, "signature").as_str().map(str::to_owned),
            )),
            "tool_use" => said.push(Said::Call {
                id: string(&block, "id"),
                name: string(&block, "name"),
                arguments: raw(&block, "input"),
            }),
            "tool_result" => said.push(Said::Result {
                id: string(&block, "tool_use_id"),
                text: texts(part_of(&block, "content")),
            }),
            _ => {}
        }
    }
}

fn chat_message(turn: &Fields, said: &mut Vec<Said>) {
    let role = string(turn, "role");
    for field in ["reasoning_content", "reasoning"] {
        if let Some(thought) = value(turn, field).as_str() {
            said.push(Said::Thought(thought.to_owned(), None));
        }
    }
    let text = texts(part_of(turn, "content"));
    if role == "tool" {
        let id = string(turn, "tool_call_id");
        said.push(Said::Result { id, text });
        return;
    }
    said.extend(words(&role, text));
    for call in elements(part_of(turn, "tool_calls")) {
        let function = call.get("function").unwrap();
        let function: Fields = serde_json::from_str(function.get()).unwrap();
        said.push(Said::Call {
            id: string(&call, "id"),
            name: string(&function, "name"),
            arguments: string(&function, "arguments"),
        });
    }
}

fn item(item: &Fields, said: &mut Vec<Said>) {
    match string(item, "type").as_str() {
        "reasoning" => said.push(Said::Thought(
            texts(part_of(item, "summary")),
            value(item, "encrypted_content").as_str().map(str::to_owned),
        )),
        "function_call" => said.push(Said::Call {
            id: string(item, "call_id"),
            name: string(item, "name"),
            arguments: string(item, "arguments"),
        }),
        "function_call_output" => said.push(Said::Result {
            id: string(item, "call_id"),
            text: texts(part_of(item, "output")),
        }),
        // A message may leave its type out.
        "" | "message" => said.extend(words(
            &string(item, "role"),
            texts(part_of(item, "content")),
        )),
        // A string in the place of the list.
        "text" => said.push(Said::User(string(item, "text"))),
        _ => {}
    }
}

fn content(turn: &Fields, said: &mut Vec<Said>) {
    let role = string(turn, "role");
    for part in elements(part_of(turn, "parts")) {
        let signature = value(&part, "thoughtSignature");
        let signature = signature.as_str().map(str::to_owned);
        if value(&part, "thought") == true {
            said.push(Said::Thought(string(&part, "text"), signature));
            continue;
        }
        if signature.is_some() {
            said.push(Said::Thought(String::new(), signature));
        }
        said.extend(words(&role, string(&part, "text")));
        let inner =
            |name: &str| -> Option<Fields> { serde_json::from_str(part.get(name)?.get()).ok() };
        if let Some(call) = inner("functionCall") {
            said.push(Said::Call {
                id: string(&call, "id"),
                name: string(&call, "name"),
                arguments: raw(&call, "args"),
            });
        }
        if let Some(result) = inner("functionResponse") {
            let response = value(&result, "response");
            let text = response["output"].as_str().or(response["error"].as_str());
            said.push(Said::Result {
                id: string(&result, "id"),
                text: text.unwrap_or_default().to_owned(),
            });
        }
    }
}
