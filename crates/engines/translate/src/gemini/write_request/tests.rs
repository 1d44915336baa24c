//! Rules that no golden file of one pair shows alone: signatures and thinking by generation, results, order of turns.

use super::*;
use crate::dialect::Origin;
use crate::json::Text;
use crate::neutral::{
    Bind, Bound, Effort, Input, Media, Part, Role, Source, ToolCall, ToolResult, Turn,
};
use serde_json::{Value, json};

fn written(request: Request<'_>, model: &str) -> (Value, Vec<String>) {
    written_for(Dialect::Gemini, request, model)
}

fn written_for(dialect: Dialect, mut request: Request<'_>, model: &str) -> (Value, Vec<String>) {
    let mut dropped = Dropped::default();
    let context = RequestContext::new(model, "1");
    let body = write_request(
        &mut request,
        dialect,
        &context,
        &mut Names::default(),
        &mut dropped,
    );
    let names = dropped.iter().map(str::to_owned).collect();
    (serde_json::from_slice(&body.unwrap()).unwrap(), names)
}

fn call(id: &'static str, signature: Option<&'static str>) -> Part<'static> {
    Part::ToolCall(ToolCall {
        id: Text::plain(id),
        namespace: None,
        name: Text::plain("f"),
        input: Input::Object("{}".into()),
        signature: signature
            .map(|data| Bound::new(Origin::Gemini, Bind::Signature, Text::plain(data))),
        cache: None,
    })
}

fn user(text: &'static str) -> Turn<'static> {
    Turn::new(Role::User, vec![Part::text(Text::plain(text))])
}

#[test]
fn the_first_call_of_a_step_is_signed_where_the_model_wants_it() {
    let request = || Request {
        turns: vec![
            user("one"),
            Turn::new(Role::Assistant, vec![call("a", None), call("b", None)]),
            user("two"),
            Turn::new(
                Role::Assistant,
                vec![call("c", Some("c2ln")), call("d", None)],
            ),
        ],
        ..Request::default()
    };
    let signature = |body: &Value, turn: usize, part: usize| {
        body["contents"][turn]["parts"][part]["thoughtSignature"].clone()
    };
    let (body, _) = written(request(), "gemini-3.1-pro-preview");
    assert_eq!(signature(&body, 1, 0), "skip_thought_signature_validator");
    assert_eq!(signature(&body, 1, 1), Value::Null);
    assert_eq!(signature(&body, 3, 0), "c2ln");
    assert_eq!(signature(&body, 3, 1), Value::Null);
    // Both results follow, by id and name.
    let response = &body["contents"][4]["parts"][1]["functionResponse"];
    assert_eq!(
        (&response["id"], &response["name"]),
        (&json!("d"), &json!("f"))
    );
    let (body, _) = written(request(), "gemini-2.5-pro");
    assert_eq!(signature(&body, 1, 0), Value::Null);
}

#[test]
fn vertex_gets_no_ids_and_no_tier() {
    let result = Part::ToolResult(ToolResult {
        id: Text::plain("a"),
        name: None,
        parts: vec![Part::text(Text::plain("done"))],
        is_error: false,
        cache: None,
    });
    let request = Request {
        turns: vec![
            user("one"),
            Turn::new(Role::Assistant, vec![call("a", None)]),
            Turn::new(Role::User, vec![result]),
        ],
        service_tier: Some(Text::plain("flex")),
        ..Request::default()
    };
    let (body, dropped) = written_for(Dialect::VertexGemini, request, "gemini-3.5-flash");
    let part = |turn: usize| body["contents"][turn]["parts"][0].clone();
    assert_eq!(part(1)["functionCall"], json!({"name": "f", "args": {}}));
    assert_eq!(part(2)["functionResponse"]["name"], "f");
    assert_eq!(part(2)["functionResponse"]["id"], Value::Null);
    assert_eq!(
        (body["serviceTier"].clone(), dropped),
        (Value::Null, vec!["service_tier".to_owned()])
    );
}

#[test]
fn each_generation_thinks_in_its_own_words() {
    let asked = |effort, model: &str| {
        let mut request = Request {
            turns: vec![user("one")],
            ..Request::default()
        };
        request.thinking.effort = Some(effort);
        let (body, dropped) = written(request, model);
        (body["generationConfig"]["thinkingConfig"].clone(), dropped)
    };
    let none: Vec<String> = Vec::new();
    assert_eq!(
        asked(Effort::Max, "gemini-4-argon"),
        (
            json!({"thinkingLevel": "HIGH", "includeThoughts": true}),
            none.clone()
        )
    );
    assert_eq!(
        asked(Effort::None, "gemini-3.8-flash"),
        (json!({"thinkingLevel": "LOW"}), none.clone())
    );
    assert_eq!(
        asked(Effort::None, "gemini-2.5-flash"),
        (json!({"thinkingBudget": 0}), none.clone())
    );
    assert_eq!(
        asked(Effort::None, "gemini-2.5-pro"),
        (json!({"thinkingBudget": 128}), none.clone())
    );
    assert_eq!(
        asked(Effort::Max, "gemini-2.5-pro"),
        (
            json!({"thinkingBudget": 32_768, "includeThoughts": true}),
            none
        )
    );
    assert_eq!(
        asked(Effort::High, "gemini-2.0-flash"),
        (Value::Null, vec!["effort".to_owned()])
    );
}

#[test]
fn media_of_a_result_stand_in_it_or_follow_all_results() {
    let request = || {
        let image = Part::Image(Media::new(Source::Base64(Text::plain("iVBO")), "image/png"));
        let result = |id: &'static str, parts| {
            Part::ToolResult(ToolResult {
                id: Text::plain(id),
                name: None,
                parts,
                is_error: false,
                cache: None,
            })
        };
        let results = vec![
            result("a", vec![image]),
            result("b", vec![Part::text(Text::plain("ok"))]),
        ];
        Request {
            turns: vec![
                user("one"),
                Turn::new(Role::Assistant, vec![call("a", None), call("b", None)]),
                Turn::new(Role::User, results),
            ],
            ..Request::default()
        }
    };
    let (body, _) = written(request(), "gemini-3.8-flash");
    let parts = &body["contents"][2]["parts"];
    assert_eq!(
        parts[0]["functionResponse"]["parts"][0]["inlineData"]["data"],
        "iVBO"
    );
    let (body, _) = written(request(), "gemini-2.5-flash");
    let parts = &body["contents"][2]["parts"];
    assert_eq!(parts[1]["functionResponse"]["response"]["output"], "ok");
    assert_eq!(parts[2]["inlineData"]["data"], "iVBO");
}
