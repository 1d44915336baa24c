//! The access tokens of a service account: one at a time, one exchange for all who wait, renewed in the background before
//! it ends. No token is ever logged.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use chrono::Utc;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use guard::{Breaker, Bulkhead};
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full, Limited};
use kernel::SystemClock;
use parking_lot::Mutex;
use serde::Deserialize;
use tokio::time::{Instant, timeout};

use super::account::ServiceAccount;
use crate::config::ProviderConfig;
use crate::error::LlmError;
use crate::kind::ProviderKind;
use crate::transport::{Upstream, UpstreamOptions};

/// How long an exchange may take in all.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long before its end a token is renewed.
const RENEW: Duration = Duration::from_secs(300);
/// How long before its end a token is no longer used: a call and a clock take their time.
const MARGIN: Duration = Duration::from_secs(20);
/// After a failure, how long its reason answers for further calls.
const REST: Duration = Duration::from_secs(1);
/// No token's answer is longer.
const MAX_ANSWER_BYTES: usize = 64 << 10;

type Exchanged = Result<Arc<Token>, Arc<str>>;
type Flight = Shared<BoxFuture<'static, Exchanged>>;

/// A token that holds for a while.
struct Token {
    bearer: HeaderValue,
    renew_at: Instant,
    ends_at: Instant,
}

/// The tokens of one account.
pub(in crate::cloud) struct Tokens {
    inner: Arc<Inner>,
}

struct Inner {
    account: ServiceAccount,
    /// The way to the account's `token_uri`, with the provider's own proxy and authorities.
    door: Upstream,
    current: ArcSwapOption<Token>,
    under_way: Mutex<Option<Flight>>,
    failed: Mutex<Option<(Instant, Arc<str>)>>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens")
            .field("account", &self.inner.account)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    #[serde(default = "an_hour")]
    expires_in: u64,
}

const fn an_hour() -> u64 {
    3_600
}

#[derive(Deserialize)]
struct Refused {
    error: String,
    #[serde(default)]
    error_description: Option<String>,
}

impl Tokens {
    /// Tokens of an account, got the way that the provider's settings say. `path` is the setting's path, for errors.
    pub fn new(
        account: ServiceAccount,
        config: &ProviderConfig,
        path: &str,
        options: &UpstreamOptions,
    ) -> Result<Self, LlmError> {
        let uri = &account.token_uri;
        let (scheme, authority) = (uri.scheme_str(), uri.authority());
        let base = format!(
            "{}://{}",
            scheme.unwrap_or("https"),
            authority.map_or("", http::uri::Authority::as_str)
        );
        let way = ProviderConfig {
            base_url: Some(base),
            proxy: config.proxy.clone(),
            ca_file: config.ca_file.clone(),
            client_cert_file: config.client_cert_file.clone(),
            client_key_file: config.client_key_file.clone(),
            timeouts: config.timeouts,
            ..ProviderConfig::new(&config.name, ProviderKind::OpenAiCompatible)
        };
        let clock = Arc::new(SystemClock::new());
        let breaker = Breaker::new(&config.name, config.kind.as_str(), options.breaker, clock);
        let bulkhead = Bulkhead::new(1, 1, PATIENCE);
        let door = Upstream::new(&way, path, options, Arc::new(breaker), Arc::new(bulkhead))?;
        Ok(Self {
            inner: Arc::new(Inner {
                account,
                door,
                current: ArcSwapOption::empty(),
                under_way: Mutex::default(),
                failed: Mutex::default(),
            }),
        })
    }

    /// The value of `Authorization`, from memory wherever a token holds. `provider` names whose it is, for errors.
    pub async fn bearer(&self, provider: &str) -> Result<HeaderValue, LlmError> {
        if let Some(token) = &*self.inner.current.load() {
            let now = Instant::now();
            if now < token.ends_at {
                if now >= token.renew_at {
                    // Whoever calls next finds the new one; its failure is theirs only once this one has ended.
                    drop(self.inner.flight());
                }
                return Ok(token.bearer.clone());
            }
        }
        match self.inner.flight().await {
            Ok(token) => Ok(token.bearer.clone()),
            Err(reason) => Err(LlmError::Credential {
                provider: provider.to_owned(),
                reason: reason.to_string(),
            }),
        }
    }

    /// Texts that no record may hold.
    pub fn secrets(&self) -> Vec<String> {
        let current = self.inner.current.load();
        let text = current
            .as_ref()
            .and_then(|token| token.bearer.to_str().ok());
        let bare = text.and_then(|text| text.strip_prefix("Bearer "));
        bare.map(str::to_owned).into_iter().collect()
    }
}

impl Inner {
    /// The exchange under way; a new one where there is none and the last failure is not too near.
    fn flight(self: &Arc<Self>) -> Flight {
        let mut under_way = self.under_way.lock();
        if let Some(flight) = under_way.as_ref().filter(|flight| flight.peek().is_none()) {
            return flight.clone();
        }
        let failed = self.failed.lock().clone();
        if let Some((_, reason)) = failed.filter(|(at, _)| at.elapsed() < REST) {
            return futures_util::future::ready(Err(reason)).boxed().shared();
        }
        let this = Arc::clone(self);
        // A task of its own: a caller who leaves must not take the others' exchange with it.
        let task = tokio::spawn(async move { this.exchange().await });
        let flight = async move {
            task.await
                .unwrap_or_else(|_| Err("the exchange for a token was broken off".into()))
        };
        let flight = flight.boxed().shared();
        *under_way = Some(flight.clone());
        flight
    }

    async fn exchange(self: Arc<Self>) -> Exchanged {
        let exchanged = match timeout(PATIENCE, self.ask()).await {
            Ok(exchanged) => exchanged,
            Err(_) => Err(format!("no token came within {} s", PATIENCE.as_secs())),
        };
        match exchanged {
            Ok(token) => {
                let token = Arc::new(token);
                self.current.store(Some(Arc::clone(&token)));
                *self.failed.lock() = None;
                Ok(token)
            }
            Err(reason) => {
                let reason: Arc<str> = reason.into();
                *self.failed.lock() = Some((Instant::now(), Arc::clone(&reason)));
                tracing::warn!(%reason, account = ?self.account, "a service account got no token");
                Err(reason)
            }
        }
    }

    async fn ask(self: &Arc<Self>) -> Result<Token, String> {
        let this = Arc::clone(self);
        let now_s = Utc::now().timestamp();
        let signed = tokio::task::spawn_blocking(move || this.account.assertion(now_s)).await;
        let assertion = signed.map_err(|_| "signing was broken off".to_owned())??;
        let asked = Instant::now();
        let form = format!(
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={assertion}"
        );
        let mut request = Request::new(Full::new(Bytes::from(form)));
        *request.method_mut() = Method::POST;
        let uri = &self.account.token_uri;
        *request.uri_mut() = self.door.address(uri.path(), uri.query()).map_err(words)?;
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        let answer = self.door.send(request).await.map_err(words)?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), MAX_ANSWER_BYTES)
            .collect()
            .await;
        let body = body
            .map_err(|_| "the answer broke off or is too long for a token's".to_owned())?
            .to_bytes();
        if !status.is_success() {
            return Err(refusal(status.as_u16(), &body));
        }
        let granted: Granted = serde_json::from_slice(&body)
            .map_err(|_| "the answer holds no access_token".to_owned())?;
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", granted.access_token))
            .map_err(|_| "the token holds characters that no header may hold".to_owned())?;
        bearer.set_sensitive(true);
        // However long it says, a day is enough to believe.
        let holds = Duration::from_secs(granted.expires_in.min(86_400));
        let before = |margin: Duration| asked + holds.saturating_sub(margin.min(holds / 2));
        Ok(Token {
            bearer,
            renew_at: before(RENEW),
            ends_at: before(MARGIN),
        })
    }
}

/// A refusal in the endpoint's words: a code and a sentence, no secrets.
fn refusal(status: u16, body: &[u8]) -> String {
    match serde_json::from_slice::<Refused>(body) {
        Ok(Refused {
            error,
            error_description: Some(words),
        }) => format!("the token endpoint answered {status}: {error}: {words}"),
        Ok(Refused { error, .. }) => format!("the token endpoint answered {status}: {error}"),
        Err(_) => format!("the token endpoint answered {status}"),
    }
}

fn words(error: LlmError) -> String {
    match error {
        LlmError::Unreachable { reason, .. } => {
            format!("the token endpoint could not be reached: {reason}")
        }
        LlmError::BrokenOff { reason, .. } => format!("the token endpoint broke off: {reason}"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
