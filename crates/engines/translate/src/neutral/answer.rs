//! A whole answer, and why it ended.

use super::Part;
use crate::json::Text;

/// Everything that an answer says, but its usage: `wire` reads that.
#[derive(Debug, Default)]
pub(crate) struct Answer<'a> {
    pub id: Option<Text<'a>>,
    pub model: Option<Text<'a>>,
    /// Seconds since the epoch.
    pub created_s: Option<u64>,
    pub parts: Vec<Part<'a>>,
    pub stop: Stop<'a>,
}

/// Why an answer ended.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop<'a> {
    pub reason: StopReason,
    /// The stop sequence that was met.
    pub sequence: Option<Text<'a>>,
    /// More about a refusal, in words.
    pub explanation: Option<Text<'a>>,
}

impl Stop<'_> {
    /// The same, free of what it was borrowed from.
    pub(crate) fn into_owned(self) -> Stop<'static> {
        Stop {
            reason: self.reason,
            sequence: self.sequence.map(Text::into_owned),
            explanation: self.explanation.map(Text::into_owned),
        }
    }
}

/// Why an answer ended, whatever its protocol calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum StopReason {
    /// The model was done; also where the upstream gave no reason or one that nobody knows.
    #[default]
    EndTurn,
    StopSequence,
    MaxTokens,
    /// The conversation filled the model's window.
    ContextFull,
    ToolUse,
    /// The provider or the model refused.
    Refusal,
    /// The provider's own loop paused; the same request goes on.
    Pause,
}

/// What of an answer's tool calls decides why it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Calls {
    /// There was none.
    None,
    /// All of them are complete.
    Whole,
    /// The last one was cut off.
    Cut,
}

impl StopReason {
    /// The reason that the content bears out: with a tool call in it an answer ended for that call, whatever the
    /// upstream said, unless it was cut off in the middle of it or refused.
    pub(crate) fn given(self, calls: Calls) -> Self {
        match (self, calls) {
            (Self::Refusal | Self::Pause, _) => self,
            (Self::MaxTokens | Self::ContextFull, Calls::Cut) => self,
            (_, Calls::Whole | Calls::Cut) => Self::ToolUse,
            (Self::ToolUse, Calls::None) => Self::EndTurn,
            (_, Calls::None) => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_decides() {
        use StopReason::{EndTurn, MaxTokens, Refusal, ToolUse};
        assert_eq!(EndTurn.given(Calls::Whole), ToolUse);
        assert_eq!(MaxTokens.given(Calls::Whole), ToolUse);
        assert_eq!(MaxTokens.given(Calls::Cut), MaxTokens);
        assert_eq!(EndTurn.given(Calls::Cut), ToolUse);
        assert_eq!(ToolUse.given(Calls::None), EndTurn);
        assert_eq!(Refusal.given(Calls::Whole), Refusal);
    }
}
