//! Google Vertex: Claude by rawPredict, Gemini's paths, and the tokens of a service account.

pub(super) mod account;
pub(super) mod token;

use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};

use super::answer::Framing;
use super::claude::{self, Betas};
use super::encode::{encode, segment, unreserved};
use super::{Dressed, Outgoing, Spoken};
use crate::config::{CredentialSource, ProviderConfig};
use crate::error::LlmError;
use crate::transport::UpstreamOptions;
use account::ServiceAccount;
use token::Tokens;

/// Goes into every body for Claude.
const VERSION: &str = "vertex-2023-10-16";

/// One project in one region.
#[derive(Debug)]
pub struct Vertex {
    project: String,
    region: String,
    betas: Betas,
    tokens: Option<Tokens>,
}

impl Vertex {
    pub(super) fn new(
        config: &ProviderConfig,
        path: &str,
        options: &UpstreamOptions,
    ) -> Result<Self, LlmError> {
        let fault = |reason: String| LlmError::Setting {
            path: format!("{path}.service_account"),
            reason,
        };
        let account = config.service_account.as_ref();
        let account = account.filter(|_| config.credential == CredentialSource::Key);
        let account = account.map(|text| ServiceAccount::read(text.expose()));
        let account = account.transpose().map_err(fault)?;
        let of_account = account
            .as_ref()
            .and_then(|account| account.project_id.clone());
        Ok(Self {
            project: config.project.clone().or(of_account).unwrap_or_default(),
            region: config.region.clone().unwrap_or_default(),
            betas: Betas::new(config.betas.as_deref()),
            tokens: account
                .map(|account| Tokens::new(account, config, path, options))
                .transpose()?,
        })
    }

    pub(super) fn tokens(&self) -> Option<&Tokens> {
        self.tokens.as_ref()
    }

    pub(super) fn dress(
        &self,
        call: &Outgoing<'_>,
        headers: &mut HeaderMap,
    ) -> Result<Dressed, String> {
        if let Spoken::Gemini(verb) = call.spoken {
            return Ok(self.gemini(call, verb));
        }
        let counting = call.claude()?;
        let (model, verb, leave_out): (_, _, &[&str]) = match (counting, call.stream) {
            // The one model that does not stand for itself: whose tokens are counted is said in the body.
            (true, _) => ("count-tokens", "rawPredict", &[]),
            (false, true) => (call.model, "streamRawPredict", &["model"]),
            (false, false) => (call.model, "rawPredict", &["model"]),
        };
        let dropped = self.betas.filter(headers);
        headers.remove(CONTENT_ENCODING);
        headers.remove(claude::VERSION);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(Dressed {
            path: path(&self.project, &self.region, "anthropic", model, verb),
            // A caller's query belongs to Anthropic's own address (`beta=true`).
            query: None,
            body: claude::body(&call.body, VERSION, leave_out)?,
            framing: Framing::Messages,
            dropped,
        })
    }

    /// A body as Gemini's own API takes it: only its address is another.
    fn gemini(&self, call: &Outgoing<'_>, verb: GeminiVerb) -> Dressed {
        let (path, query) = gemini_path(&self.project, &self.region, call.model, verb);
        Dressed {
            path,
            query: query.map(str::to_owned),
            body: call.body.clone(),
            framing: Framing::Plain,
            dropped: Vec::new(),
        }
    }

    pub(super) fn secrets(&self) -> Vec<String> {
        self.tokens.iter().flat_map(Tokens::secrets).collect()
    }
}

/// What is asked of a Gemini model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GeminiVerb {
    /// A whole answer.
    Generate,
    /// Server-sent events.
    Stream,
    /// How many tokens a request has.
    CountTokens,
}

/// Path and query of a Gemini model on Vertex, below the provider's base.
#[must_use]
pub fn gemini_path(
    project: &str,
    region: &str,
    model: &str,
    verb: GeminiVerb,
) -> (String, Option<&'static str>) {
    let model = model.rsplit('/').next().unwrap_or(model);
    let (verb, query) = match verb {
        GeminiVerb::Generate => ("generateContent", None),
        GeminiVerb::Stream => ("streamGenerateContent", Some("alt=sse")),
        GeminiVerb::CountTokens => ("countTokens", None),
    };
    (path(project, region, "google", model, verb), query)
}

fn path(project: &str, region: &str, publisher: &str, model: &str, verb: &str) -> String {
    // Versions hang on an `@`, as the published addresses write it.
    let model = encode(model.as_bytes(), |byte| unreserved(byte) || byte == b'@');
    let (project, region) = (segment(project), segment(region));
    format!(
        "/v1/projects/{project}/locations/{region}/publishers/{publisher}/models/{model}:{verb}"
    )
}
