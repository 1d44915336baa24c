//! Whose models a cloud serves, as their ids tell: that decides what is spoken to them.

use wire::Protocol;

use super::Cloud;
use crate::transport::Upstream;

/// Who made a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Not told by the id: the provider is no cloud, so its kind decides.
    Any,
    /// Anthropic's.
    Claude,
    /// OpenAI's, and whatever else Azure serves in OpenAI's words.
    OpenAi,
    /// Google's.
    Gemini,
    /// Somebody else's, of which Bedrock serves many by Converse.
    Other,
}

impl Family {
    /// Whether models of this family are spoken to in this protocol.
    #[must_use]
    pub fn speaks(self, protocol: Protocol) -> bool {
        match self {
            Self::Any => true,
            Self::Claude => protocol == Protocol::Messages,
            Self::OpenAi => protocol != Protocol::Messages,
            Self::Gemini | Self::Other => false,
        }
    }
}

/// Whether a model's id says that it is a Claude.
pub(super) fn names_claude(id: &str) -> bool {
    names(id, "claude")
}

fn names(id: &str, word: &str) -> bool {
    id.as_bytes()
        .windows(word.len())
        .any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}

/// Amazon's name for a profile of one's own does not say what it leads to; Claude is what such are made for most.
fn is_opaque(id: &str) -> bool {
    id.starts_with("arn:")
        && (id.contains("application-inference-profile/") || id.contains("provisioned-model/"))
}

impl Upstream {
    /// Whose model an id of this provider's is.
    #[must_use]
    pub fn family(&self, model: &str) -> Family {
        match self.cloud() {
            None => Family::Any,
            Some(Cloud::Azure(azure)) => azure.family(model),
            Some(Cloud::Bedrock(_)) if names_claude(model) || is_opaque(model) => Family::Claude,
            Some(Cloud::Vertex(_)) if names_claude(model) => Family::Claude,
            Some(Cloud::Vertex(_)) if names(model, "gemini") => Family::Gemini,
            Some(Cloud::Bedrock(_) | Cloud::Vertex(_)) => Family::Other,
        }
    }

    /// Whether what is translated goes by chat, though its family knows Responses: Azure's older surface, of which not
    /// every day does.
    #[must_use]
    pub fn prefers_chat(&self) -> bool {
        matches!(self.cloud(), Some(Cloud::Azure(azure)) if azure.is_dated())
    }

    /// Path and query of what hangs below Responses: stored ones, by their id.
    #[must_use]
    pub fn stored_responses(&self, rest: &str, query: Option<&str>) -> (String, Option<String>) {
        let suffix = format!("/{rest}");
        match self.cloud() {
            Some(Cloud::Azure(azure)) => azure.openai(Protocol::Responses, &suffix, "", query),
            _ => (format!("/responses{suffix}"), query.map(str::to_owned)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_every_case_and_place() {
        for id in [
            "claude-opus-4-5@20251101",
            "us.anthropic.claude-opus-4-5-20251101-v1:0",
            "House-Claude",
        ] {
            assert!(names_claude(id), "{id}");
        }
        for id in ["", "cloud", "claud", "amazon.nova-pro-v1:0"] {
            assert!(!names_claude(id), "{id}");
        }
        assert!(is_opaque(
            "arn:aws:bedrock:us-east-1:1:application-inference-profile/x"
        ));
        assert!(!is_opaque(
            "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0"
        ));
    }

    #[test]
    fn families_speak_their_makers_protocols() {
        use Protocol::{Chat, Embeddings, Messages, Responses};
        let spoken = |family: Family| {
            [Chat, Responses, Messages, Embeddings]
                .into_iter()
                .filter(|protocol| family.speaks(*protocol))
                .count()
        };
        assert_eq!(
            [
                Family::Any,
                Family::Claude,
                Family::OpenAi,
                Family::Gemini,
                Family::Other
            ]
            .map(spoken),
            [4, 1, 3, 0, 0]
        );
    }
}
