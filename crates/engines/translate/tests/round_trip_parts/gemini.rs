//! Gemini has no callers, so nothing comes back from it: what each caller says is read where it arrives, and what
//! Gemini says goes through each caller's protocol and on to chat.

use bytes::Bytes;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use translate::{Dialect, Pair, RequestContext};
use wire::Protocol;

use super::{answer, conversation, said};
use crate::{MIDDLES, Middle, answered, request, translated};

/// One that takes whatever can be asked for, schemas beside tools too.
const MODEL: &str = "gemini-3.1-pro";

fn gemini(caller: Protocol) -> Pair {
    Pair::find(caller, Dialect::Gemini).unwrap()
}

/// A chat request in each caller's words.
fn asked(body: &Value) -> Vec<(Protocol, Vec<u8>)> {
    let body = body.to_string().into_bytes();
    let middles = MIDDLES.iter().map(|Middle(caller, dialect)| {
        let pair = Pair::find(Protocol::Chat, *dialect).unwrap();
        (*caller, request(pair, &body))
    });
    let mut asked: Vec<_> = middles.collect();
    asked.push((Protocol::Chat, body));
    asked
}

/// What a chat request says, a line for each part.
fn said_in_chat(body: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut said = Vec::new();
    for message in body["messages"].as_array().unwrap() {
        let role = text(&message["role"]);
        match &message["content"] {
            Value::String(content) if role == "tool" => {
                said.push(format!(
                    "result {} {content}",
                    text(&message["tool_call_id"])
                ));
            }
            Value::String(content) => said.push(format!("{role} {content}")),
            parts => said.extend(parts.as_array().unwrap().iter().map(|part| {
                let image = part["image_url"]["url"].as_str();
                image.map_or_else(
                    || format!("{role} {}", text(&part["text"])),
                    |url| url.to_owned(),
                )
            })),
        }
        for call in message["tool_calls"].as_array().into_iter().flatten() {
            let function = &call["function"];
            let (name, arguments) = (text(&function["name"]), text(&function["arguments"]));
            said.push(format!("call {} {name} {arguments}", text(&call["id"])));
        }
    }
    said
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    system_instruction: Option<Content>,
    contents: Vec<Content>,
    generation_config: Value,
}

#[derive(Deserialize)]
struct Content {
    #[serde(default)]
    role: String,
    parts: Vec<Part>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    text: Option<String>,
    inline_data: Option<Value>,
    function_call: Option<Call>,
    function_response: Option<Value>,
}

#[derive(Deserialize)]
struct Call {
    id: String,
    name: String,
    args: Box<RawValue>,
}

/// What Gemini is told, in the same words.
fn said_in_gemini(body: Body) -> Vec<String> {
    let system = body.system_instruction.into_iter().map(|content| Content {
        role: "system".to_owned(),
        ..content
    });
    let mut said = Vec::new();
    for content in system.chain(body.contents) {
        let role = match content.role.as_str() {
            "model" => "assistant",
            role => role,
        };
        for part in content.parts {
            let data = part.inline_data.map(|data| {
                let text = |key: &str| data[key].as_str().unwrap().to_owned();
                format!("data:{};base64,{}", text("mimeType"), text("data"))
            });
            let call = part
                .function_call
                .map(|call| format!("call {} {} {}", call.id, call.name, call.args));
            let result = part.function_response.map(|result| {
                let output = result["response"]["output"].as_str().unwrap();
                format!("result {} {output}", result["id"].as_str().unwrap())
            });
            let text = part.text.map(|text| format!("{role} {text}"));
            said.extend([text, data, call, result].into_iter().flatten());
        }
    }
    said
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn requests_arrive_whole(body in conversation::request()) {
        for (caller, asked) in asked(&body) {
            let context = RequestContext::new(MODEL, "0123");
            let sent = gemini(caller).request(&asked, &context).unwrap().body;
            let sent: Body = serde_json::from_slice(&sent).unwrap();
            let settings = &sent.generation_config;
            prop_assert_eq!(&settings["maxOutputTokens"], &body["max_completion_tokens"]);
            prop_assert_eq!(&settings["temperature"], &body["temperature"], "{:?}", caller);
            let schema = &body["response_format"]["json_schema"]["schema"];
            prop_assert_eq!(&settings["responseJsonSchema"], schema, "{:?}", caller);
            prop_assert_eq!(said_in_gemini(sent), said_in_chat(&body), "{:?}", caller);
        }
    }

    #[test]
    fn streams_arrive_whole(answer in answer::answer(), picks in any::<u64>()) {
        let sse = Bytes::from(answer.gemini_stream(picks));
        let out = translated(gemini(Protocol::Chat), &sse);
        prop_assert_eq!(&said::of_stream(&out), &answer.said());
        for Middle(caller, dialect) in MIDDLES {
            let on = Pair::find(Protocol::Chat, dialect).unwrap();
            let out = translated(on, &translated(gemini(caller), &sse));
            prop_assert_eq!(&said::of_stream(&out), &answer.said(), "over {:?}", caller);
        }
    }

    #[test]
    fn answers_arrive_whole(answer in answer::answer()) {
        let body = answer.gemini_whole();
        let read = |out: Vec<u8>| said::of_answer(&serde_json::from_slice(&out).unwrap());
        let out = answered(gemini(Protocol::Chat), body.as_bytes());
        prop_assert_eq!(&read(out), &answer.said());
        for Middle(caller, dialect) in MIDDLES {
            let on = Pair::find(Protocol::Chat, dialect).unwrap();
            let out = answered(on, &answered(gemini(caller), body.as_bytes()));
            prop_assert_eq!(&read(out), &answer.said(), "over {:?}", caller);
        }
    }
}
