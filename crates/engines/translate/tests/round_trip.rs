//! A conversation that goes to another protocol and back says the same: words in their order, calls with their
//! arguments, results with their calls.

#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use serde_json::{Value, json};
use translate::{Dialect, Pair, RequestContext};
use wire::Protocol;

/// One step of a conversation.
#[derive(Debug, Clone)]
enum Step {
    User(String),
    Assistant(String),
    /// Calls with their input, each answered.
    Calls(Vec<(String, String)>),
}

/// Words that say something: white space alone is no text to some upstreams.
fn words() -> impl Strategy<Value = String> {
    "[a-z][a-z\\\\\"\n é😀/<>]{0,12}"
}

/// Begins and ends with the user.
fn steps() -> impl Strategy<Value = Vec<Step>> {
    let calls = prop::collection::vec((words(), words()), 1..4);
    let step = prop_oneof![
        words().prop_map(Step::User),
        words().prop_map(Step::Assistant),
        calls.prop_map(Step::Calls),
    ];
    (words(), prop::collection::vec(step, 0..8), words()).prop_map(|(first, steps, last)| {
        let first = std::iter::once(Step::User(first));
        let last = std::iter::once(Step::User(last));
        first.chain(steps).chain(last).collect()
    })
}

/// The arguments of a call, as a model may have written them.
fn arguments(input: &str) -> String {
    format!(r#"{{ "n" : 1.50,"k":{}}}"#, json!(input))
}

fn responses(steps: &[Step]) -> Value {
    let mut input = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        match step {
            Step::User(text) => input.push(json!({"role": "user", "content": text})),
            Step::Assistant(text) => {
                let part = json!({"type": "output_text", "text": text});
                input.push(json!({"type": "message", "role": "assistant", "content": [part]}));
            }
            Step::Calls(calls) => {
                for (number, (name, call)) in calls.iter().enumerate() {
                    input.push(
                        json!({"type": "function_call", "call_id": format!("call_{at}_{number}"),
                        "name": name, "arguments": arguments(call)}),
                    );
                }
                for (number, (_, call)) in calls.iter().enumerate() {
                    input.push(json!({"type": "function_call_output",
                        "call_id": format!("call_{at}_{number}"), "output": call}));
                }
            }
        }
    }
    json!({"model": "m", "instructions": "Be brief.", "input": input})
}

fn messages(steps: &[Step]) -> Value {
    let mut messages = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        match step {
            Step::User(text) => messages.push(json!({"role": "user", "content": text})),
            Step::Assistant(text) => {
                let block = json!({"type": "text", "text": text});
                messages.push(json!({"role": "assistant", "content": [block]}));
            }
            Step::Calls(calls) => {
                let id = |number: usize| format!("call_{at}_{number}");
                let uses: Vec<Value> = (0..)
                    .zip(calls)
                    .map(|(number, (name, call))| {
                        let input: Value = serde_json::from_str(&arguments(call)).unwrap();
                        json!({"type": "tool_use", "id": id(number), "name": name, "input": input})
                    })
                    .collect();
                messages.push(json!({"role": "assistant", "content": uses}));
                let results: Vec<Value> = (0..)
                    .zip(calls)
                    .map(|(number, (_, call))| {
                        json!({"type": "tool_result", "tool_use_id": id(number), "content": call})
                    })
                    .collect();
                messages.push(json!({"role": "user", "content": results}));
            }
        }
    }
    json!({"model": "m", "max_tokens": 64, "system": "Be brief.", "messages": messages})
}

/// Sends a request to a dialect.
fn sent(caller: Protocol, dialect: Dialect, body: &[u8]) -> Vec<u8> {
    let pair = Pair::find(caller, dialect).unwrap();
    let context = RequestContext::new("m", "1");
    let translated = pair.request(body, &context).unwrap();
    assert!(translated.dropped.is_empty(), "{:?}", translated.dropped);
    translated.body
}

/// What a Responses request says, one line each; words of one speaker joined.
fn said_in_responses(body: &[u8]) -> Vec<String> {
    let body: Value = serde_json::from_slice(body).unwrap();
    let mut said = vec![format!("system {}", body["instructions"].as_str().unwrap())];
    for item in body["input"].as_array().unwrap() {
        let text = |key: &str| item[key].as_str().unwrap().to_owned();
        match item["type"].as_str().unwrap_or("message") {
            "function_call" => said.push(format!(
                "call {} {} {}",
                text("call_id"),
                text("name"),
                text("arguments")
            )),
            "function_call_output" => {
                said.push(format!("result {} {}", text("call_id"), text("output")));
            }
            _ => {
                let parts = match &item["content"] {
                    Value::String(text) => vec![text.clone()],
                    parts => {
                        let parts = parts.as_array().unwrap().iter();
                        parts
                            .map(|part| part["text"].as_str().unwrap().to_owned())
                            .collect()
                    }
                };
                let role = text("role");
                said.extend(parts.into_iter().map(|text| format!("{role} {text}")));
            }
        }
    }
    said
}

/// What a messages request says.
fn said_in_messages(body: &[u8]) -> Vec<String> {
    #[derive(serde::Deserialize)]
    struct Body {
        system: Value,
        messages: Vec<Message>,
    }
    #[derive(serde::Deserialize)]
    struct Message {
        role: String,
        content: Value,
    }
    let body: Body = serde_json::from_slice(body).unwrap();
    let texts = |content: &Value| -> Vec<String> {
        match content {
            Value::String(text) => vec![text.clone()],
            parts => {
                let parts = parts.as_array().unwrap().iter();
                parts
                    .map(|part| part["text"].as_str().unwrap().to_owned())
                    .collect()
            }
        }
    };
    let mut said = vec![format!("system {}", texts(&body.system).join("\n\n"))];
    for message in body.messages {
        let blocks = match message.content {
            Value::String(text) => vec![json!({"type": "text", "text": text})],
            blocks => blocks.as_array().unwrap().clone(),
        };
        for block in blocks {
            said.push(match block["type"].as_str().unwrap() {
                "tool_use" => format!(
                    "call {} {} {}",
                    block["id"].as_str().unwrap(),
                    block["name"].as_str().unwrap(),
                    block["input"]
                ),
                "tool_result" => format!(
                    "result {} {}",
                    block["tool_use_id"].as_str().unwrap(),
                    texts(&block["content"]).concat()
                ),
                _ => format!("{} {}", message.role, block["text"].as_str().unwrap()),
            });
        }
    }
    said
}

/// Names that no upstream takes are shown as others, the same in every request: both sides are compared as shown.
fn plain_names(steps: Vec<Step>) -> Vec<Step> {
    let plain = |name: String| -> String {
        let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        format!("tool_{name}")
    };
    let step = |step| match step {
        Step::Calls(calls) => Step::Calls(
            calls
                .into_iter()
                .map(|(name, call)| (plain(name), call))
                .collect(),
        ),
        step => step,
    };
    steps.into_iter().map(step).collect()
}

proptest! {
    #[test]
    fn responses_over_messages_and_back(steps in steps()) {
        let request = responses(&plain_names(steps)).to_string();
        let there = sent(Protocol::Responses, Dialect::Anthropic, request.as_bytes());
        let back = sent(Protocol::Messages, Dialect::OpenAiResponses, &there);
        prop_assert_eq!(said_in_responses(&back), said_in_responses(request.as_bytes()));
    }

    #[test]
    fn messages_over_responses_and_back(steps in steps()) {
        let request = messages(&plain_names(steps)).to_string();
        let there = sent(Protocol::Messages, Dialect::OpenAiResponses, request.as_bytes());
        let back = sent(Protocol::Responses, Dialect::Anthropic, &there);
        prop_assert_eq!(said_in_messages(&back), said_in_messages(request.as_bytes()));
    }

    /// Chat joins the texts of a message, so all that is said between two calls is compared as one.
    #[test]
    fn responses_over_chat_say_the_same(steps in steps()) {
        let request = responses(&plain_names(steps)).to_string();
        let there = sent(Protocol::Responses, Dialect::Compatible, request.as_bytes());
        let body: Value = serde_json::from_slice(&there).unwrap();
        let mut said = Vec::new();
        for message in body["messages"].as_array().unwrap() {
            let role = message["role"].as_str().unwrap();
            if role == "tool" {
                let id = message["tool_call_id"].as_str().unwrap();
                said.push(format!("result {id} {}", message["content"].as_str().unwrap()));
                continue;
            }
            said.extend(message["content"].as_str().map(|text| format!("{role} {text}")));
            for call in message["tool_calls"].as_array().into_iter().flatten() {
                let function = &call["function"];
                said.push(format!("call {} {} {}", call["id"].as_str().unwrap(),
                    function["name"].as_str().unwrap(), function["arguments"].as_str().unwrap()));
            }
        }
        prop_assert_eq!(joined(said), joined(said_in_responses(request.as_bytes())));
    }
}

/// Words of one speaker as one.
fn joined(said: Vec<String>) -> Vec<String> {
    let mut joined: Vec<String> = Vec::new();
    for line in said {
        let said = ["user ", "assistant "].into_iter().find_map(|speaker| {
            let text = line.strip_prefix(speaker)?;
            let last = joined.last_mut().filter(|last| last.starts_with(speaker))?;
            last.push_str("\n\n");
            last.push_str(text);
            Some(())
        });
        if said.is_none() {
            joined.push(line);
        }
    }
    joined
}
