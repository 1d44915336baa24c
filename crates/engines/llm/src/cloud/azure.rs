//! Azure: OpenAI's models below `/openai`, Anthropic's below `/anthropic`, at the address of one resource. Which of the
//! two is decided by the protocol. A model's id is the name of its deployment.

use http::header::{HeaderMap, HeaderName, HeaderValue};
use wire::Protocol;

use super::answer::Framing;
use super::claude::Betas;
use super::encode::segment;
use super::{Dressed, Outgoing};
use crate::config::{CredentialSource, ProviderConfig};

const API_KEY: HeaderName = HeaderName::from_static("api-key");
const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// One resource.
#[derive(Debug)]
pub struct Azure {
    api_version: Option<ApiVersion>,
    betas: Betas,
    has_key: bool,
}

/// Which of OpenAI's surfaces is spoken.
#[derive(Debug, Clone, PartialEq, Eq)]
enum ApiVersion {
    /// The one that needs no date: `preview`, `latest` or `v1`.
    Named(String),
    /// A day: the older surface, with the deployment in the path.
    Dated(String),
}

/// Whether a text can be an `api-version`.
pub(super) fn is_api_version(text: &str) -> bool {
    is_named(text) || is_dated(text)
}

fn is_named(text: &str) -> bool {
    matches!(text, "v1" | "preview" | "latest")
}

fn is_dated(text: &str) -> bool {
    let day = text.strip_suffix("-preview").unwrap_or(text);
    chrono::NaiveDate::parse_from_str(day, "%Y-%m-%d").is_ok() && day.len() == 10
}

/// The address of a resource, whichever of its surfaces it was copied with.
pub(crate) fn resource(base: &str) -> &str {
    let base = base.trim_end_matches('/');
    ["/openai/v1", "/openai", "/anthropic/v1", "/anthropic"]
        .iter()
        .find_map(|surface| base.strip_suffix(surface))
        .unwrap_or(base)
}

/// The header that a key goes in: Entra's tokens are bearers, a resource's own keys are not.
pub(crate) fn key_header(key: &str) -> (HeaderName, String) {
    if key.starts_with("eyJ") && key.split('.').count() == 3 {
        return (http::header::AUTHORIZATION, format!("Bearer {key}"));
    }
    (API_KEY, key.to_owned())
}

impl Azure {
    pub(super) fn new(config: &ProviderConfig) -> Self {
        let key = config.api_key.as_ref();
        let key = key.filter(|_| config.credential == CredentialSource::Key);
        Self {
            api_version: config.api_version.as_ref().map(|text| {
                if is_named(text) {
                    ApiVersion::Named(text.clone())
                } else {
                    ApiVersion::Dated(text.clone())
                }
            }),
            betas: Betas::new(config.betas.as_deref()),
            has_key: key.is_some_and(|key| key_header(key.expose()).0 == API_KEY),
        }
    }

    pub(super) fn dress(&self, call: &Outgoing<'_>, headers: &mut HeaderMap) -> Dressed {
        let mut dropped = Vec::new();
        let (path, query) = if call.protocol == Protocol::Messages {
            dropped = self.betas.filter(headers);
            self.anthropic_key(headers);
            (
                format!("/anthropic/v1/messages{}", call.suffix),
                call.query.map(str::to_owned),
            )
        } else {
            self.openai(call)
        };
        let framing = if call.protocol == Protocol::Messages {
            Framing::Messages
        } else {
            Framing::Plain
        };
        Dressed {
            path,
            query,
            body: call.body.clone(),
            framing,
            dropped,
        }
    }

    /// Foundry's own name for the key is Anthropic's; the other stays for what stands between.
    fn anthropic_key(&self, headers: &mut HeaderMap) {
        let key: Option<HeaderValue> = headers.get(API_KEY).filter(|_| self.has_key).cloned();
        if let Some(mut key) = key {
            key.set_sensitive(true);
            headers.insert(X_API_KEY, key);
        }
    }

    fn openai(&self, call: &Outgoing<'_>) -> (String, Option<String>) {
        let operation = match call.protocol {
            Protocol::Chat => "chat/completions",
            Protocol::Responses => "responses",
            Protocol::Embeddings => "embeddings",
            Protocol::Messages => "",
        };
        let path = match &self.api_version {
            Some(ApiVersion::Dated(_)) if call.protocol == Protocol::Responses => {
                format!("/openai/{operation}{}", call.suffix)
            }
            Some(ApiVersion::Dated(_)) => {
                let deployment = segment(call.model);
                format!(
                    "/openai/deployments/{deployment}/{operation}{}",
                    call.suffix
                )
            }
            _ => format!("/openai/v1/{operation}{}", call.suffix),
        };
        let own = self.api_version.as_ref().map(|version| {
            let (ApiVersion::Named(text) | ApiVersion::Dated(text)) = version;
            format!("api-version={text}")
        });
        let asked = call.query.filter(|query| !query.is_empty());
        let query = match (asked, own) {
            // A caller who names a version means it.
            (Some(asked), _) if asked.contains("api-version=") => Some(asked.to_owned()),
            (Some(asked), Some(own)) => Some(format!("{asked}&{own}")),
            (Some(asked), None) => Some(asked.to_owned()),
            (None, own) => own,
        };
        (path, query)
    }
}
