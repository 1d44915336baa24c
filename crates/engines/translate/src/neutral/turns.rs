//! Turns in the order that strict upstreams want: reasoning that the next provider cannot use is gone, every tool call
//! has its result right after it, nobody speaks twice in a row.

use std::collections::VecDeque;

use super::{Part, Reasoning, Role, ToolResult, Turn};
use crate::json::Text;

/// What the model is told where the caller kept no result for a call.
const NO_RESULT: &str = "(no result: the call was interrupted)";

/// What an upstream can use of a conversation.
pub(crate) struct Keep<'k> {
    /// Which reasoning it can check or read.
    pub reasoning: &'k dyn Fn(&Reasoning<'_>) -> bool,
    /// Whether the operator may speak in the middle of a conversation.
    pub late_system: bool,
}

/// Brings the turns into order.
pub(crate) fn settle<'a>(turns: Vec<Turn<'a>>, keep: &Keep<'_>) -> Vec<Turn<'a>> {
    let mut turns: VecDeque<Turn<'a>> = kept(turns, keep).into();
    let mut settled: Vec<Turn<'a>> = Vec::with_capacity(turns.len());
    while let Some(mut turn) = turns.pop_front() {
        if turn.role == Role::User {
            without_a_call(&mut turn.parts);
        }
        let calls = open_calls(&turn);
        push(&mut settled, turn);
        if !calls.is_empty() {
            let results = take_results(&calls, &mut turns);
            push(&mut settled, Turn::new(Role::User, results));
        }
    }
    settled
}

/// What the upstream can use, each speaker's turns joined.
fn kept<'a>(turns: Vec<Turn<'a>>, keep: &Keep<'_>) -> Vec<Turn<'a>> {
    let mut joined: Vec<Turn<'a>> = Vec::with_capacity(turns.len());
    let mut begun = false;
    for mut turn in turns {
        turn.parts.retain(|part| match part {
            Part::Reasoning(reasoning) => (keep.reasoning)(reasoning),
            _ => true,
        });
        if turn.role.is_operator() && begun && !keep.late_system {
            turn.role = Role::User;
        }
        begun |= !turn.role.is_operator() && !turn.parts.is_empty();
        push(&mut joined, turn);
    }
    joined
}

/// Adds a turn, or its parts to the last one where the same speaks on.
fn push<'a>(turns: &mut Vec<Turn<'a>>, turn: Turn<'a>) {
    match turns.last_mut() {
        _ if turn.parts.is_empty() => {}
        Some(last) if last.role == turn.role => last.parts.extend(turn.parts),
        _ => turns.push(turn),
    }
}

/// Id and name of each call of a turn.
fn open_calls<'a>(turn: &Turn<'a>) -> Vec<(Text<'a>, Text<'a>)> {
    let call = |part: &Part<'a>| match part {
        Part::ToolCall(call) => Some((call.id.clone(), call.name.clone())),
        _ => None,
    };
    turn.parts.iter().filter_map(call).collect()
}

/// Takes the results of these calls out of the turns that follow, up to the assistant's next one that calls again.
fn take_results<'a>(
    calls: &[(Text<'a>, Text<'a>)],
    turns: &mut VecDeque<Turn<'a>>,
) -> Vec<Part<'a>> {
    let mut found: Vec<Option<ToolResult<'a>>> = calls.iter().map(|_| None).collect();
    for turn in turns.iter_mut() {
        if turn.role == Role::Assistant && !open_calls(turn).is_empty() {
            break;
        }
        let parts = std::mem::take(&mut turn.parts);
        for part in parts {
            let place = match &part {
                Part::ToolResult(result) => calls
                    .iter()
                    .zip(&found)
                    .position(|((id, _), found)| found.is_none() && *id == result.id),
                _ => None,
            };
            match (place, part) {
                (Some(place), Part::ToolResult(result)) => found[place] = Some(result),
                (_, part) => turn.parts.push(part),
            }
        }
        if found.iter().all(Option::is_some) {
            break;
        }
    }
    let results = calls.iter().zip(found).map(|((id, name), result)| {
        let mut result = result.unwrap_or_else(|| ToolResult {
            id: id.clone(),
            name: None,
            parts: vec![Part::text(Text::plain(NO_RESULT))],
            is_error: true,
            cache: None,
        });
        result.name.get_or_insert_with(|| name.clone());
        Part::ToolResult(result)
    });
    results.collect()
}

/// Results that were not taken belong to no call: their text stays, as the user's words.
fn without_a_call(parts: &mut Vec<Part<'_>>) {
    if !parts.iter().any(|part| matches!(part, Part::ToolResult(_))) {
        return;
    }
    let before = std::mem::take(parts);
    for part in before {
        match part {
            Part::ToolResult(result) => parts.extend(result.parts),
            part => parts.push(part),
        }
    }
}

#[cfg(test)]
mod tests;
