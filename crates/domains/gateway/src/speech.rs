//! How a call is put to a provider: in the caller's own protocol, untouched, or translated.

use llm::ProviderKind;
use llm::cloud::{Family, Spoken};
use translate::{Dialect, Pair, Upstream};
use wire::Protocol;

/// How a call is put to a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speech {
    /// As it came, at this path.
    Own(&'static str),
    /// Translated.
    Translated(Pair, Endpoint),
}

/// Where a kind of provider takes what is translated for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// The path of a protocol.
    Of(Protocol, &'static str),
}

impl Endpoint {
    /// What a cloud is spoken to there.
    pub fn spoken(self) -> Spoken {
        let Self::Of(protocol, _) = self;
        protocol.into()
    }

    /// The path, and what hangs below it where tokens are counted.
    pub fn place(self, counting: bool) -> (&'static str, &'static str) {
        let Self::Of(protocol, path) = self;
        let suffix = match protocol {
            Protocol::Messages if counting => "/count_tokens",
            Protocol::Responses if counting => "/input_tokens",
            _ => "",
        };
        (path, suffix)
    }
}

/// How a model of a provider is spoken to by callers of a protocol; `None` where there is no way.
pub(crate) fn of(upstream: &llm::Upstream, model: &str, caller: Protocol) -> Option<Speech> {
    let family = upstream.family(model);
    if let Some(path) = path(upstream.kind, family, caller) {
        return Some(Speech::Own(path));
    }
    let by_chat = upstream.prefers_chat();
    between(upstream.kind, family, caller, by_chat)
}

/// The protocols of callers that reach a model as they are.
pub(crate) fn speaks(upstream: &llm::Upstream, model: &str, protocol: Protocol) -> bool {
    path(upstream.kind, upstream.family(model), protocol).is_some()
}

fn path(kind: ProviderKind, family: Family, protocol: Protocol) -> Option<&'static str> {
    llm::endpoint(kind, protocol).filter(|_| family.speaks(protocol))
}

fn between(kind: ProviderKind, family: Family, caller: Protocol, by_chat: bool) -> Option<Speech> {
    let dialects = dialects(kind, family).iter();
    dialects
        .filter(|dialect| !by_chat || dialect.upstream() != Upstream::Responses)
        .find_map(|dialect| {
            let pair = Pair::find(caller, *dialect)?;
            Some(Speech::Translated(pair, endpoint(kind, *dialect)?))
        })
}

/// What a kind of provider speaks, in a cloud what its models of a family are spoken to; what carries more comes first.
const fn dialects(kind: ProviderKind, family: Family) -> &'static [Dialect] {
    match (kind, family) {
        (ProviderKind::Anthropic, _)
        | (ProviderKind::Azure | ProviderKind::Bedrock | ProviderKind::Vertex, Family::Claude) => {
            &[Dialect::Anthropic]
        }
        (ProviderKind::OpenAi | ProviderKind::Azure, _) => {
            &[Dialect::OpenAiResponses, Dialect::OpenAiChat]
        }
        (ProviderKind::DeepSeek, _) => &[Dialect::DeepSeek],
        (ProviderKind::OpenAiCompatible, _) => &[Dialect::Compatible],
        (
            ProviderKind::Gemini | ProviderKind::Bedrock | ProviderKind::Vertex | ProviderKind::Sim,
            _,
        ) => &[],
    }
}

fn endpoint(kind: ProviderKind, dialect: Dialect) -> Option<Endpoint> {
    let protocol = match dialect.upstream() {
        Upstream::Messages => Protocol::Messages,
        Upstream::Responses => Protocol::Responses,
        Upstream::Chat => Protocol::Chat,
        Upstream::Gemini => return None,
    };
    llm::endpoint(kind, protocol).map(|path| Endpoint::Of(protocol, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(kind: ProviderKind, family: Family, caller: Protocol, by_chat: bool) -> &'static str {
        match (
            path(kind, family, caller),
            between(kind, family, caller, by_chat),
        ) {
            (Some(path), _) | (None, Some(Speech::Own(path))) => path,
            (None, Some(Speech::Translated(pair, _))) => pair.name(),
            (None, None) => "no way",
        }
    }

    #[test]
    fn a_providers_own_protocol_is_never_translated() {
        let of = |kind, caller| way(kind, Family::Any, caller, false);
        use ProviderKind::{Anthropic, OpenAi, OpenAiCompatible, Sim};
        assert_eq!(of(Anthropic, Protocol::Messages), "/v1/messages");
        assert_eq!(of(OpenAi, Protocol::Responses), "/responses");
        assert_eq!(of(Sim, Protocol::Messages), "/v1/messages");
        assert_eq!(of(OpenAiCompatible, Protocol::Messages), "messages_to_chat");
        assert_eq!(of(Anthropic, Protocol::Embeddings), "no way");
    }

    #[test]
    fn in_a_cloud_the_models_family_decides() {
        use Family::{Claude, OpenAi, Other};
        use Protocol::{Chat, Messages, Responses};
        use ProviderKind::{Azure, Bedrock, Vertex};
        for (kind, family, caller, expected) in [
            (Azure, Claude, Messages, "/anthropic/v1/messages"),
            (Azure, Claude, Chat, "chat_to_messages"),
            (Azure, OpenAi, Chat, "/openai/v1/chat/completions"),
            (Azure, OpenAi, Messages, "messages_to_responses"),
            (Bedrock, Claude, Messages, "/model/{model}/invoke"),
            (Bedrock, Claude, Responses, "responses_to_messages"),
            (Bedrock, Other, Messages, "no way"),
            (Vertex, Claude, Chat, "chat_to_messages"),
            (Vertex, Other, Chat, "no way"),
        ] {
            assert_eq!(
                way(kind, family, caller, false),
                expected,
                "{kind:?} {family:?}"
            );
        }
        assert_eq!(way(Azure, OpenAi, Messages, true), "messages_to_chat");
    }

    #[test]
    fn tokens_are_counted_below_the_path_of_what_is_spoken() {
        let place = |protocol, counting| Endpoint::Of(protocol, "/p").place(counting);
        assert_eq!(place(Protocol::Messages, true), ("/p", "/count_tokens"));
        assert_eq!(place(Protocol::Responses, true), ("/p", "/input_tokens"));
        assert_eq!(place(Protocol::Responses, false), ("/p", ""));
    }
}
