//! How a call is put to a provider: in the caller's own protocol, untouched, or translated.

use std::borrow::Cow;

use facts::Surface;
use llm::ProviderKind;
use llm::cloud::{Family, GeminiVerb, Spoken};
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
    /// Gemini's paths name the model and what is to be done.
    Gemini,
    /// Bedrock's paths likewise.
    Converse,
}

/// What is asked of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    Answer,
    Stream,
    Count,
    Embeddings,
}

impl Wanted {
    /// What a call on this surface wants.
    pub fn of(surface: Surface, stream: bool) -> Self {
        match surface {
            Surface::CountTokens => Self::Count,
            Surface::Embeddings => Self::Embeddings,
            _ if stream => Self::Stream,
            _ => Self::Answer,
        }
    }
}

impl Speech {
    /// Path and query of a call on this way, whose own are `suffix` and `query`.
    pub fn place<'q>(
        self,
        suffix: &str,
        query: Option<&'q str>,
        model: &str,
        wanted: Wanted,
    ) -> (Cow<'static, str>, Option<&'q str>) {
        match self {
            Self::Own(path) if suffix.is_empty() => (Cow::Borrowed(path), query),
            Self::Own(path) => (Cow::Owned(format!("{path}{suffix}")), query),
            Self::Translated(_, endpoint) => endpoint.place(model, wanted),
        }
    }

    /// What a cloud is spoken to, and what hangs below its path.
    pub fn spoken(
        self,
        caller: Protocol,
        suffix: &'static str,
        wanted: Wanted,
    ) -> (Spoken, &'static str) {
        match self {
            Self::Own(_) => (caller.into(), suffix),
            Self::Translated(_, endpoint) => endpoint.spoken(wanted),
        }
    }
}

impl Endpoint {
    /// What a cloud is spoken to there, and what hangs below its path.
    fn spoken(self, wanted: Wanted) -> (Spoken, &'static str) {
        let verb = match (self, wanted) {
            (Self::Of(protocol, _), wanted) => {
                return (protocol.into(), below(protocol, wanted));
            }
            (Self::Converse, _) => return (Spoken::Converse, ""),
            (Self::Gemini, Wanted::Count) => GeminiVerb::CountTokens,
            (Self::Gemini, Wanted::Stream) => GeminiVerb::Stream,
            (Self::Gemini, Wanted::Answer | Wanted::Embeddings) => GeminiVerb::Generate,
        };
        (Spoken::Gemini(verb), "")
    }

    /// Path and query for what is wanted of a model.
    pub fn place(self, model: &str, wanted: Wanted) -> (Cow<'static, str>, Option<&'static str>) {
        let path = match (self, wanted) {
            (Self::Of(protocol, path), wanted) => match below(protocol, wanted) {
                "" => Cow::Borrowed(path),
                suffix => Cow::Owned(format!("{path}{suffix}")),
            },
            // Spoken in a cloud alone, whose envelope knows the path.
            (Self::Converse, _) => Cow::Borrowed(""),
            (Self::Gemini, wanted) => {
                let method = match wanted {
                    Wanted::Answer => "generateContent",
                    Wanted::Stream => "streamGenerateContent",
                    Wanted::Count => "countTokens",
                    Wanted::Embeddings => "batchEmbedContents",
                };
                Cow::Owned(llm::gemini::path(model, method))
            }
        };
        // Without it a stream is one long JSON list.
        let query = (self == Self::Gemini && wanted == Wanted::Stream).then_some("alt=sse");
        (path, query)
    }
}

/// What hangs below a protocol's path for what is wanted.
fn below(protocol: Protocol, wanted: Wanted) -> &'static str {
    match (protocol, wanted) {
        (Protocol::Messages, Wanted::Count) => "/count_tokens",
        (Protocol::Responses, Wanted::Count) => "/input_tokens",
        _ => "",
    }
}

/// How a model of a provider is spoken to by callers of a protocol; `None` where there is no way.
pub(crate) fn of(upstream: &llm::Upstream, model: &str, caller: Protocol) -> Option<Speech> {
    let (kind, family) = (upstream.kind, upstream.family(model));
    if let Some(path) = path(kind, family, caller) {
        return Some(Speech::Own(path));
    }
    translated(kind, family, caller, upstream.prefers_chat())
}

fn path(kind: ProviderKind, family: Family, protocol: Protocol) -> Option<&'static str> {
    llm::endpoint(kind, protocol).filter(|_| family.speaks(protocol))
}

fn translated(
    kind: ProviderKind,
    family: Family,
    caller: Protocol,
    by_chat: bool,
) -> Option<Speech> {
    // Vertex makes vectors at an endpoint of another form.
    if kind == ProviderKind::Vertex && caller == Protocol::Embeddings {
        return None;
    }
    dialects(kind, family)
        .iter()
        .filter(|dialect| !by_chat || dialect.upstream() != Upstream::Responses)
        .find_map(|dialect| {
            let pair = Pair::find(caller, *dialect)?;
            Some(Speech::Translated(pair, endpoint(kind, *dialect)?))
        })
}

/// What a kind of provider speaks, in a cloud what its models of a family are spoken to; what carries more comes first.
const fn dialects(kind: ProviderKind, family: Family) -> &'static [Dialect] {
    use ProviderKind::{
        Anthropic, Azure, Bedrock, DeepSeek, Gemini, OpenAi, OpenAiCompatible, Sim, Vertex,
    };
    match (kind, family) {
        (Anthropic, _) | (Azure | Bedrock | Vertex, Family::Claude) => &[Dialect::Anthropic],
        (OpenAi | Azure, _) => &[Dialect::OpenAiResponses, Dialect::OpenAiChat],
        (DeepSeek, _) => &[Dialect::DeepSeek],
        (OpenAiCompatible, _) => &[Dialect::Compatible],
        (Gemini, _) => &[Dialect::Gemini],
        (Vertex, Family::Gemini) => &[Dialect::VertexGemini],
        (Bedrock, _) => &[Dialect::Converse],
        (Vertex | Sim, _) => &[],
    }
}

fn endpoint(kind: ProviderKind, dialect: Dialect) -> Option<Endpoint> {
    let protocol = match dialect.upstream() {
        Upstream::Gemini => return Some(Endpoint::Gemini),
        Upstream::Converse => return Some(Endpoint::Converse),
        Upstream::Messages => Protocol::Messages,
        Upstream::Responses => Protocol::Responses,
        Upstream::Chat => Protocol::Chat,
    };
    llm::endpoint(kind, protocol).map(|path| Endpoint::Of(protocol, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(kind: ProviderKind, family: Family, caller: Protocol, by_chat: bool) -> &'static str {
        let own = path(kind, family, caller).map(Speech::Own);
        match own.or_else(|| translated(kind, family, caller, by_chat)) {
            Some(Speech::Own(path)) => path,
            Some(Speech::Translated(pair, _)) => pair.name(),
            None => "no way",
        }
    }

    #[test]
    fn in_a_cloud_the_models_family_decides() {
        use Family::{Claude, Gemini, OpenAi, Other};
        use Protocol::{Chat, Embeddings, Messages, Responses};
        use ProviderKind::{Azure, Bedrock, Vertex};
        for (kind, family, caller, expected) in [
            (Azure, Claude, Messages, "/anthropic/v1/messages"),
            (Azure, Claude, Chat, "chat_to_messages"),
            (Azure, OpenAi, Chat, "/openai/v1/chat/completions"),
            (Azure, OpenAi, Messages, "messages_to_responses"),
            (Bedrock, Claude, Messages, "/model/{model}/invoke"),
            (Bedrock, Claude, Responses, "responses_to_messages"),
            (Bedrock, Other, Messages, "messages_to_converse"),
            (Bedrock, Other, Responses, "responses_to_converse"),
            (Bedrock, Other, Embeddings, "no way"),
            (Vertex, Claude, Chat, "chat_to_messages"),
            (Vertex, Gemini, Messages, "messages_to_gemini"),
            (Vertex, Gemini, Embeddings, "no way"),
            (Vertex, Other, Chat, "no way"),
        ] {
            let told = way(kind, family, caller, false);
            assert_eq!(told, expected, "{kind:?} {family:?} {caller:?}");
        }
        assert_eq!(way(Azure, OpenAi, Messages, true), "messages_to_chat");
    }

    #[test]
    fn a_providers_own_protocol_is_never_translated() {
        let of = |kind, caller| way(kind, Family::Any, caller, false);
        use ProviderKind::{Anthropic, Gemini, OpenAi, OpenAiCompatible, Sim};
        assert_eq!(of(Anthropic, Protocol::Messages), "/v1/messages");
        assert_eq!(of(OpenAi, Protocol::Responses), "/responses");
        assert_eq!(of(Sim, Protocol::Messages), "/v1/messages");
        assert_eq!(of(OpenAiCompatible, Protocol::Messages), "messages_to_chat");
        assert_eq!(of(Gemini, Protocol::Messages), "messages_to_gemini");
        assert_eq!(of(Gemini, Protocol::Embeddings), "embeddings_to_gemini");
        assert_eq!(of(Anthropic, Protocol::Embeddings), "no way");
    }

    #[test]
    fn what_is_wanted_decides_the_path() {
        let place = |endpoint: Endpoint, wanted| {
            let (path, query) = endpoint.place("m", wanted);
            (path.into_owned(), query)
        };
        let messages = Endpoint::Of(Protocol::Messages, "/v1/messages");
        let counted = "/v1/messages/count_tokens".to_owned();
        assert_eq!(place(messages, Wanted::Count), (counted, None));
        assert_eq!(
            place(messages, Wanted::Stream),
            ("/v1/messages".to_owned(), None)
        );
        let streamed = "/v1beta/models/m:streamGenerateContent".to_owned();
        assert_eq!(
            place(Endpoint::Gemini, Wanted::Stream),
            (streamed, Some("alt=sse"))
        );
    }
}
