//! How a call is put to a kind of provider: in the caller's own protocol, untouched, or translated.

use llm::ProviderKind;
use translate::{Dialect, Pair};
use wire::Protocol;

/// How a call is put to a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speech {
    /// As it came, at this path.
    Own(&'static str),
    /// Translated, at this path.
    Translated(Pair, &'static str),
}

/// How a kind of provider is spoken to by callers of a protocol; `None` where there is no way.
pub(crate) fn of(kind: ProviderKind, caller: Protocol) -> Option<Speech> {
    if let Some(path) = llm::endpoint(kind, caller) {
        return Some(Speech::Own(path));
    }
    dialects(kind).iter().find_map(|(dialect, protocol)| {
        let pair = Pair::find(caller, *dialect)?;
        Some(Speech::Translated(pair, llm::endpoint(kind, *protocol)?))
    })
}

/// What a kind of provider speaks; what carries more comes first.
const fn dialects(kind: ProviderKind) -> &'static [(Dialect, Protocol)] {
    match kind {
        ProviderKind::Anthropic => &[(Dialect::Anthropic, Protocol::Messages)],
        ProviderKind::OpenAi => &[
            (Dialect::OpenAiResponses, Protocol::Responses),
            (Dialect::OpenAiChat, Protocol::Chat),
        ],
        ProviderKind::DeepSeek => &[(Dialect::DeepSeek, Protocol::Chat)],
        ProviderKind::OpenAiCompatible => &[(Dialect::Compatible, Protocol::Chat)],
        ProviderKind::Gemini
        | ProviderKind::Azure
        | ProviderKind::Bedrock
        | ProviderKind::Vertex
        | ProviderKind::Sim => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_providers_own_protocol_is_never_translated() {
        let of = |kind, caller| match of(kind, caller) {
            Some(Speech::Own(path)) => path,
            Some(Speech::Translated(pair, _)) => pair.name(),
            None => "no way",
        };
        use ProviderKind::{Anthropic, OpenAi, OpenAiCompatible, Sim};
        assert_eq!(of(Anthropic, Protocol::Messages), "/v1/messages");
        assert_eq!(of(OpenAi, Protocol::Responses), "/responses");
        assert_eq!(of(Sim, Protocol::Messages), "/v1/messages");
        assert_eq!(of(OpenAiCompatible, Protocol::Messages), "messages_to_chat");
        assert_eq!(of(Anthropic, Protocol::Embeddings), "no way");
    }
}
