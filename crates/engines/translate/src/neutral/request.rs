//! A request: turns of parts, tools, and what else steers the answer.

use serde_json::value::RawValue;

use super::{Format, Part, Sampling, Thinking, Tool, ToolChoice};
use crate::json::Text;

/// Everything that a request says.
#[derive(Debug, Default)]
pub(crate) struct Request<'a> {
    /// Whether a stream is asked for.
    pub stream: bool,
    /// Whether a chat stream shall end with usage.
    pub include_usage: bool,
    /// Whether its caller knows one call at a time, under its old name (chat `functions`).
    pub one_call: bool,
    /// Whether thinking shall come back without its text.
    pub hide_thinking: bool,
    /// The conversation. System turns stand where the caller put them, most often first.
    pub turns: Vec<Turn<'a>>,
    pub tools: Vec<Tool<'a>>,
    pub tool_choice: Option<ToolChoice<'a>>,
    pub parallel_tool_calls: Option<bool>,
    /// Structured output.
    pub format: Option<Format<'a>>,
    pub sampling: Sampling<'a>,
    /// The bound on the output, reasoning included.
    pub max_output_tokens: Option<u64>,
    pub stop: Vec<Text<'a>>,
    pub thinking: Thinking,
    /// `low`, `medium`, `high`.
    pub verbosity: Option<Text<'a>>,
    /// Whom the caller acts for.
    pub user: Option<Text<'a>>,
    /// What belongs together, so that a provider keeps it on one cache.
    pub cache_key: Option<Text<'a>>,
    /// Key and value pairs that the provider keeps with the answer (OpenAI).
    pub metadata: Option<&'a RawValue>,
    /// In OpenAI's words: `auto`, `default`, `flex`, `priority` ….
    pub service_tier: Option<Text<'a>>,
    /// Whether the provider shall keep the answer.
    pub store: Option<bool>,
    /// What the answer repeats of the request.
    pub echo: Vec<(&'static str, &'a RawValue)>,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The operator, by OpenAI's or Anthropic's name for it.
    System,
    /// The operator, by OpenAI's newer name.
    Developer,
    User,
    Assistant,
}

impl Request<'_> {
    /// Whether something in it is to be heard.
    pub(crate) fn has_sound(&self) -> bool {
        let mut parts = self.turns.iter().flat_map(|turn| &turn.parts);
        parts.any(|part| matches!(part, Part::Audio(_)))
    }
}

impl Role {
    /// Whether the operator speaks.
    pub(crate) fn is_operator(self) -> bool {
        matches!(self, Self::System | Self::Developer)
    }
}

/// What one of them says at once. Results of tool calls are parts of a user's turn.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    pub role: Role,
    pub parts: Vec<Part<'a>>,
}

impl<'a> Turn<'a> {
    pub(crate) fn new(role: Role, parts: Vec<Part<'a>>) -> Self {
        Self { role, parts }
    }
}
