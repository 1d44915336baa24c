//! Amazon Bedrock: Claude by InvokeModel and its stream, tokens by CountTokens, models of other makers by Converse.

pub(super) mod stream;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

use super::answer::Framing;
use super::claude::{self, Betas};
use super::encode::segment;
use super::sigv4::Keys;
use super::{Dressed, Outgoing, Spoken};
use crate::config::{CredentialSource, ProviderConfig};

/// Goes into every body for Claude.
const VERSION: &str = "bedrock-2023-05-31";
/// The name that signatures are made for.
pub(super) const SERVICE: &str = "bedrock";

pub(super) const AMZ_DATE: HeaderName = HeaderName::from_static("x-amz-date");
pub(super) const AMZ_TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");
const AMZ_CONTENT: HeaderName = HeaderName::from_static("x-amz-content-sha256");
const BEDROCK_ACCEPT: HeaderName = HeaderName::from_static("x-amzn-bedrock-accept");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const EVENTS: HeaderValue = HeaderValue::from_static(wire::eventstream::CONTENT_TYPE);

/// One region's runtime.
#[derive(Debug)]
pub struct Bedrock {
    pub(super) region: String,
    /// `None` where a bearer goes with the call.
    pub(super) keys: Option<Keys>,
    betas: Betas,
}

impl Bedrock {
    pub(super) fn new(config: &ProviderConfig) -> Self {
        let keys = match (&config.access_key_id, &config.secret_access_key) {
            (Some(id), Some(secret)) if config.credential == CredentialSource::Key => Some(Keys {
                id: id.clone(),
                secret: secret.clone(),
                session_token: config.session_token.clone(),
            }),
            _ => None,
        };
        Self {
            region: config.region.clone().unwrap_or_default(),
            keys,
            betas: Betas::new(config.betas.as_deref()),
        }
    }

    pub(super) fn dress(
        &self,
        call: &Outgoing<'_>,
        headers: &mut HeaderMap,
    ) -> Result<Dressed, String> {
        if call.spoken == Spoken::Converse {
            return Ok(Self::converse(call, headers));
        }
        let counting = call.claude()?;
        let (body, dropped) = claude::body_with_betas(
            &call.body,
            VERSION,
            &["model", "stream"],
            &self.betas,
            headers,
        )?;
        headers.remove(claude::VERSION);
        own_headers(headers);
        let (operation, model, framing) = match (counting, call.stream) {
            (true, _) => ("count-tokens", bare(call.model), Framing::TokenCount),
            (false, false) => ("invoke", call.model, Framing::Messages),
            (false, true) => {
                headers.insert(ACCEPT, EVENTS);
                headers.insert(BEDROCK_ACCEPT, JSON);
                (
                    "invoke-with-response-stream",
                    call.model,
                    Framing::EventStream,
                )
            }
        };
        let body = if counting { to_count(&body)? } else { body };
        Ok(Dressed {
            path: format!("/model/{}/{operation}", segment(model)),
            // A caller's query belongs to Anthropic's own address (`beta=true`).
            query: None,
            body,
            framing,
            dropped,
        })
    }

    /// A body of Converse as it is: only its address is the cloud's.
    fn converse(call: &Outgoing<'_>, headers: &mut HeaderMap) -> Dressed {
        own_headers(headers);
        if call.stream {
            headers.insert(ACCEPT, EVENTS);
        }
        let operation = if call.stream {
            "converse-stream"
        } else {
            "converse"
        };
        Dressed {
            path: format!("/model/{}/{operation}", segment(call.model)),
            query: None,
            body: call.body.clone(),
            framing: Framing::Converse,
            dropped: Vec::new(),
        }
    }

    pub(super) fn secrets(&self) -> Vec<String> {
        let keys = self.keys.iter();
        keys.flat_map(|keys| [Some(&keys.secret), keys.session_token.as_ref()])
            .flatten()
            .map(|secret| secret.expose().to_owned())
            .collect()
    }
}

/// What a caller may not say for us, and what every call says.
fn own_headers(headers: &mut HeaderMap) {
    for name in [CONTENT_ENCODING, AMZ_DATE, AMZ_TOKEN, AMZ_CONTENT] {
        headers.remove(name);
    }
    headers.insert(CONTENT_TYPE, JSON);
    headers.insert(ACCEPT, JSON);
}

/// The body whose tokens are counted, in the envelope that counting wants.
fn to_count(body: &Bytes) -> Result<Bytes, String> {
    let body = STANDARD.encode(claude::with_max_tokens(body)?);
    Ok(format!("{{\"input\":{{\"invokeModel\":{{\"body\":\"{body}\"}}}}}}").into())
}

/// Tokens are counted for models only, not for profiles that spread a model over regions.
fn bare(model: &str) -> &str {
    match model.split_once(".anthropic.") {
        Some((region, _))
            if region
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'-') =>
        {
            &model[region.len() + 1..]
        }
        _ => model,
    }
}
