//! In what the dialects of chat differ. A field that a server does not know may cost the whole call, so `Compatible`
//! gets only what all of them take.

use crate::context::ModelFacts;
use crate::dialect::{Dialect, Origin};
use crate::neutral::{Bind, Reasoning, Thinking, ThinkingMode};

/// What one dialect takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    dialect: Dialect,
    facts: ModelFacts,
}

impl Rules {
    pub(super) const fn of(dialect: Dialect, facts: ModelFacts) -> Self {
        Self { dialect, facts }
    }

    pub(super) const fn is_openai(self) -> bool {
        matches!(self.dialect, Dialect::OpenAiChat)
    }

    pub(super) const fn is_deepseek(self) -> bool {
        matches!(self.dialect, Dialect::DeepSeek)
    }

    /// The key of the bound on the output.
    pub(super) const fn output_key(self) -> &'static str {
        if self.is_openai() {
            "max_completion_tokens"
        } else {
            "max_tokens"
        }
    }

    /// Many servers' templates take the operator's words first or not at all.
    pub(super) const fn late_system(self) -> bool {
        self.is_openai() || self.is_deepseek()
    }

    /// Whether the model takes images.
    pub(super) fn sees(self) -> bool {
        self.facts.sees.unwrap_or(!self.is_deepseek())
    }

    /// Whether documents may stand in a message.
    pub(super) const fn reads_files(self) -> bool {
        !self.is_deepseek()
    }

    /// OpenAI's reasoning models refuse sampling settings and stop sequences.
    pub(super) fn samples(self) -> bool {
        !(self.is_openai() && self.facts.reasons == Some(true))
    }

    /// Whether an effort may be sent: a model that does not reason, or a server that does not know the field, refuses
    /// the call.
    pub(super) fn takes_effort(self) -> bool {
        match self.dialect {
            Dialect::DeepSeek => true,
            Dialect::OpenAiChat => self.facts.reasons != Some(false),
            _ => self.facts.reasons == Some(true),
        }
    }

    /// How many stop sequences there may be.
    pub(super) const fn max_stops(self) -> usize {
        if self.is_deepseek() { 16 } else { 4 }
    }

    /// DeepSeek wants its thinking back with every message while it thinks, if only as an empty string.
    pub(super) fn wants_thinking_back(self, thinking: &Thinking) -> bool {
        self.is_deepseek() && thinking.mode != ThinkingMode::Off
    }

    /// Whether the server can use that piece of reasoning.
    pub(super) fn uses(self, reasoning: &Reasoning<'_>, thinking: &Thinking) -> bool {
        match self.dialect {
            // It reads whatever was thought, by whom ever: nothing is signed.
            Dialect::DeepSeek => self.wants_thinking_back(thinking) && !reasoning.text.is_empty(),
            Dialect::Compatible => reasoning.bound.as_ref().is_some_and(|bound| {
                let something = bound.bind != Bind::Visible || !reasoning.text.is_empty();
                bound.origin == Origin::Compatible && something
            }),
            _ => false,
        }
    }
}
