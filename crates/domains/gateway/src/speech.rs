//! How a call is put to a kind of provider: in the caller's own protocol, untouched, or translated.

use std::borrow::Cow;

use llm::ProviderKind;
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
}

/// What is asked of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    Answer,
    Stream,
    Count,
    Embeddings,
}

impl Endpoint {
    /// Path and query for what is wanted of a model.
    pub fn place(self, model: &str, wanted: Wanted) -> (Cow<'static, str>, Option<&'static str>) {
        let path = match (self, wanted) {
            (Self::Of(Protocol::Messages, path), Wanted::Count) => {
                Cow::Owned(format!("{path}/count_tokens"))
            }
            (Self::Of(Protocol::Responses, path), Wanted::Count) => {
                Cow::Owned(format!("{path}/input_tokens"))
            }
            (Self::Of(_, path), _) => Cow::Borrowed(path),
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

/// How a kind of provider is spoken to by callers of a protocol; `None` where there is no way.
pub(crate) fn of(kind: ProviderKind, caller: Protocol) -> Option<Speech> {
    if let Some(path) = llm::endpoint(kind, caller) {
        return Some(Speech::Own(path));
    }
    dialects(kind).iter().find_map(|dialect| {
        let pair = Pair::find(caller, *dialect)?;
        Some(Speech::Translated(pair, endpoint(kind, *dialect)?))
    })
}

/// What a kind of provider speaks; what carries more comes first.
const fn dialects(kind: ProviderKind) -> &'static [Dialect] {
    match kind {
        ProviderKind::Anthropic => &[Dialect::Anthropic],
        ProviderKind::OpenAi => &[Dialect::OpenAiResponses, Dialect::OpenAiChat],
        ProviderKind::DeepSeek => &[Dialect::DeepSeek],
        ProviderKind::OpenAiCompatible => &[Dialect::Compatible],
        ProviderKind::Gemini => &[Dialect::Gemini],
        ProviderKind::Azure | ProviderKind::Bedrock | ProviderKind::Vertex | ProviderKind::Sim => {
            &[]
        }
    }
}

fn endpoint(kind: ProviderKind, dialect: Dialect) -> Option<Endpoint> {
    let protocol = match dialect.upstream() {
        Upstream::Gemini => return Some(Endpoint::Gemini),
        Upstream::Messages => Protocol::Messages,
        Upstream::Responses => Protocol::Responses,
        Upstream::Chat => Protocol::Chat,
    };
    llm::endpoint(kind, protocol).map(|path| Endpoint::Of(protocol, path))
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
