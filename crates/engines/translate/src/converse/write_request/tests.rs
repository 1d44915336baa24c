//! Rules that no golden file of one pair shows alone: what every model here takes, and what a conversation must hold.

use serde_json::{Value, json};

use super::*;
use crate::json::Text;
use crate::neutral::{Input, Media, Part, Role, Source, ToolCall, ToolChoice, ToolResult, Turn};

fn written(mut request: Request<'_>) -> Result<(Value, Vec<String>), TranslateError> {
    let mut dropped = Dropped::default();
    let context = RequestContext::new("amazon.nova-pro-v1:0", "1");
    let mut names = Names::default();
    let dialect = Dialect::Converse;
    let body = write_request(&mut request, dialect, &context, &mut names, &mut dropped)?;
    let names = dropped.iter().map(str::to_owned).collect();
    Ok((serde_json::from_slice(&body).unwrap(), names))
}

fn of(turns: Vec<Turn<'static>>) -> Request<'static> {
    Request {
        turns,
        ..Request::default()
    }
}

fn user(parts: Vec<Part<'static>>) -> Turn<'static> {
    Turn::new(Role::User, parts)
}

fn words(text: &'static str) -> Part<'static> {
    Part::text(Text::plain(text))
}

#[test]
fn calls_and_results_stand_in_turns_and_their_tools_are_declared() {
    let call = Part::ToolCall(ToolCall {
        id: Text::plain("a"),
        namespace: None,
        name: Text::plain("f"),
        input: Input::Object(r#"{"x":1.0}"#.into()),
        signature: None,
        cache: None,
    });
    let result = Part::ToolResult(ToolResult {
        id: Text::plain("a"),
        name: None,
        parts: Vec::new(),
        is_error: true,
        cache: None,
    });
    let mut request = of(vec![
        user(vec![words("one"), words("  ")]),
        Turn::new(Role::Assistant, vec![call]),
        user(vec![result]),
    ]);
    request.tool_choice = Some(ToolChoice::None);
    let (body, dropped) = written(request).unwrap();
    assert_eq!(
        body["messages"],
        json!([
            {"role": "user", "content": [{"text": "one"}]},
            {"role": "assistant", "content": [{"toolUse": {"toolUseId": "a", "name": "f", "input": {"x": 1.0}}}]},
            {"role": "user", "content": [{"toolResult": {"toolUseId": "a", "content": [{"text": "(nothing)"}], "status": "error"}}]},
        ])
    );
    let schema = json!({"json": {"type": "object", "properties": {}}});
    assert_eq!(
        body["toolConfig"],
        json!({"tools": [{"toolSpec": {"name": "f", "inputSchema": schema}}]})
    );
    assert!(dropped.is_empty(), "{dropped:?}");
}

#[test]
fn media_are_told_by_their_format_or_in_words() {
    let png = || Media::new(Source::Base64(Text::plain("AAAA")), "image/png");
    let tiff = Media::new(Source::Base64(Text::plain("AAAA")), "image/tiff");
    let pdf = || Part::Document(Media::new(Source::Base64(Text::plain("BBBB")), ""));
    let parts = vec![Part::Image(png()), Part::Image(tiff), pdf(), pdf()];
    let (body, dropped) = written(of(vec![user(parts)])).unwrap();
    let content = &body["messages"][0]["content"];
    let image = json!({"format": "png", "source": {"bytes": "AAAA"}});
    assert_eq!(content[0]["image"], image);
    assert!(content[1]["text"].as_str().unwrap().contains("left out"));
    assert_eq!(content[3]["document"]["name"], "document-1");
    let document = json!({"format": "pdf", "name": "document-2", "source": {"bytes": "BBBB"}});
    assert_eq!(content[5]["document"], document);
    assert_eq!(dropped, ["image"]);
    let far = Media::new(Source::Url(Text::plain("https://h/a.png")), "");
    let refused = written(of(vec![user(vec![Part::Image(far)])])).unwrap_err();
    assert!(refused.to_string().contains("base64"), "{refused}");
}

#[test]
fn a_turn_is_never_empty() {
    let (body, dropped) = written(of(vec![user(vec![Part::Server(Text::plain("web"))])])).unwrap();
    assert_eq!(
        body["messages"][0]["content"],
        json!([{"text": "(nothing)"}])
    );
    assert_eq!(dropped, ["web"]);
}
