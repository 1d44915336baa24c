//! Model providers: transport, routing, the price book and the built-in simulated provider.
//! It knows nothing of callers, keys, budgets or the journal.

pub mod catalogue;
pub mod cloud;
pub mod config;
pub mod error;
pub mod gemini;
pub mod kind;
pub mod prices;
pub mod sim;
pub mod transport;

pub use catalogue::{Asking, Catalogue, Plan, Target};
pub use error::{CODES, LlmError};
pub use kind::ProviderKind;
pub use transport::{AnswerBody, Timeouts, Upstream, UpstreamOptions, take_lane};

use wire::Protocol;

/// The path below a provider's base at which a protocol is spoken; `None` where this kind does not speak it. In a cloud
/// the path depends on more than that: what stands in braces here is filled in by [`Upstream::ready`].
#[must_use]
pub const fn endpoint(kind: ProviderKind, protocol: Protocol) -> Option<&'static str> {
    match (kind, protocol) {
        (ProviderKind::Anthropic | ProviderKind::Sim, Protocol::Messages) => Some("/v1/messages"),
        (
            ProviderKind::OpenAi
            | ProviderKind::DeepSeek
            | ProviderKind::OpenAiCompatible
            | ProviderKind::Sim,
            Protocol::Chat,
        ) => Some("/chat/completions"),
        (
            ProviderKind::OpenAi
            | ProviderKind::DeepSeek
            | ProviderKind::OpenAiCompatible
            | ProviderKind::Sim,
            Protocol::Embeddings,
        ) => Some("/embeddings"),
        (ProviderKind::OpenAi | ProviderKind::Sim, Protocol::Responses) => Some("/responses"),
        (ProviderKind::Azure, Protocol::Chat) => Some("/openai/v1/chat/completions"),
        (ProviderKind::Azure, Protocol::Responses) => Some("/openai/v1/responses"),
        (ProviderKind::Azure, Protocol::Embeddings) => Some("/openai/v1/embeddings"),
        (ProviderKind::Azure, Protocol::Messages) => Some("/anthropic/v1/messages"),
        (ProviderKind::Bedrock, Protocol::Messages) => Some("/model/{model}/invoke"),
        (ProviderKind::Vertex, Protocol::Messages) => Some(
            "/v1/projects/{project}/locations/{region}/publishers/anthropic/models/{model}:rawPredict",
        ),
        _ => None,
    }
}
