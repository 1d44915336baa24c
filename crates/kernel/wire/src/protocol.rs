//! Which protocol a body or a stream speaks. Which provider speaks it is `llm`'s business.

use std::fmt;

/// A foreign protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// OpenAI chat completions, as OpenAI, DeepSeek, Azure and many compatible servers speak it.
    Chat,
    /// OpenAI Responses.
    Responses,
    /// Anthropic Messages, `count_tokens` included.
    Messages,
    /// OpenAI embeddings.
    Embeddings,
}

impl Protocol {
    /// The name in records, labels and messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Responses => "responses",
            Self::Messages => "messages",
            Self::Embeddings => "embeddings",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
