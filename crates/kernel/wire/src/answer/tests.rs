//! Whole answers of each protocol, and odd ones.

use super::*;
use serde_json::json;

fn read(protocol: Protocol, body: &serde_json::Value) -> Reported {
    read_answer(protocol, body.to_string().as_bytes()).unwrap()
}

#[test]
fn ordinary_answers_are_read_by_the_quick_reader() {
    let usage =
        r#"{"prompt_tokens":9,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":0}}"#;
    let chat = format!(
        r#"{{"id":"c","choices":[{{"message":{{"content":"é \"x\"\n"}},"finish_reason":"stop"}}],"usage":{usage}}}"#
    );
    assert!(lean::read::<openai::ChatAnswer>(chat.as_bytes()).is_some());
    let message =
        br#"{"id":"m","content":[{"text":"a\\b"}],"usage":{"input_tokens":5,"iterations":null}}"#;
    assert!(lean::read::<Message>(message).is_some());
    let response = br#"{"id":"r","output":[{"type":"message","content":[{"text":"\ud83d"}]}],"status":"completed"}"#;
    assert!(lean::read::<ResponseObject>(response).is_some());
}

#[test]
fn a_message() {
    let body = json!({"id":"msg_1","type":"message","role":"assistant","model":"claude-opus-5-5",
        "content":[{"type":"text","text":"hi"},{"type":"tool_use","id":"t","name":"ls","input":{"path":"/tmp","all":true}}],
        "stop_reason":"tool_use","usage":{"input_tokens":5,"output_tokens":7}});
    let reported = read(Protocol::Messages, &body);
    assert_eq!(reported.response_id.as_deref(), Some("msg_1"));
    assert_eq!(reported.model.as_deref(), Some("claude-opus-5-5"));
    assert_eq!(reported.stop_reason.as_deref(), Some("tool_use"));
    assert_eq!(reported.usage.unwrap().total_output(), 7);
    assert_eq!(reported.refusal, None);
    assert_eq!(
        output_bytes(Protocol::Messages, body.to_string().as_bytes()),
        ("hi".len() + r#"{"path":"/tmp","all":true}"#.len()) as u64
    );
}

#[test]
fn refusals_tell_whether_anything_was_made() {
    let body = |content: serde_json::Value| {
        json!({"model":"claude-haiku-5-5","content":content,"stop_reason":"refusal",
            "stop_details":{"type":"refusal","category":"cyber"},"usage":{"input_tokens":1,"output_tokens":3}})
    };
    let refusal = read(Protocol::Messages, &body(json!([]))).refusal.unwrap();
    assert_eq!(refusal.category.as_deref(), Some("cyber"));
    assert!(refusal.before_output);
    let refusal = read(
        Protocol::Messages,
        &body(json!([{"type":"text","text":"no"}])),
    )
    .refusal;
    assert!(!refusal.unwrap().before_output);
}

#[test]
fn a_chat_completion() {
    let body = json!({"id":"chatcmpl-1","model":"gpt-5-2025-08-07","service_tier":"flex","choices":[
        {"index":0,"message":{"role":"assistant","content":"hello","tool_calls":[{"function":{"name":"f","arguments":"{\"a\":1}"}}]},
         "finish_reason":"tool_calls"}],
        "usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}});
    let reported = read(Protocol::Chat, &body);
    assert_eq!(reported.model.as_deref(), Some("gpt-5-2025-08-07"));
    assert_eq!(reported.service_tier.as_deref(), Some("flex"));
    assert_eq!(reported.stop_reason.as_deref(), Some("tool_calls"));
    assert_eq!(reported.usage.unwrap().input, 9);
    assert_eq!(
        output_bytes(Protocol::Chat, body.to_string().as_bytes()),
        5 + 9
    );
}

#[test]
fn embeddings() {
    let body = json!({"object":"list","data":[{"embedding":[0.1,0.2],"index":0}],"model":"text-embedding-3-small",
        "usage":{"prompt_tokens":8,"total_tokens":8}});
    let usage = read(Protocol::Embeddings, &body).usage.unwrap();
    assert_eq!((usage.input, usage.total_output()), (8, 0));
}

#[test]
fn a_response_with_tools() {
    let body = json!({"id":"resp_1","object":"response","status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},
        "model":"gpt-6.1-sol","service_tier":"default","output":[
            {"type":"web_search_call","action":{"type":"search","query":"x"}},
            {"type":"web_search_call","action":{"type":"open_page","url":"y"}},
            {"type":"web_search_call","status":"completed"},
            {"type":"file_search_call"},{"type":"code_interpreter_call"},
            {"type":"function_call","arguments":"{}","name":"f"},
            {"type":"message","content":[{"type":"output_text","text":"four"}]}],
        "usage":{"input_tokens":10,"input_tokens_details":{"cached_tokens":0},"output_tokens":2,"output_tokens_details":{"reasoning_tokens":0}}});
    let reported = read(Protocol::Responses, &body);
    assert_eq!(reported.response_id.as_deref(), Some("resp_1"));
    assert_eq!(reported.stop_reason.as_deref(), Some("max_output_tokens"));
    assert_eq!(
        (reported.tools.web_search, reported.tools.web_fetch),
        (2, 1)
    );
    assert_eq!(
        (reported.tools.file_search, reported.tools.code_execution),
        (1, 1)
    );
    assert_eq!(reported.usage.unwrap().total_input(), 10);
    assert_eq!(
        output_bytes(Protocol::Responses, body.to_string().as_bytes()),
        2 + 4
    );
}

#[test]
fn novelties_cost_a_fact_at_most() {
    for protocol in [
        Protocol::Chat,
        Protocol::Responses,
        Protocol::Messages,
        Protocol::Embeddings,
    ] {
        let odd = json!({"id":7,"model":["a"],"usage":"lots","content":{},"choices":{"0":1},"output":"text","status":null,
            "service_tier":false,"created_at":"now","stop_reason":{}});
        let reported = read(protocol, &odd);
        assert_eq!((reported.model, reported.usage), (None, None));
        assert_eq!(read(protocol, &json!({})), Reported::default());
        let error = read_answer(protocol, b"<html>bad gateway</html>").unwrap_err();
        assert_eq!(error.code(), "UPSTREAM_INVALID_JSON");
    }
}
