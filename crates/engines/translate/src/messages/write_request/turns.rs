//! Turns into messages: the user's and the assistant's in turn, the user first and last.

use super::Hints;
use super::blocks::{self, Said};
use super::model::Model;
use crate::dialect::Origin;
use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::json::Object;
use crate::neutral::{Bind, Cache, Conversation, Keep, Part, Reasoning, Role, Turn};

/// Brings the turns into order. What the operator says later becomes the user's words, where it stands: only the
/// newest models take a system message there, and not on every cloud.
pub(super) fn settled(turns: Vec<Turn<'_>>) -> Conversation<'_> {
    let keep = Keep {
        reasoning: &is_usable,
        late_system: false,
    };
    Conversation::of(turns, &keep)
}

/// Claude checks its own signatures and takes no reasoning without one.
fn is_usable(reasoning: &Reasoning<'_>) -> bool {
    reasoning.bound.as_ref().is_some_and(|bound| {
        bound.origin == Origin::Anthropic
            && matches!(bound.bind, Bind::Signature | Bind::Redacted)
            && !bound.data.is_empty()
    })
}

/// Whether the assistant waits for results of calls before which it did not think, as far as is known: then it cannot
/// begin to.
pub(super) fn is_past_thinking(conversation: &Conversation<'_>) -> bool {
    let turns = &conversation.turns;
    let waits = turns
        .last()
        .is_some_and(|turn| turn.parts.iter().any(is_result));
    let last = turns.iter().rfind(|turn| turn.role == Role::Assistant);
    waits && last.is_some_and(|turn| !matches!(turn.parts.first(), Some(Part::Reasoning(_))))
}

fn is_result(part: &Part<'_>) -> bool {
    matches!(part, Part::ToolResult(_))
}

/// Writes `messages`.
pub(super) fn write(
    object: &mut Object<'_>,
    turns: Vec<Turn<'_>>,
    model: Model<'_>,
    hints: Hints,
    dropped: &mut Dropped,
) -> Result<(), TranslateError> {
    let mut said: Vec<(Role, Vec<Said<'_>>)> = Vec::with_capacity(turns.len());
    for turn in turns {
        let blocks = blocks::said(turn.parts, turn.role, model, dropped)?;
        if !blocks.is_empty() {
            said.push((turn.role, blocks));
        }
    }
    let goes_on = hints.agent || said.len() > 1;
    if hints.ours && goes_on {
        let users = said.iter_mut().rev();
        let users = users.filter(|(role, _)| *role == Role::User).take(2);
        for (_, blocks) in users {
            if let Some(last) = blocks.last_mut() {
                last.cache = Some(Cache::Default);
            }
        }
    }
    let mut messages = object.array("messages");
    for (role, blocks) in &said {
        let mut message = messages.object();
        let role = if *role == Role::Assistant {
            "assistant"
        } else {
            "user"
        };
        message.str("role", role);
        blocks::write(message.value("content"), blocks);
    }
    Ok(())
}
