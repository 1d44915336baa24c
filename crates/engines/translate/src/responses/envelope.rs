//! The response object around the items: what it says of itself, of its request, and of what it took.

use kernel::Reported;

use super::output::write_list;
use crate::json::{Object, Text};
use crate::neutral::{Stop, StopReason};
use crate::state::PairState;

/// How a response ended, or that it did not yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    InProgress,
    Completed,
    /// For that reason.
    Incomplete(&'static str),
}

impl Outcome {
    /// How an answer ends that stopped so. A refusal in words is an answer; one without is none.
    pub(super) fn of(reason: StopReason, refused_in_words: bool) -> Self {
        match reason {
            StopReason::MaxTokens | StopReason::ContextFull => {
                Self::Incomplete("max_output_tokens")
            }
            StopReason::Refusal if !refused_in_words => Self::Incomplete("content_filter"),
            _ => Self::Completed,
        }
    }

    /// `response.completed` and its like.
    pub(super) const fn event(self) -> &'static str {
        match self {
            Self::InProgress => "response.in_progress",
            Self::Completed => "response.completed",
            Self::Incomplete(_) => "response.incomplete",
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Incomplete(_) => "incomplete",
        }
    }
}

/// The words for a refusal, where the upstream gave some beside its answer.
pub(super) fn explanation<'s, 'a>(stop: &'s Stop<'a>, refused: bool) -> Option<&'s Text<'a>> {
    let explanation = stop.explanation.as_ref();
    explanation.filter(|text| stop.reason == StopReason::Refusal && !refused && !text.is_empty())
}

/// A response's id: ours, because upstreams give ids of another kind or none.
pub(super) fn response_id(state: &PairState) -> String {
    format!("resp_{}", state.call_id)
}

/// What a response says of itself.
#[derive(Debug)]
pub(super) struct Envelope<'e> {
    pub state: &'e PairState,
    pub outcome: Outcome,
    pub model: Option<&'e Text<'e>>,
    pub created_s: Option<u64>,
    /// The items, as they stand between brackets.
    pub output: &'e [u8],
    /// What is known of usage, at the end.
    pub reported: Option<&'e Reported>,
}

impl Envelope<'_> {
    /// Writes the response object.
    pub(super) fn write(&self, object: &mut Object<'_>) {
        let created = self.created_s.filter(|created| *created > 0);
        object.str("id", &response_id(self.state));
        object.str("object", "response");
        object.number("created_at", created.unwrap_or(self.state.now_s));
        object.str("status", self.outcome.as_str());
        object.flag("background", false);
        object.null("error");
        match self.outcome {
            Outcome::Incomplete(reason) => {
                object.object("incomplete_details").str("reason", reason);
            }
            _ => object.null("incomplete_details"),
        }
        match self.model {
            Some(model) => object.text("model", model),
            None => object.str("model", &self.state.model),
        }
        write_list(object, "output", self.output);
        object.null("previous_response_id");
        object.flag("store", false);
        self.repeat(object);
        match self.reported.filter(|reported| reported.usage.is_some()) {
            Some(reported) => usage(object, reported),
            None => object.null("usage"),
        }
    }

    /// What was asked for. Tools and instructions are long, and stand in the end only.
    fn repeat(&self, object: &mut Object<'_>) {
        let defaults = [
            ("instructions", "null"),
            ("max_output_tokens", "null"),
            ("metadata", "{}"),
            ("parallel_tool_calls", "true"),
            ("reasoning", r#"{"effort":null,"summary":null}"#),
            ("temperature", "null"),
            ("text", r#"{"format":{"type":"text"}}"#),
            ("tool_choice", r#""auto""#),
            ("tools", "[]"),
            ("top_p", "null"),
            ("truncation", r#""disabled""#),
            ("user", "null"),
        ];
        let is_long = |key| matches!(key, "instructions" | "tools");
        let opening = self.outcome == Outcome::InProgress;
        let asked = |key: &str| {
            let (_, raw) = self.state.echo.iter().find(|(name, _)| *name == key)?;
            Some(raw.as_ref())
        };
        for (key, default) in defaults {
            let asked = asked(key).filter(|_| !(opening && is_long(key)));
            object.raw(key, asked.unwrap_or(default));
        }
        for key in ["prompt_cache_key", "safety_identifier"] {
            if let Some(raw) = asked(key) {
                object.raw(key, raw);
            }
        }
    }
}

/// Usage in OpenAI's words: input includes what was cached, output includes reasoning.
fn usage(object: &mut Object<'_>, reported: &Reported) {
    let usage = reported.usage.unwrap_or_default();
    let (input, output) = (usage.total_input(), usage.total_output());
    let mut out = object.object("usage");
    out.number("input_tokens", input);
    {
        let mut details = out.object("input_tokens_details");
        details.number("cached_tokens", usage.cache_read);
        details.number("cache_write_tokens", usage.cache_writes());
    }
    out.number("output_tokens", output);
    out.object("output_tokens_details")
        .number("reasoning_tokens", usage.reasoning);
    out.number("total_tokens", input.saturating_add(output));
}
