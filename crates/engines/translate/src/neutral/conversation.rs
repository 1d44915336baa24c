//! A conversation as upstreams want it that keep the operator's words apart and let only two others speak: the user
//! first and last.

use super::{Keep, Part, Role, ToolCall, Turn, settle};
use crate::json::Text;

/// What stands for a user who has said nothing before the assistant, or nothing at all.
const BEGIN: &str = "(the conversation begins)";
/// What asks for more where the assistant spoke last: newer models refuse to go on from their own words.
const CONTINUE: &str = "Continue.";

/// Turns of the user and the assistant, brought into order.
#[derive(Debug)]
pub(crate) struct Conversation<'a> {
    /// What the operator says before it begins.
    pub system: Vec<Part<'a>>,
    pub turns: Vec<Turn<'a>>,
}

impl<'a> Conversation<'a> {
    /// Brings turns into order. What the operator says where `keep` has no place for it becomes the user's words.
    pub(crate) fn of(turns: Vec<Turn<'a>>, keep: &Keep<'_>) -> Self {
        let mut system = Vec::new();
        let mut settled = Vec::new();
        for turn in settle(turns, keep) {
            match turn.role {
                Role::System | Role::Developer => system.extend(turn.parts),
                Role::User | Role::Assistant => settled.push(turn),
            }
        }
        let words = |text: &'static str| Turn::new(Role::User, vec![Part::text(Text::plain(text))]);
        let is_assistant = |turn: &Turn<'_>| turn.role == Role::Assistant;
        if settled.first().is_none_or(is_assistant) {
            settled.insert(0, words(BEGIN));
        }
        if settled.last().is_some_and(is_assistant) {
            settled.push(words(CONTINUE));
        }
        Self {
            system,
            turns: settled,
        }
    }

    /// Namespace and name of the tools that were called, each once.
    pub(crate) fn called(&self) -> Vec<(Option<Text<'a>>, Text<'a>)> {
        let mut called: Vec<(Option<Text<'a>>, Text<'a>)> = Vec::new();
        for call in self.calls() {
            let known = |(space, name): &(Option<Text<'a>>, Text<'a>)| {
                *space == call.namespace && *name == call.name
            };
            if !called.iter().any(known) {
                called.push((call.namespace.clone(), call.name.clone()));
            }
        }
        called
    }

    fn calls(&self) -> impl Iterator<Item = &ToolCall<'a>> {
        let parts = self.turns.iter().flat_map(|turn| &turn.parts);
        parts.filter_map(|part| match part {
            Part::ToolCall(call) => Some(call),
            _ => None,
        })
    }
}
