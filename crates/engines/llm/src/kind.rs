//! The kinds of provider that there are, and the families of model ids that each serves by itself.

use serde::{Deserialize, Serialize};

/// What a provider is, and with that which protocols it speaks and how it is billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProviderKind {
    /// Anthropic's own API.
    Anthropic,
    /// OpenAI's own API.
    #[serde(rename = "openai")]
    OpenAi,
    /// Google's Gemini API.
    Gemini,
    /// DeepSeek's own API.
    #[serde(rename = "deepseek")]
    DeepSeek,
    /// Any server that speaks OpenAI's chat protocol.
    #[serde(rename = "openai-compatible")]
    OpenAiCompatible,
    /// Azure OpenAI and Foundry.
    Azure,
    /// Amazon Bedrock.
    Bedrock,
    /// Google Vertex.
    Vertex,
    /// The built-in deterministic provider.
    Sim,
}

impl ProviderKind {
    /// The name in settings, records and labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::OpenAi => "openai",
            Self::Gemini => "gemini",
            Self::DeepSeek => "deepseek",
            Self::OpenAiCompatible => "openai-compatible",
            Self::Azure => "azure",
            Self::Bedrock => "bedrock",
            Self::Vertex => "vertex",
            Self::Sim => "sim",
        }
    }

    /// Globs of the model ids that a provider of this kind serves without any `[[models]]` entry.
    #[must_use]
    pub const fn family(self) -> &'static [&'static str] {
        match self {
            Self::Anthropic => &["claude*"],
            Self::OpenAi => &[
                "gpt-*",
                "chatgpt-*",
                "o1*",
                "o3*",
                "o4*",
                "codex-*",
                "text-embedding-*",
            ],
            Self::Gemini => &["gemini-*"],
            Self::DeepSeek => &["deepseek-*"],
            Self::Sim => &["sim/*"],
            Self::OpenAiCompatible | Self::Azure | Self::Bedrock | Self::Vertex => &[],
        }
    }
}
