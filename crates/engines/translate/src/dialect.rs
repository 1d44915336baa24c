//! What the other side speaks, and who made a piece of reasoning. Which provider that is in the settings is not known.

use std::fmt;

/// The protocol of an upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Upstream {
    /// Anthropic Messages.
    Messages,
    /// OpenAI chat completions.
    Chat,
    /// OpenAI Responses.
    Responses,
    /// Gemini `generateContent`.
    Gemini,
    /// Amazon's `Converse`.
    Converse,
}

impl Upstream {
    /// The name in pairs, records and pages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Chat => "chat",
            Self::Responses => "responses",
            Self::Gemini => "gemini",
            Self::Converse => "converse",
        }
    }
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An upstream's protocol as a provider speaks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Messages, by Anthropic itself or a cloud that serves Claude.
    Anthropic,
    /// Chat, by OpenAI itself or Azure.
    OpenAiChat,
    /// Chat, by DeepSeek itself.
    DeepSeek,
    /// Chat, by any other server; only what all of them take is sent.
    Compatible,
    /// Responses, by OpenAI itself or Azure.
    OpenAiResponses,
    /// Gemini, by Google's own API.
    Gemini,
    /// Gemini, by Vertex, which lacks some of its fields.
    VertexGemini,
    /// Converse, by Bedrock, for models of any maker but Anthropic.
    Converse,
}

impl Dialect {
    /// Every dialect.
    pub const ALL: [Self; 8] = [
        Self::Anthropic,
        Self::OpenAiChat,
        Self::DeepSeek,
        Self::Compatible,
        Self::OpenAiResponses,
        Self::VertexGemini,
        Self::Gemini,
        Self::Converse,
    ];

    /// The protocol that it is a dialect of.
    #[must_use]
    pub const fn upstream(self) -> Upstream {
        match self {
            Self::Anthropic => Upstream::Messages,
            Self::OpenAiChat | Self::DeepSeek | Self::Compatible => Upstream::Chat,
            Self::OpenAiResponses => Upstream::Responses,
            Self::Gemini | Self::VertexGemini => Upstream::Gemini,
            Self::Converse => Upstream::Converse,
        }
    }

    /// Whose reasoning it makes and can check.
    #[must_use]
    pub const fn origin(self) -> Origin {
        match self {
            Self::Anthropic => Origin::Anthropic,
            Self::OpenAiChat | Self::OpenAiResponses => Origin::OpenAi,
            Self::DeepSeek => Origin::DeepSeek,
            Self::Compatible => Origin::Compatible,
            Self::Gemini | Self::VertexGemini => Origin::Gemini,
            Self::Converse => Origin::Bedrock,
        }
    }

    /// The name in seals and golden files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::OpenAiChat => "openai-chat",
            Self::DeepSeek => "deepseek",
            Self::Compatible => "compatible",
            Self::OpenAiResponses => "openai-responses",
            Self::Gemini => "gemini",
            Self::VertexGemini => "vertex-gemini",
            Self::Converse => "converse",
        }
    }
}

/// Who made a piece of reasoning: only the same can check its signature or read what it encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Claude, wherever it is served.
    Anthropic,
    /// OpenAI, over chat or Responses.
    OpenAi,
    /// DeepSeek.
    DeepSeek,
    /// Gemini, wherever it is served.
    Gemini,
    /// A model of any other maker, on Bedrock.
    Bedrock,
    /// Some server that speaks chat.
    Compatible,
}

impl Origin {
    const ALL: [Self; 6] = [
        Self::Anthropic,
        Self::OpenAi,
        Self::DeepSeek,
        Self::Gemini,
        Self::Bedrock,
        Self::Compatible,
    ];

    /// The name in seals.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::OpenAi => "openai",
            Self::DeepSeek => "deepseek",
            Self::Gemini => "gemini",
            Self::Bedrock => "bedrock",
            Self::Compatible => "compatible",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|origin| origin.as_str() == name)
    }
}
