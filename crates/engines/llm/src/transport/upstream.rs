//! One provider as it is reached: its address, its credential, its pool, its breaker and its bounds.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use guard::{Breaker, BreakerSettings, Bulkhead};
use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Request, Response, Uri};
use http_body_util::Full;
use tokio::time::timeout;

use super::AnswerBody;
use super::connect::{Connector, Proxy};
use super::pool::{Pool, SendError};
use super::tls;
use crate::config::{CredentialSource, ProviderConfig, TimeoutsConfig};
use crate::error::LlmError;
use crate::kind::ProviderKind;

/// Time limits of one provider, all set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// To a connection.
    pub connect: Duration,
    /// To the head of an answer.
    pub first_byte: Duration,
    /// Between two pieces of an answer.
    pub idle: Duration,
    /// For the whole call.
    pub total: Duration,
}

impl Timeouts {
    /// These limits, with those that a provider sets itself in their place.
    #[must_use]
    pub fn overridden_by(self, own: TimeoutsConfig) -> Self {
        let or = |own: Option<u64>, general: Duration| own.map_or(general, Duration::from_millis);
        Self {
            connect: or(own.connect_ms, self.connect),
            first_byte: or(own.first_byte_ms, self.first_byte),
            idle: or(own.idle_ms, self.idle),
            total: or(own.total_ms, self.total),
        }
    }
}

/// What all providers of a catalogue share.
#[derive(Debug, Clone, PartialEq)]
pub struct UpstreamOptions {
    /// General time limits.
    pub timeouts: Timeouts,
    /// The proxy for providers that name none (`HTTPS_PROXY`).
    pub proxy: Option<String>,
    /// When breakers open and for how long.
    pub breaker: BreakerSettings,
    /// Idle connections kept per provider.
    pub max_idle: usize,
    /// Requests in flight per provider that names no bound.
    pub max_concurrent: usize,
    /// How long a request over the bound waits for a place.
    pub queue_wait: Duration,
}

/// One provider, ready to be called.
#[derive(Debug)]
pub struct Upstream {
    /// Its configured name.
    pub name: Arc<str>,
    /// What it is.
    pub kind: ProviderKind,
    /// Whose credential is used.
    pub credential: CredentialSource,
    /// Its time limits.
    pub timeouts: Timeouts,
    /// Its breaker.
    pub breaker: Arc<Breaker>,
    /// Its bound on requests in flight.
    pub bulkhead: Arc<Bulkhead>,
    /// Its labels.
    pub tags: Vec<String>,
    /// Where it runs inference, where its answers do not say.
    pub region: Option<String>,
    scheme: Scheme,
    authority: Authority,
    base_path: String,
    extra_query: String,
    auth_header: Option<(HeaderName, HeaderValue)>,
    extra_headers: HeaderMap,
    pool: Option<Arc<Pool>>,
}

impl Upstream {
    /// Builds the way to a provider. `path` is the setting's path, for errors.
    pub fn new(
        config: &ProviderConfig,
        path: &str,
        options: &UpstreamOptions,
        breaker: Arc<Breaker>,
        bulkhead: Arc<Bulkhead>,
    ) -> Result<Self, LlmError> {
        let fault = |field: &str, reason: String| LlmError::Setting {
            path: format!("{path}.{field}"),
            reason,
        };
        let timeouts = options.timeouts.overridden_by(config.timeouts);
        let base = base_url(config).map_err(|reason| fault("base_url", reason))?;
        let parts = base.into_parts();
        let base_path = parts
            .path_and_query
            .map(|p| p.path().trim_end_matches('/').to_owned())
            .unwrap_or_default();
        let mut extra_headers = HeaderMap::new();
        for (name, value) in &config.headers {
            let field = format!("headers.{name}");
            let header: HeaderName = name
                .parse()
                .map_err(|_| fault(&field, "this is no valid header name".into()))?;
            let mut value = HeaderValue::from_str(value.expose()).map_err(|_| {
                fault(
                    &field,
                    "the value holds characters that no header may hold".into(),
                )
            })?;
            value.set_sensitive(true);
            extra_headers.insert(header, value);
        }
        let auth_header = auth_header(config).map_err(|reason| fault("api_key", reason))?;
        let pool = if config.kind == ProviderKind::Sim {
            None
        } else {
            let proxy = proxy(config, options, &parts.authority)
                .map_err(|reason| fault("proxy", reason))?;
            let pair = config
                .client_cert_file
                .as_deref()
                .zip(config.client_key_file.as_deref());
            let tls = tls::client_config(config.ca_file.as_deref(), pair).map_err(|reason| {
                fault(
                    if pair.is_some() {
                        "client_cert_file"
                    } else {
                        "ca_file"
                    },
                    reason,
                )
            })?;
            let connector = hyper_rustls::HttpsConnectorBuilder::new()
                .with_tls_config(tls)
                .https_or_http()
                .enable_http1()
                .enable_http2()
                .wrap_connector(Connector::new(timeouts.connect, proxy));
            let (Some(scheme), Some(authority)) = (&parts.scheme, &parts.authority) else {
                return Err(fault("base_url", "the address names no host".into()));
            };
            let pool = Pool::new(
                connector,
                scheme,
                authority,
                timeouts.connect,
                options.max_idle,
            )
            .map_err(|error| fault("base_url", error.to_string()))?;
            Some(pool)
        };
        Ok(Self {
            name: config.name.as_str().into(),
            kind: config.kind,
            credential: config.credential,
            timeouts,
            breaker,
            bulkhead,
            tags: config.tags.clone(),
            region: config.region.clone(),
            scheme: parts.scheme.unwrap_or(Scheme::HTTP),
            authority: parts
                .authority
                .unwrap_or_else(|| Authority::from_static("sim.invalid")),
            base_path,
            extra_query: encode_query(&config.query),
            auth_header,
            extra_headers,
            pool,
        })
    }

    /// The address of a path below this provider's base, with a query.
    pub fn address(&self, path: &str, query: Option<&str>) -> Result<Uri, LlmError> {
        let mut text = String::with_capacity(self.base_path.len() + path.len() + 64);
        // A caller of the native route may repeat the version that the base already ends in.
        let path = match self.base_path.rsplit_once('/') {
            Some((_, "v1")) if path == "/v1" || path.starts_with("/v1/") => &path[3..],
            _ => path,
        };
        text.push_str(&self.base_path);
        text.push_str(path);
        let own = (!self.extra_query.is_empty()).then_some(self.extra_query.as_str());
        for (index, piece) in query
            .filter(|q| !q.is_empty())
            .into_iter()
            .chain(own)
            .enumerate()
        {
            text.push(if index == 0 { '?' } else { '&' });
            text.push_str(piece);
        }
        let target = PathAndQuery::try_from(text).map_err(|error| self.unreachable(&error))?;
        Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(target)
            .build()
            .map_err(|error| self.unreachable(&error))
    }

    /// The address of a protocol's endpoint and what hangs below it.
    pub fn address_of(
        &self,
        endpoint: &str,
        suffix: &str,
        query: Option<&str>,
    ) -> Result<Uri, LlmError> {
        if suffix.is_empty() {
            return self.address(endpoint, query);
        }
        self.address(&format!("{endpoint}{suffix}"), query)
    }

    /// Puts this provider's credential and own headers in place.
    pub fn authorize(&self, headers: &mut HeaderMap) {
        if let Some((name, value)) = &self.auth_header {
            headers.insert(name.clone(), value.clone());
        }
        for (name, value) in &self.extra_headers {
            headers.insert(name.clone(), value.clone());
        }
    }

    /// Sends a request and waits for the head of the answer. Dropping the future gives the request up.
    pub async fn send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<AnswerBody>, LlmError> {
        let Some(pool) = &self.pool else {
            return Err(LlmError::Unreachable {
                provider: self.name.to_string(),
                reason: "the simulated provider has no address".into(),
            });
        };
        let limit = self.timeouts.first_byte;
        match timeout(limit, pool.send(request)).await {
            Ok(Ok(answer)) => Ok(answer.map(AnswerBody::Wire)),
            Ok(Err(SendError::ConnectTimeout)) => Err(self.connect_timeout()),
            Ok(Err(SendError::Connect(error))) if timed_out(&*error) => Err(self.connect_timeout()),
            Ok(Err(SendError::Connect(error))) => Err(self.unreachable(&*error)),
            Ok(Err(SendError::Exchange(error))) => Err(self.broken_off(&error)),
            Err(_) => Err(LlmError::FirstByteTimeout {
                provider: self.name.to_string(),
                limit_ms: millis(limit),
            }),
        }
    }

    fn connect_timeout(&self) -> LlmError {
        LlmError::ConnectTimeout {
            provider: self.name.to_string(),
            limit_ms: millis(self.timeouts.connect),
        }
    }

    /// The error of a connection that broke in the middle of an answer.
    pub fn broken_off(&self, error: &(dyn Error + 'static)) -> LlmError {
        LlmError::BrokenOff {
            provider: self.name.to_string(),
            reason: innermost(error),
        }
    }

    /// The error of an answer that ended without its end.
    #[must_use]
    pub fn ended_early(&self) -> LlmError {
        LlmError::BrokenOff {
            provider: self.name.to_string(),
            reason: "the stream ended in the middle of its answer".to_owned(),
        }
    }

    /// The error of silence in the middle of an answer.
    #[must_use]
    pub fn idle(&self) -> LlmError {
        LlmError::IdleTimeout {
            provider: self.name.to_string(),
            limit_ms: millis(self.timeouts.idle),
        }
    }

    /// The error of a call that took too long in all.
    #[must_use]
    pub fn overdue(&self) -> LlmError {
        LlmError::TotalTimeout {
            provider: self.name.to_string(),
            limit_ms: millis(self.timeouts.total),
        }
    }

    fn unreachable(&self, error: &(dyn Error + 'static)) -> LlmError {
        LlmError::Unreachable {
            provider: self.name.to_string(),
            reason: innermost(error),
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The deepest cause says what happened; the outer ones only say where.
fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}

fn timed_out(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error
            .downcast_ref::<std::io::Error>()
            .is_some_and(|io| io.kind() == std::io::ErrorKind::TimedOut)
        {
            return true;
        }
        cause = error.source();
    }
    false
}

fn base_url(config: &ProviderConfig) -> Result<Uri, String> {
    let public = match config.kind {
        ProviderKind::Anthropic => Some("https://api.anthropic.com"),
        ProviderKind::OpenAi => Some("https://api.openai.com/v1"),
        ProviderKind::DeepSeek => Some("https://api.deepseek.com/v1"),
        ProviderKind::Gemini => Some("https://generativelanguage.googleapis.com"),
        ProviderKind::Sim => Some("http://sim.invalid"),
        ProviderKind::OpenAiCompatible
        | ProviderKind::Azure
        | ProviderKind::Bedrock
        | ProviderKind::Vertex => None,
    };
    let text = match (&config.base_url, public) {
        (Some(own), _) => own.as_str(),
        (None, Some(public)) => public,
        (None, None) => {
            return Err(format!(
                "a provider of kind {} needs its address here",
                config.kind.as_str()
            ));
        }
    };
    let uri: Uri = text
        .parse()
        .map_err(|_| format!("{text:?} is no URL; expected http(s)://host[:port][/path]"))?;
    match (uri.scheme_str(), uri.authority(), uri.query()) {
        (Some("http" | "https"), Some(_), None) => Ok(uri),
        _ => Err(format!(
            "{text:?} is no base URL; expected http(s)://host[:port][/path] without a query"
        )),
    }
}

fn auth_header(config: &ProviderConfig) -> Result<Option<(HeaderName, HeaderValue)>, String> {
    let Some(key) = &config.api_key else {
        return Ok(None);
    };
    let (name, text) = match config.kind {
        ProviderKind::Anthropic => (
            HeaderName::from_static("x-api-key"),
            key.expose().to_owned(),
        ),
        ProviderKind::Gemini => (
            HeaderName::from_static("x-goog-api-key"),
            key.expose().to_owned(),
        ),
        _ => (AUTHORIZATION, format!("Bearer {}", key.expose())),
    };
    let mut value = HeaderValue::from_str(&text).map_err(|_| {
        "the key holds characters that no header may hold; is there a line break at its end?"
            .to_owned()
    })?;
    value.set_sensitive(true);
    Ok(Some((name, value)))
}

fn proxy(
    config: &ProviderConfig,
    options: &UpstreamOptions,
    target: &Option<Authority>,
) -> Result<Option<Proxy>, String> {
    let text = match (&config.proxy, &options.proxy) {
        (Some(own), _) if own == "none" => return Ok(None),
        (Some(own), _) => own,
        // A general proxy is for the world outside, never for this machine.
        (None, Some(_)) if target.as_ref().is_some_and(|a| is_loopback(a.host())) => {
            return Ok(None);
        }
        (None, Some(general)) => general,
        (None, None) => return Ok(None),
    };
    let url = url::Url::parse(text)
        .map_err(|_| format!("{text:?} is no proxy URL; expected http://host:port"))?;
    if url.scheme() != "http" {
        return Err("only http:// proxies are supported".into());
    }
    let host = url.host_str().ok_or("the proxy URL names no host")?;
    let address: Uri = format!("http://{host}:{}", url.port().unwrap_or(80))
        .parse()
        .map_err(|_| "the proxy URL names no usable host".to_owned())?;
    let authorization = if url.username().is_empty() {
        None
    } else {
        use base64::Engine as _;
        let pair = format!("{}:{}", url.username(), url.password().unwrap_or(""));
        let mut value = HeaderValue::from_str(&format!(
            "Basic {}",
            base64::engine::general_purpose::STANDARD.encode(pair)
        ))
        .map_err(|_| "the proxy's credential cannot be sent".to_owned())?;
        value.set_sensitive(true);
        Some(value)
    };
    Ok(Some(Proxy {
        address,
        authorization,
    }))
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn encode_query(pairs: &std::collections::BTreeMap<String, String>) -> String {
    let mut encoder = url::form_urlencoded::Serializer::new(String::new());
    encoder.extend_pairs(pairs);
    encoder.finish()
}
