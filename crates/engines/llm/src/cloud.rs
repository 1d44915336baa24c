//! The same protocols in the clouds that companies buy from: Azure, Amazon Bedrock and Google Vertex. A call is put into
//! the cloud's envelope by splices and its answer is taken out again by framing; neither is ever rewritten. Which call
//! goes where, and what it costs, is not known here.

mod answer;
mod azure;
mod bedrock;
mod claude;
mod encode;
mod error;
mod family;
mod seal;
mod settings;
mod sigv4;
mod vertex;

#[cfg(test)]
mod tests;

pub use answer::{Framing, Undressed};
pub use bedrock::stream::{EventStream, StreamFault};
pub use family::Family;
pub use vertex::{GeminiVerb, gemini_path};

pub(crate) use azure::{key_header as azure_key_header, resource as azure_resource};
pub(crate) use settings::{default_base, faults};

use bytes::Bytes;
use http::Request;
use http::header::HeaderMap;
use http_body_util::Full;
use wire::Protocol;

use crate::config::ProviderConfig;
use crate::error::LlmError;
use crate::kind::ProviderKind;
use crate::transport::UpstreamOptions;

/// What is spoken to a cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoken {
    /// A protocol that callers speak, too.
    Of(Protocol),
    /// Gemini's own, which no caller speaks here; what is asked stands in its path.
    Gemini(GeminiVerb),
    /// Amazon's own for models of every maker.
    Converse,
}

impl From<Protocol> for Spoken {
    fn from(protocol: Protocol) -> Self {
        Self::Of(protocol)
    }
}

/// A call as it would go to the protocol's own provider.
#[derive(Debug, Clone)]
pub struct Outgoing<'a> {
    /// What is spoken.
    pub spoken: Spoken,
    /// Behind the protocol's own path: `/count_tokens` or nothing.
    pub suffix: &'a str,
    /// The id asked of this provider.
    pub model: &'a str,
    /// Whether a stream is asked for.
    pub stream: bool,
    /// The caller's query.
    pub query: Option<&'a str>,
    /// In no encoding, and one JSON object.
    pub body: Bytes,
    /// As they go upstream: without the caller's credential and hop-by-hop headers.
    pub headers: HeaderMap,
}

/// A request that can be sent as it is, signed, and what its answer needs.
#[derive(Debug)]
pub struct Ready {
    /// To hand to `Upstream::send`, unchanged: a signature covers it.
    pub request: Request<Full<Bytes>>,
    /// To hand to `Upstream::undress` with the answer.
    pub framing: Framing,
    /// Names of betas that the caller asked for and this provider's `betas` leave out.
    pub dropped: Vec<String>,
}

/// A call in the cloud's envelope, before any credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dressed {
    /// Below the provider's base, encoded.
    pub path: String,
    /// Encoded.
    pub query: Option<String>,
    /// Spliced.
    pub body: Bytes,
    /// What the answer needs.
    pub framing: Framing,
    /// Betas left out.
    pub dropped: Vec<String>,
}

/// What makes a provider one of the clouds.
#[derive(Debug)]
pub enum Cloud {
    /// Azure OpenAI and Foundry.
    Azure(azure::Azure),
    /// Amazon Bedrock.
    Bedrock(bedrock::Bedrock),
    /// Google Vertex.
    Vertex(Box<vertex::Vertex>),
}

impl Cloud {
    /// The cloud that these settings describe; `None` for other kinds of provider. `path` is the setting's path, for
    /// errors; the first fault is given, [`faults`] gives all.
    pub(crate) fn new(
        config: &ProviderConfig,
        path: &str,
        options: &UpstreamOptions,
    ) -> Result<Option<Self>, LlmError> {
        if let Some(fault) = faults(config, path).into_iter().next() {
            return Err(fault);
        }
        Ok(match config.kind {
            ProviderKind::Azure => Some(Self::Azure(azure::Azure::new(config))),
            ProviderKind::Bedrock => Some(Self::Bedrock(bedrock::Bedrock::new(config))),
            ProviderKind::Vertex => {
                let vertex = vertex::Vertex::new(config, path, options)?;
                Some(Self::Vertex(Box::new(vertex)))
            }
            _ => None,
        })
    }

    /// Puts a call into the envelope. The headers are edited in place: what moves into the body leaves them.
    pub(crate) fn dress(
        &self,
        call: &Outgoing<'_>,
        headers: &mut HeaderMap,
    ) -> Result<Dressed, String> {
        if matches!(call.model, "" | "." | "..") {
            return Err(format!("no path can name the model {:?}", call.model));
        }
        match self {
            Self::Azure(azure) => azure.dress(call, headers),
            Self::Bedrock(bedrock) => bedrock.dress(call, headers),
            Self::Vertex(vertex) => vertex.dress(call, headers),
        }
    }

    /// Texts that no record may hold.
    pub(crate) fn secrets(&self) -> Vec<String> {
        match self {
            Self::Azure(_) => Vec::new(),
            Self::Bedrock(bedrock) => bedrock.secrets(),
            Self::Vertex(vertex) => vertex.secrets(),
        }
    }
}

impl Outgoing<'_> {
    /// Whether this is a call of Anthropic's protocol for Claude, and whether it only counts tokens; the reason why not
    /// for all else, which is the translation's to bring here.
    fn claude(&self) -> Result<bool, String> {
        match (self.spoken, self.suffix) {
            (Spoken::Of(Protocol::Messages), "") => Ok(false),
            (Spoken::Of(Protocol::Messages), "/count_tokens") => Ok(true),
            (Spoken::Of(protocol), suffix) => Err(format!(
                "this kind of provider does not speak {protocol}{suffix}"
            )),
            (Spoken::Gemini(_) | Spoken::Converse, _) => {
                Err("this kind of provider does not speak that".to_owned())
            }
        }
    }
}
