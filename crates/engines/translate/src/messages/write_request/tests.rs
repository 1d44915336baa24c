//! Rules that no golden file of one pair shows alone: caching, thinking by generation, order of turns.

use super::*;
use crate::json::Text;
use crate::neutral::{Cache, Effort, Part, Role, Tool, ToolCall, ToolChoice, ToolKind, Turn};
use serde_json::{Value, json};

fn turn(role: Role, text: &'static str) -> Turn<'static> {
    Turn::new(role, vec![Part::text(Text::plain(text))])
}

fn tool() -> Tool<'static> {
    Tool {
        name: "f".into(),
        description: None,
        kind: ToolKind::Function {
            schema: None,
            strict: None,
        },
        cache: None,
    }
}

fn written(mut request: Request<'_>, model: &str) -> (Value, Vec<String>) {
    let mut dropped = Dropped::default();
    let context = RequestContext::new(model, "1");
    let body = write_request(
        &mut request,
        Dialect::Anthropic,
        &context,
        &mut Names::default(),
        &mut dropped,
    );
    let names = dropped.iter().map(str::to_owned).collect();
    (serde_json::from_slice(&body.unwrap()).unwrap(), names)
}

#[test]
fn an_agents_prompt_is_cached_where_its_next_step_will_read_it() {
    use Role::{Assistant, System, User};
    let turns = vec![
        turn(System, "s"),
        turn(User, "one"),
        turn(Assistant, "two"),
        turn(User, "three"),
        turn(Assistant, "four"),
        turn(User, "five"),
    ];
    let request = Request {
        turns,
        tools: vec![tool(), tool()],
        ..Request::default()
    };
    let (body, _) = written(request, "claude-opus-5");
    let marked = |pointer: &str| {
        body.pointer(pointer)
            .unwrap()
            .get("cache_control")
            .is_some()
    };
    assert!(!marked("/tools/0") && marked("/tools/1") && marked("/system/0"));
    assert!(!marked("/messages/0/content/0"));
    assert!(marked("/messages/2/content/0") && marked("/messages/4/content/0"));
    assert_eq!(body.to_string().matches("cache_control").count(), 4);
}

#[test]
fn a_single_question_is_not_written_to_the_cache_and_hints_of_the_caller_stay_alone() {
    let request = Request {
        turns: vec![turn(Role::User, "one")],
        ..Request::default()
    };
    let (body, _) = written(request, "claude-opus-5");
    assert!(!body.to_string().contains("cache_control"));
    let mut said = turn(Role::System, "s");
    let Some(Part::Text(text)) = said.parts.first_mut() else {
        panic!("a text");
    };
    text.cache = Some(Cache::Hour);
    let request = Request {
        turns: vec![said, turn(Role::User, "one")],
        tools: vec![tool()],
        ..Request::default()
    };
    let (body, _) = written(request, "claude-opus-5");
    assert_eq!(body["system"][0]["cache_control"]["ttl"], "1h");
    assert_eq!(body.to_string().matches("cache_control").count(), 1);
}

#[test]
fn of_many_marks_the_last_are_left() {
    let marked = |number: usize| {
        let mut said = turn(Role::User, "one");
        if let Some(Part::Text(text)) = said.parts.first_mut() {
            let hour = number == 2;
            text.cache = Some(if hour { Cache::Hour } else { Cache::Default });
        }
        said
    };
    let request = Request {
        turns: (0..6).map(marked).collect(),
        tools: vec![tool()],
        ..Request::default()
    };
    let (body, _) = written(request, "claude-opus-5");
    let blocks = body["messages"][0]["content"].as_array().unwrap();
    let marks: Vec<bool> = blocks
        .iter()
        .map(|block| block["cache_control"].is_object())
        .collect();
    assert_eq!(marks, [false, false, true, true, true, true]);
    assert_eq!(blocks[2]["cache_control"]["ttl"], "1h");
}

#[test]
fn each_generation_thinks_in_its_own_words() {
    let asked = |effort, model: &str| {
        let mut request = Request {
            turns: vec![turn(Role::User, "one")],
            ..Request::default()
        };
        request.thinking.effort = Some(effort);
        let (body, dropped) = written(request, model);
        let effort = body.pointer("/output_config/effort").cloned();
        (
            body["thinking"].clone(),
            effort.unwrap_or_default(),
            dropped,
        )
    };
    let none: Vec<String> = Vec::new();
    let adaptive = json!({"type": "adaptive"});
    assert_eq!(
        asked(Effort::XHigh, "claude-opus-4-8"),
        (adaptive.clone(), json!("xhigh"), none.clone())
    );
    assert_eq!(
        asked(Effort::XHigh, "claude-sonnet-4-6"),
        (adaptive.clone(), json!("high"), none.clone())
    );
    assert_eq!(
        asked(Effort::Minimal, "claude-fable-5"),
        (adaptive, json!("low"), none.clone())
    );
    assert_eq!(
        asked(Effort::High, "claude-haiku-4-5"),
        (
            json!({"type": "enabled", "budget_tokens": 24_000}),
            Value::Null,
            none.clone()
        )
    );
    assert_eq!(
        asked(Effort::None, "claude-opus-5"),
        (json!({"type": "disabled"}), Value::Null, none.clone())
    );
    assert_eq!(
        asked(Effort::None, "claude-fable-5"),
        (Value::Null, json!("low"), none)
    );
    assert_eq!(
        asked(Effort::High, "claude-3-haiku-20240307"),
        (Value::Null, Value::Null, vec!["effort".to_owned()])
    );
}

#[test]
fn a_budget_is_not_begun_in_the_middle_of_calls() {
    let call = Part::ToolCall(ToolCall {
        id: Text::plain("c1"),
        namespace: None,
        name: Text::plain("f"),
        input: crate::neutral::Input::Object("{}".into()),
        signature: None,
        cache: None,
    });
    let mut request = Request {
        turns: vec![
            turn(Role::User, "one"),
            Turn::new(Role::Assistant, vec![call]),
        ],
        ..Request::default()
    };
    request.thinking.effort = Some(Effort::High);
    let (body, dropped) = written(request, "claude-haiku-4-5");
    assert_eq!(body["thinking"], Value::Null);
    assert_eq!(dropped, ["effort"]);
    // Nothing was declared, so what was called is, and is not called again.
    assert_eq!(body["tools"][0]["name"], "f");
    assert_eq!(body["tool_choice"]["type"], "none");
    assert_eq!(body["messages"][2]["content"][0]["type"], "tool_result");
}

#[test]
fn a_forced_tool_leaves_thinking_out_and_is_not_forced_where_nobody_can() {
    let forced = |model| {
        let mut request = Request {
            turns: vec![turn(Role::User, "one")],
            tools: vec![tool()],
            tool_choice: Some(ToolChoice::Any),
            parallel_tool_calls: Some(false),
            ..Request::default()
        };
        request.thinking.effort = Some(Effort::Low);
        written(request, model)
    };
    let (body, dropped) = forced("claude-opus-5");
    assert_eq!(
        body["tool_choice"],
        json!({"type": "any", "disable_parallel_tool_use": true})
    );
    assert_eq!(body["thinking"], Value::Null);
    assert_eq!(body["output_config"]["effort"], "low");
    assert!(dropped.is_empty());
    let (body, dropped) = forced("claude-opus-5-5");
    assert_eq!(body["tool_choice"]["type"], "auto");
    assert_eq!(body["thinking"]["type"], "adaptive");
    assert_eq!(dropped, ["tool_choice"]);
}

#[test]
fn the_user_speaks_first_and_last() {
    let request = Request {
        turns: vec![turn(Role::System, "s"), turn(Role::Assistant, "one ")],
        ..Request::default()
    };
    let (body, _) = written(request, "claude-opus-5");
    let roles: Vec<&str> = body["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["role"].as_str().unwrap())
        .collect();
    assert_eq!(roles, ["user", "assistant", "user"]);
}
