//! The simulated provider on every surface: the same answer each time, in streams that our own meter takes.

use http_body_util::BodyExt as _;
use serde_json::json;
use wire::{Meter, Phase};

use super::*;

const SURFACES: [(Protocol, &str); 3] = [
    (Protocol::Chat, "/chat/completions"),
    (Protocol::Responses, "/responses"),
    (Protocol::Messages, "/v1/messages"),
];

fn request(protocol: Protocol, text: &str) -> Value {
    let tool = json!({"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"},
        "unit": {"enum": ["c", "f"]}}, "required": ["city", "days", "unit"]});
    match protocol {
        Protocol::Responses => {
            json!({"input": [{"role": "user", "content": [{"type": "input_text", "text": text}]}],
            "tools": [{"type": "function", "name": "weather", "parameters": tool}]})
        }
        Protocol::Messages => {
            json!({"messages": [{"role": "user", "content": text}], "max_tokens": 9,
            "tools": [{"name": "weather", "input_schema": tool}]})
        }
        _ => {
            json!({"messages": [{"role": "system", "content": "short"}, {"role": "user", "content": text}],
            "stream_options": {"include_usage": true},
            "tools": [{"type": "function", "function": {"name": "weather", "parameters": tool}}]})
        }
    }
}

async fn ask(
    (protocol, path): (Protocol, &str),
    model: &str,
    stream: bool,
    request: &Value,
) -> (StatusCode, Bytes) {
    let body = Bytes::from(request.to_string());
    let answer = answer(protocol, path, model, stream, &body);
    let status = answer.status();
    (
        status,
        answer.into_body().collect().await.unwrap().to_bytes(),
    )
}

async fn json_of(surface: (Protocol, &str), model: &str, request: &Value) -> Value {
    let (status, body) = ask(surface, model, false, request).await;
    assert_eq!(status, StatusCode::OK);
    serde_json::from_slice(&body).unwrap()
}

#[tokio::test]
async fn the_same_request_has_the_same_answer() {
    for surface in SURFACES {
        let request = request(surface.0, "Hello, world of words");
        for stream in [false, true] {
            let first = ask(surface, "sim/echo", stream, &request).await;
            assert_eq!(first, ask(surface, "sim/echo", stream, &request).await);
            let text = String::from_utf8(first.1.to_vec()).unwrap();
            assert!(text.contains("Hello"), "{text}");
        }
    }
}

#[tokio::test]
async fn whole_answers_and_streams_report_the_same_usage() {
    for surface in SURFACES {
        let request = request(surface.0, "Hello, world of words");
        for model in ["sim/echo", "sim/tools"] {
            let (_, whole) = ask(surface, model, false, &request).await;
            let whole = wire::read_answer(surface.0, &whole).unwrap();
            let usage = whole.usage.unwrap();
            assert!(usage.total_input() > 0 && usage.total_output() > 0);
            let (_, stream) = ask(surface, model, true, &request).await;
            let mut meter = Meter::new(surface.0);
            assert_eq!(meter.observe(&stream), stream);
            assert_eq!(*meter.phase(), Phase::Ended, "{surface:?}");
            assert!(meter.has_final_usage() && meter.output_bytes() > 0);
            assert_eq!(meter.reported().usage, Some(usage), "{surface:?} {model}");
            assert_eq!(meter.reported().model.as_deref(), Some(model));
            assert_eq!(meter.reported().response_id, whole.response_id);
        }
    }
}

#[tokio::test]
async fn tools_are_called_with_what_their_schema_requires_and_their_results_are_told() {
    let expected = json!({"city": "Oslo", "days": 1, "unit": "c"});
    let parsed = |text: &Value| serde_json::from_str::<Value>(text.as_str().unwrap()).unwrap();
    let [chat, responses, messages] = SURFACES;

    let said = json_of(chat, "sim/tools", &request(chat.0, "Oslo")).await;
    let choice = &said["choices"][0];
    assert_eq!(choice["finish_reason"], "tool_calls");
    let call = &choice["message"]["tool_calls"][0];
    assert_eq!(parsed(&call["function"]["arguments"]), expected);
    let mut next = request(chat.0, "Oslo");
    let turns = next["messages"].as_array_mut().unwrap();
    turns.push(choice["message"].clone());
    turns.push(json!({"role": "tool", "tool_call_id": call["id"], "content": "rain"}));
    let said = json_of(chat, "sim/tools", &next).await;
    let choice = &said["choices"][0];
    assert_eq!(choice["message"]["content"], "The tool answered: rain");
    assert_eq!(choice["finish_reason"], "stop");

    let said = json_of(responses, "sim/tools", &request(responses.0, "Oslo")).await;
    let call = &said["output"][0];
    assert_eq!(
        (&call["type"], parsed(&call["arguments"])),
        (&json!("function_call"), expected.clone())
    );
    let mut next = request(responses.0, "Oslo");
    let items = next["input"].as_array_mut().unwrap();
    items.push(call.clone());
    items.push(
        json!({"type": "function_call_output", "call_id": call["call_id"], "output": "rain"}),
    );
    let said = json_of(responses, "sim/tools", &next).await;
    let part = &said["output"][0]["content"][0];
    assert_eq!(part["text"], "The tool answered: rain");

    let said = json_of(messages, "sim/tools", &request(messages.0, "Oslo")).await;
    let call = &said["content"][0];
    assert_eq!(
        (&call["input"], &said["stop_reason"]),
        (&expected, &json!("tool_use"))
    );
    let mut next = request(messages.0, "Oslo");
    let turns = next["messages"].as_array_mut().unwrap();
    turns.push(json!({"role": "assistant", "content": said["content"]}));
    turns.push(
        json!({"role": "user", "content": [{"type": "tool_result", "tool_use_id": call["id"],
        "content": [{"type": "text", "text": "rain"}]}]}),
    );
    let said = json_of(messages, "sim/tools", &next).await;
    assert_eq!(said["content"][0]["text"], "The tool answered: rain");
}

#[tokio::test]
async fn a_chosen_tool_goes_before_the_first() {
    let mut request = json!({"max_tokens": 9, "messages": [{"role": "user", "content": "x"}], "tools": [
        {"name": "one", "input_schema": {"type": "object"}}, {"name": "two", "input_schema": {"type": "object"}}],
        "tool_choice": {"type": "tool", "name": "two"}});
    let said = json_of(SURFACES[2], "sim/tools", &request).await;
    assert_eq!(said["content"][0]["name"], "two");
    request["tools"] = json!([]);
    let said = json_of(SURFACES[2], "sim/tools", &request).await;
    assert_eq!(said["content"][0]["text"], "x");
}

#[tokio::test]
async fn tokens_are_counted_as_they_are_billed() {
    for (protocol, path) in [
        (Protocol::Messages, "/v1/messages/count_tokens"),
        (Protocol::Responses, "/responses/input_tokens"),
    ] {
        let request = request(protocol, "Hello there");
        let counted = json_of((protocol, path), "sim/echo", &request).await;
        let (_, whole) = ask((protocol, path), "sim/echo", false, &request).await;
        assert!(!whole.is_empty());
        let surface = SURFACES.into_iter().find(|(known, _)| *known == protocol);
        let (_, answer) = ask(surface.unwrap(), "sim/echo", false, &request).await;
        let usage = wire::read_answer(protocol, &answer).unwrap().usage.unwrap();
        assert_eq!(counted["input_tokens"], usage.total_input());
    }
}

#[tokio::test]
async fn embeddings_depend_on_the_text_alone() {
    let surface = (Protocol::Embeddings, "/embeddings");
    let said = json_of(surface, "sim/echo", &json!({"input": ["a", "b", "a"]})).await;
    let data = said["data"].as_array().unwrap();
    assert_eq!(data.len(), 3);
    assert_eq!(data[0]["embedding"], data[2]["embedding"]);
    assert_ne!(data[0]["embedding"], data[1]["embedding"]);
    assert_eq!(said["usage"]["prompt_tokens"], 3);
    for input in [json!("a"), json!([1, 2, 3]), json!([[1, 2], [3]])] {
        let encoded = json!({"input": input, "encoding_format": "base64"});
        let said = json_of(surface, "sim/echo", &encoded).await;
        assert!(said["data"][0]["embedding"].is_string());
    }
}

#[tokio::test]
async fn refusals_have_the_protocols_own_shape() {
    for surface in SURFACES {
        let (status, body) = ask(surface, "sim/nothing", false, &json!({})).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        let body: Value = serde_json::from_slice(&body).unwrap();
        let message = body["error"]["message"].as_str().unwrap();
        assert!(message.contains("sim/echo"), "{message}");
        let broken = answer(
            surface.0,
            surface.1,
            "sim/echo",
            false,
            &Bytes::from_static(b"{"),
        );
        assert_eq!(broken.status(), StatusCode::BAD_REQUEST);
        // What it does not read passes, whatever it is.
        let mut odd = request(surface.0, "x");
        odd["metadata"] = json!(3);
        odd["tools"] = json!([3, {}, {"name": 3}]);
        odd["tool_choice"] = json!(3);
        odd["top_p"] = Value::Null;
        assert_eq!(
            ask(surface, "sim/tools", true, &odd).await.0,
            StatusCode::OK
        );
    }
}

/// The error of a request that is changed by one field, or lacks it.
async fn refusal(surface: (Protocol, &str), mut request: Value, field: &str, to: Value) -> Value {
    if to.is_null() {
        request.as_object_mut().unwrap().shift_remove(field);
    } else {
        request[field] = to;
    }
    let (status, body) = ask(surface, "sim/echo", false, &request).await;
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(status, StatusCode::BAD_REQUEST, "{field}: {body}");
    body
}

#[tokio::test]
async fn openais_surfaces_refuse_as_openai_does() {
    let [chat, responses, _] = SURFACES;
    let embeddings = (Protocol::Embeddings, "/embeddings");
    let counting = (Protocol::Responses, "/responses/input_tokens");
    let strange = json!([{"role": "user", "content": "x"}, {"role": "critic", "content": "x"}]);
    for (surface, field, to, param, code, words) in [
        (
            chat,
            "messages",
            Value::Null,
            "messages",
            "missing_required_parameter",
            "Missing required parameter: 'messages'.",
        ),
        (
            chat,
            "messages",
            json!("hi"),
            "messages",
            "invalid_type",
            "Invalid type for 'messages': expected an array of objects, but got a string instead.",
        ),
        (
            chat,
            "messages",
            json!([{"content": "x"}]),
            "messages[0].role",
            "missing_required_parameter",
            "Missing required parameter: 'messages[0].role'.",
        ),
        (
            chat,
            "messages",
            strange.clone(),
            "messages[1].role",
            "invalid_value",
            "Invalid value: 'critic'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'.",
        ),
        (
            chat,
            "temperature",
            json!("hot"),
            "temperature",
            "invalid_type",
            "Invalid type for 'temperature': expected a decimal, but got a string instead.",
        ),
        (
            chat,
            "max_tokens",
            json!(1.5),
            "max_tokens",
            "invalid_type",
            "Invalid type for 'max_tokens': expected an integer, but got a decimal instead.",
        ),
        (
            responses,
            "input",
            json!(5),
            "input",
            "invalid_type",
            "Invalid type for 'input': expected one of an array of objects or string, but got an integer instead.",
        ),
        (
            responses,
            "input",
            Value::Null,
            "input",
            "missing_required_parameter",
            "One of \"input\" or \"previous_response_id\" or 'prompt' or 'conversation_id' must be provided.",
        ),
        (
            responses,
            "input",
            strange,
            "input[1].role",
            "invalid_value",
            "Invalid value: 'critic'. Supported values are: 'assistant', 'system', 'developer', and 'user'.",
        ),
        (
            counting,
            "input",
            json!(["x"]),
            "input[0]",
            "invalid_type",
            "Invalid type for 'input[0]': expected an object, but got a string instead.",
        ),
        (
            embeddings,
            "input",
            Value::Null,
            "input",
            "missing_required_parameter",
            "Missing required parameter: 'input'.",
        ),
        (
            embeddings,
            "input",
            json!(5),
            "input",
            "invalid_type",
            "Invalid type for 'input': expected one of a string or an array of strings or tokens, but got an integer instead.",
        ),
    ] {
        let good = match surface.0 {
            Protocol::Embeddings => json!({"input": "x"}),
            protocol => request(protocol, "x"),
        };
        assert_eq!(
            refusal(surface, good, field, to).await,
            json!({"error": {"message": words, "type": "invalid_request_error", "param": param, "code": code}})
        );
    }
    for instead in ["previous_response_id", "prompt", "conversation"] {
        let (status, _) = ask(responses, "sim/echo", false, &json!({instead: "x"})).await;
        assert_eq!(status, StatusCode::OK, "{instead}");
    }
}

#[tokio::test]
async fn messages_refuse_as_anthropic_does() {
    let messages = SURFACES[2];
    let counting = (Protocol::Messages, "/v1/messages/count_tokens");
    for (field, to, words) in [
        ("max_tokens", Value::Null, "max_tokens: Field required"),
        (
            "max_tokens",
            json!("many"),
            "max_tokens: Input should be a valid integer",
        ),
        ("messages", Value::Null, "messages: Field required"),
        (
            "messages",
            json!("hi"),
            "messages: Input should be a valid list",
        ),
        (
            "messages",
            json!([{"role": "tool", "content": "x"}]),
            "messages.0.role: Input should be 'user', 'assistant' or 'system'",
        ),
        (
            "temperature",
            json!("hot"),
            "temperature: Input should be a valid number",
        ),
    ] {
        let body = refusal(messages, request(messages.0, "x"), field, to).await;
        assert_eq!(
            (&body["type"], &body["error"]),
            (
                &json!("error"),
                &json!({"type": "invalid_request_error", "message": words})
            )
        );
        let id = body["request_id"].as_str().unwrap();
        assert!(id.starts_with("req_") && id.len() > 16, "{id}");
    }
    let counted = json!({"messages": [{"role": "user", "content": "x"}]});
    assert_eq!(
        ask(counting, "sim/echo", false, &counted).await.0,
        StatusCode::OK
    );
}

#[tokio::test(start_paused = true)]
async fn the_slow_model_takes_its_time() {
    let began = Instant::now();
    let request = request(Protocol::Chat, "one two three");
    ask(SURFACES[0], "sim/slow", true, &request).await;
    assert!(began.elapsed() > SLOW_FIRST_CHUNK + 3 * SLOW_PACE);
    assert!(began.elapsed() < Duration::from_secs(2));
}
