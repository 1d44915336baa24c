//! One provider as it is reached: its address, its credential, its pool, its breaker and its bounds.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use config::Secret;
use guard::{Breaker, BreakerSettings, Bulkhead};
use http::header::{HeaderMap, HeaderName, HeaderValue, PROXY_AUTHORIZATION};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Request, Response, Uri};
use http_body_util::Full;
use tokio::time::timeout;

use super::AnswerBody;
use super::connect::Connector;
use super::pool::{Pool, SendError};
use super::{from_config, tls};
use crate::cloud::Cloud;
use crate::config::{CredentialSource, ProviderConfig, TimeoutsConfig};
use crate::error::LlmError;
use crate::kind::ProviderKind;

/// Time limits of one provider, all set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// To a connection, TLS and a proxy's tunnel included.
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
    pub proxy: Option<Secret>,
    /// Hosts that are asked without it, comma-separated (`NO_PROXY`).
    pub no_proxy: String,
    /// When breakers open and for how long.
    pub breaker: BreakerSettings,
    /// Idle connections kept per provider.
    pub max_idle: usize,
    /// Requests in flight per provider that names no bound.
    pub max_concurrent: usize,
    /// How long a request over the bound waits for a place.
    pub queue_wait: Duration,
}

impl UpstreamOptions {
    /// Whether connections made under these options may go on under the others.
    #[must_use]
    pub fn keeps_connections(&self, other: &Self) -> bool {
        let other = Self {
            breaker: self.breaker,
            ..other.clone()
        };
        *self == other
    }
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
    /// For a proxy that forwards plain requests; a tunnel is opened with its own.
    proxy_authorization: Option<HeaderValue>,
    pool: Option<Arc<Pool>>,
    cloud: Option<Cloud>,
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
        let cloud = Cloud::new(config, path, options)?;
        let timeouts = options.timeouts.overridden_by(config.timeouts);
        let base = from_config::base_url(config).map_err(|reason| fault("base_url", reason))?;
        let parts = base.into_parts();
        let base_path = parts
            .path_and_query
            .map(|p| p.path().trim_end_matches('/').to_owned())
            .unwrap_or_default();
        let extra_headers = from_config::headers(config)
            .map_err(|(name, reason)| fault(&format!("headers.{name}"), reason))?;
        let auth_header =
            from_config::auth_header(config).map_err(|reason| fault("api_key", reason))?;
        let mut proxy_authorization = None;
        let pool = if config.kind == ProviderKind::Sim {
            None
        } else {
            let (Some(scheme), Some(authority)) = (&parts.scheme, &parts.authority) else {
                return Err(fault("base_url", "the address names no host".into()));
            };
            let proxy = from_config::proxy(config, options, authority)
                .map_err(|reason| fault("proxy", reason))?;
            if *scheme == Scheme::HTTP {
                proxy_authorization = proxy.as_ref().and_then(|p| p.authorization.clone());
            }
            let pair = from_config::client_certificate(config)
                .map_err(|(field, reason)| fault(field, reason))?;
            let tls = tls::client_config(config.ca_file.as_deref(), pair)
                .map_err(|error| fault(error.setting(), error.to_string()))?;
            let connector = hyper_rustls::HttpsConnectorBuilder::new()
                .with_tls_config(tls)
                .https_or_http()
                .enable_http1()
                .enable_http2()
                .wrap_connector(Connector::new(timeouts.connect, proxy));
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
            region: from_config::priced_region(config),
            scheme: parts.scheme.unwrap_or(Scheme::HTTP),
            authority: parts
                .authority
                .unwrap_or_else(|| Authority::from_static("sim.invalid")),
            base_path,
            extra_query: from_config::query(config),
            auth_header,
            extra_headers,
            proxy_authorization,
            pool,
            cloud,
        })
    }

    /// What makes it a cloud, where it is one.
    pub(crate) fn cloud(&self) -> Option<&Cloud> {
        self.cloud.as_ref()
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
        let unsendable = |error: &dyn Error| LlmError::Unsendable {
            provider: self.name.to_string(),
            reason: error.to_string(),
        };
        let target = PathAndQuery::try_from(text).map_err(|error| unsendable(&error))?;
        Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(target)
            .build()
            .map_err(|error| unsendable(&error))
    }

    /// Puts this provider's credential and own headers in place.
    pub fn authorize(&self, headers: &mut HeaderMap) {
        if let Some((name, value)) = &self.auth_header {
            headers.insert(name.clone(), value.clone());
        }
        for (name, value) in &self.extra_headers {
            headers.insert(name.clone(), value.clone());
        }
        if let Some(value) = &self.proxy_authorization {
            headers.insert(PROXY_AUTHORIZATION, value.clone());
        }
    }

    /// A text of this provider's with our credential and secret headers blotted out: some servers repeat in an error
    /// what they were sent. For records and logs only; callers get a provider's answers as they are.
    #[must_use]
    pub fn without_secrets(&self, text: &str) -> String {
        let credential = self.auth_header.iter().map(|(_, value)| value);
        let secrets = credential
            .chain(self.extra_headers.values())
            .filter_map(|value| value.to_str().ok())
            .map(|value| value.strip_prefix("Bearer ").unwrap_or(value))
            // A header such as `1` is no secret, and blotting it out would spoil every text.
            .filter(|value| value.len() >= 8);
        let text = secrets.fold(text.to_owned(), |text, secret| {
            text.replace(secret, "[redacted]")
        });
        let of_cloud = self.cloud.iter().flat_map(Cloud::secrets);
        of_cloud
            .filter(|secret| !secret.is_empty())
            .fold(text, |text, secret| text.replace(&secret, "[redacted]"))
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
        let limit = self.timeouts.first_byte.min(self.timeouts.total);
        match timeout(limit, pool.send(request)).await {
            Ok(Ok(answer)) => Ok(answer.map(AnswerBody::Wire)),
            Ok(Err(SendError::ConnectTimeout)) => Err(self.connect_timeout()),
            Ok(Err(SendError::Connect(error))) if timed_out(&*error) => Err(self.connect_timeout()),
            Ok(Err(SendError::Connect(error))) => Err(self.unreachable(&*error)),
            Ok(Err(SendError::Exchange(error))) => Err(self.broken_off(&error)),
            Err(_) if limit < self.timeouts.first_byte => Err(self.overdue()),
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
