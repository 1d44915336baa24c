//! Whose list price holds: the maker of a model, whichever kind of provider serves it.

use std::borrow::Cow;

use serde::Deserialize;

use crate::ProviderKind;

/// A maker of models with a list price in the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Vendor {
    Anthropic,
    OpenAi,
    Gemini,
    DeepSeek,
    Sim,
}

/// How many makers there are.
pub(super) const VENDORS: usize = 5;

impl Vendor {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::OpenAi => "openai",
            Self::Gemini => "gemini",
            Self::DeepSeek => "deepseek",
            Self::Sim => "sim",
        }
    }

    /// The maker whose list a provider sells from for this id; `None` where it sells from no list known here.
    pub(super) fn of(kind: ProviderKind, id: &str) -> Option<Self> {
        let claude = || id.contains("claude");
        match kind {
            ProviderKind::Anthropic => Some(Self::Anthropic),
            ProviderKind::OpenAi => Some(Self::OpenAi),
            ProviderKind::Gemini => Some(Self::Gemini),
            ProviderKind::DeepSeek => Some(Self::DeepSeek),
            ProviderKind::Sim => Some(Self::Sim),
            ProviderKind::Azure if claude() => Some(Self::Anthropic),
            ProviderKind::Azure => Some(Self::OpenAi),
            ProviderKind::Bedrock => claude().then_some(Self::Anthropic),
            ProviderKind::Vertex if claude() => Some(Self::Anthropic),
            ProviderKind::Vertex => id.contains("gemini").then_some(Self::Gemini),
            ProviderKind::OpenAiCompatible => None,
        }
    }
}

/// The maker's own spelling of an id as this kind of provider spells it.
pub(super) fn makers_spelling(kind: ProviderKind, id: &str) -> Cow<'_, str> {
    match kind {
        ProviderKind::Gemini => id.strip_prefix("models/").unwrap_or(id).into(),
        ProviderKind::Bedrock => {
            // [region.]anthropic.<id>-v1[:0], also as the tail of an ARN
            let id = id.rsplit('/').next().unwrap_or(id);
            let id = id.split_once("anthropic.").map_or(id, |(_, rest)| rest);
            let stem = id.split(':').next().unwrap_or(id);
            match stem.rsplit_once("-v") {
                Some((stem, version))
                    if !version.is_empty() && version.bytes().all(|b| b.is_ascii_digit()) =>
                {
                    stem.into()
                }
                _ => stem.into(),
            }
        }
        ProviderKind::Vertex => {
            let id = id.rsplit('/').next().unwrap_or(id);
            if id.contains('@') {
                id.replace('@', "-").into()
            } else {
                id.into()
            }
        }
        _ => id.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cloud_spellings_lead_to_the_makers_id() {
        for (kind, spelled, expected) in [
            (
                ProviderKind::Bedrock,
                "us.anthropic.claude-opus-4-5-20251101-v1:0",
                "claude-opus-4-5-20251101",
            ),
            (
                ProviderKind::Bedrock,
                "anthropic.claude-opus-5-5",
                "claude-opus-5-5",
            ),
            (
                ProviderKind::Vertex,
                "claude-opus-4-5@20251101",
                "claude-opus-4-5-20251101",
            ),
            (
                ProviderKind::Vertex,
                "publishers/google/models/gemini-3.5-flash",
                "gemini-3.5-flash",
            ),
            (
                ProviderKind::Gemini,
                "models/gemini-3.5-flash",
                "gemini-3.5-flash",
            ),
            (ProviderKind::OpenAi, "gpt-4o", "gpt-4o"),
        ] {
            assert_eq!(makers_spelling(kind, spelled), expected);
        }
    }
}
