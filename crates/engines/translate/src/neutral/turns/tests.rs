//! The order of turns.

use super::*;
use crate::neutral::{Input, ToolCall};

fn text(text: &'static str) -> Part<'static> {
    Part::text(Text::plain(text))
}

fn call(id: &'static str) -> Part<'static> {
    Part::ToolCall(ToolCall {
        id: Text::plain(id),
        namespace: None,
        name: Text::plain("f"),
        input: Input::Object("{}".into()),
        signature: None,
        cache: None,
    })
}

fn result(id: &'static str) -> Part<'static> {
    Part::ToolResult(ToolResult {
        id: Text::plain(id),
        name: None,
        parts: vec![text("done")],
        is_error: false,
        cache: None,
    })
}

/// Each turn as `role: part part`.
fn show(turns: &[Turn<'_>]) -> Vec<String> {
    let part = |part: &Part<'_>| match part {
        Part::Text(text) => text.text.decoded().into_owned(),
        Part::ToolCall(call) => format!("call-{}", call.id.decoded()),
        Part::ToolResult(result) => {
            let mark = if result.is_error { "!" } else { "" };
            format!("result-{}{mark}", result.id.decoded())
        }
        other => format!("{other:?}"),
    };
    turns
        .iter()
        .map(|turn| {
            let parts: Vec<_> = turn.parts.iter().map(part).collect();
            format!("{:?}: {}", turn.role, parts.join(" "))
        })
        .collect()
}

fn settled(turns: Vec<Turn<'static>>, late_system: bool) -> Vec<String> {
    let keep = Keep {
        reasoning: &|_| false,
        late_system,
    };
    show(&settle(turns, &keep))
}

#[test]
fn results_stand_right_after_their_calls_in_the_order_of_the_calls() {
    let turns = vec![
        Turn::new(Role::User, vec![text("a")]),
        Turn::new(Role::Assistant, vec![call("1"), call("2")]),
        Turn::new(Role::System, vec![text("note")]),
        Turn::new(Role::User, vec![text("b"), result("2")]),
        Turn::new(Role::User, vec![result("1"), text("c")]),
    ];
    assert_eq!(
        settled(turns, true),
        [
            "User: a",
            "Assistant: call-1 call-2",
            "User: result-1 result-2",
            "System: note",
            "User: b c"
        ]
    );
}

#[test]
fn a_call_without_a_result_gets_one_and_a_result_without_a_call_becomes_text() {
    let turns = vec![
        Turn::new(Role::Assistant, vec![call("1")]),
        Turn::new(Role::User, vec![result("9"), text("go on")]),
        Turn::new(Role::Assistant, vec![call("2")]),
        Turn::new(Role::User, vec![result("2"), result("1")]),
    ];
    assert_eq!(
        settled(turns, true),
        [
            "Assistant: call-1",
            "User: result-1! done go on",
            "Assistant: call-2",
            "User: result-2 done"
        ]
    );
}

#[test]
fn nobody_speaks_twice_and_the_operator_only_first_where_the_upstream_wants_that() {
    let turns = vec![
        Turn::new(Role::System, vec![text("s")]),
        Turn::new(Role::System, vec![text("t")]),
        Turn::new(Role::User, vec![text("a")]),
        Turn::new(Role::System, vec![text("u")]),
        Turn::new(Role::User, vec![text("b")]),
        Turn::new(Role::Assistant, Vec::new()),
        Turn::new(Role::User, vec![text("c")]),
    ];
    assert_eq!(settled(turns, false), ["System: s t", "User: a u b c"]);
}

#[test]
fn the_same_id_used_twice_is_answered_twice() {
    let turns = vec![
        Turn::new(Role::Assistant, vec![call("1")]),
        Turn::new(Role::User, vec![result("1")]),
        Turn::new(Role::Assistant, vec![call("1")]),
        Turn::new(Role::User, vec![result("1")]),
    ];
    assert_eq!(
        settled(turns, true),
        [
            "Assistant: call-1",
            "User: result-1",
            "Assistant: call-1",
            "User: result-1"
        ]
    );
}

#[test]
fn calls_that_came_one_by_one_are_answered_together() {
    let turns = vec![
        Turn::new(Role::Assistant, vec![call("1")]),
        Turn::new(Role::Assistant, vec![call("2")]),
        Turn::new(Role::User, vec![result("1")]),
        Turn::new(Role::User, vec![result("2")]),
    ];
    assert_eq!(
        settled(turns, true),
        ["Assistant: call-1 call-2", "User: result-1 result-2"]
    );
}
