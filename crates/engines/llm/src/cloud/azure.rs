//! Azure: OpenAI's models below `/openai`, Anthropic's below `/anthropic`, at the address of one resource. Which of the
//! two is decided by the protocol. A model's id is the name of its deployment.

use http::header::{HeaderMap, HeaderName, HeaderValue};
use wire::Protocol;

use super::answer::Framing;
use super::claude::Betas;
use super::encode::segment;
use super::family::{Family, names_claude};
use super::{Dressed, Outgoing, Spoken};
use crate::config::{CredentialSource, ProviderConfig};

const API_KEY: HeaderName = HeaderName::from_static("api-key");
const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// One resource.
#[derive(Debug)]
pub struct Azure {
    api_version: Option<ApiVersion>,
    /// Whose models the address says that it serves.
    surface: Option<Family>,
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
    split(base).0
}

/// The same, and whose models that surface serves.
fn split(base: &str) -> (&str, Option<Family>) {
    let base = base.trim_end_matches('/');
    let surfaces = [
        ("/openai/v1", Family::OpenAi),
        ("/openai", Family::OpenAi),
        ("/anthropic/v1", Family::Claude),
        ("/anthropic", Family::Claude),
    ];
    surfaces
        .into_iter()
        .find_map(|(surface, family)| Some((base.strip_suffix(surface)?, Some(family))))
        .unwrap_or((base, None))
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
            surface: config.base_url.as_deref().and_then(|base| split(base).1),
            betas: Betas::new(config.betas.as_deref()),
            has_key: key.is_some_and(|key| key_header(key.expose()).0 == API_KEY),
        }
    }

    /// Whose model a deployment is: by the surface that the address names, else by the deployment's own name.
    pub(super) fn family(&self, deployment: &str) -> Family {
        match self.surface {
            Some(family) => family,
            None if names_claude(deployment) => Family::Claude,
            None => Family::OpenAi,
        }
    }

    /// Whether the older surface is spoken, of which not every day knows Responses.
    pub(super) fn is_dated(&self) -> bool {
        matches!(self.api_version, Some(ApiVersion::Dated(_)))
    }

    pub(super) fn dress(
        &self,
        call: &Outgoing<'_>,
        headers: &mut HeaderMap,
    ) -> Result<Dressed, String> {
        let mut dropped = Vec::new();
        let ((path, query), framing) = match call.spoken {
            Spoken::Of(Protocol::Messages) => {
                dropped = self.betas.filter(headers);
                let path = format!("/anthropic/v1/messages{}", call.suffix);
                ((path, call.query.map(str::to_owned)), Framing::Messages)
            }
            Spoken::Of(protocol) => {
                let place = self.openai(protocol, call.suffix, call.model, call.query);
                (place, Framing::Plain)
            }
            Spoken::Gemini(_) | Spoken::Converse => {
                return Err("Azure speaks OpenAI's and Anthropic's protocols alone".to_owned());
            }
        };
        Ok(Dressed {
            path,
            query,
            body: call.body.clone(),
            framing,
            dropped,
        })
    }

    /// Foundry's own name for the key is Anthropic's; the other stays for what stands between.
    pub(super) fn anthropic_key(&self, headers: &mut HeaderMap) {
        let key: Option<HeaderValue> = headers.get(API_KEY).filter(|_| self.has_key).cloned();
        if let Some(mut key) = key {
            key.set_sensitive(true);
            headers.insert(X_API_KEY, key);
        }
    }

    /// Path and query of one of OpenAI's operations.
    pub(super) fn openai(
        &self,
        protocol: Protocol,
        suffix: &str,
        model: &str,
        query: Option<&str>,
    ) -> (String, Option<String>) {
        let operation = match protocol {
            Protocol::Chat => "chat/completions",
            Protocol::Responses => "responses",
            Protocol::Embeddings => "embeddings",
            Protocol::Messages => "",
        };
        let path = match &self.api_version {
            Some(ApiVersion::Dated(_)) if protocol == Protocol::Responses => {
                format!("/openai/{operation}{suffix}")
            }
            Some(ApiVersion::Dated(_)) => {
                let deployment = segment(model);
                format!("/openai/deployments/{deployment}/{operation}{suffix}")
            }
            _ => format!("/openai/v1/{operation}{suffix}"),
        };
        let own = self.api_version.as_ref().map(|version| {
            let (ApiVersion::Named(text) | ApiVersion::Dated(text)) = version;
            format!("api-version={text}")
        });
        let asked = query.filter(|query| !query.is_empty());
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
