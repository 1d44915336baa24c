//! The way to a provider: addresses, TLS, HTTP/2, proxies, time limits and pooled connections, against doubles.

mod proxy;
mod reuse;
mod stale;
mod streams;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use config::Secret;
use doubles::Provider;
use doubles::provider::{Cut, Ending, Gate, Script};
use guard::{Breaker, BreakerSettings, Bulkhead};
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Full};
use kernel::{Failure as _, SystemClock};
use std::sync::Arc;

use super::*;
use crate::ProviderKind;
use crate::config::{ProviderConfig, TimeoutsConfig};
use crate::error::LlmError;

fn config(kind: ProviderKind, base_url: &str) -> ProviderConfig {
    ProviderConfig {
        base_url: Some(base_url.into()),
        api_key: Some(Secret::plain("upstream-key")),
        ..ProviderConfig::new("double", kind)
    }
}

fn options(general_proxy: Option<&str>) -> UpstreamOptions {
    let patience = Duration::from_secs(20);
    UpstreamOptions {
        timeouts: Timeouts {
            connect: patience,
            first_byte: patience,
            idle: patience,
            total: patience,
        },
        proxy: general_proxy.map(Secret::plain),
        no_proxy: String::new(),
        breaker: BreakerSettings::default(),
        max_idle: 4,
        max_concurrent: 4,
        queue_wait: patience,
    }
}

fn upstream(config: &ProviderConfig, options: &UpstreamOptions) -> Upstream {
    let clock = Arc::new(SystemClock::new());
    let breaker = Arc::new(Breaker::new("double", "openai", options.breaker, clock));
    let bulkhead = Arc::new(Bulkhead::new(4, 4, Duration::from_secs(1)));
    Upstream::new(config, "providers[0]", options, breaker, bulkhead).unwrap()
}

async fn post(upstream: &Upstream, path: &str) -> Result<Response<AnswerBody>, LlmError> {
    ask(upstream, http::Method::POST, path, "{}").await
}

/// What the gateway does with a request, in short.
async fn ask(
    upstream: &Upstream,
    method: http::Method,
    path: &str,
    body: &'static str,
) -> Result<Response<AnswerBody>, LlmError> {
    let mut headers = HeaderMap::new();
    upstream.authorize(&mut headers);
    let mut request = Request::new(Full::new(Bytes::from_static(body.as_bytes())));
    *request.method_mut() = method;
    *request.uri_mut() = upstream.address(path, None).unwrap();
    *request.headers_mut() = headers;
    upstream.send(request).await
}

async fn read(answer: Result<Response<AnswerBody>, LlmError>) -> Bytes {
    let answer = answer.unwrap_or_else(|error| panic!("{error}"));
    answer.into_body().collect().await.unwrap().to_bytes()
}

fn pem_file(text: &str) -> (tempfile::NamedTempFile, PathBuf) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let path = file.path().to_owned();
    (file, path)
}

#[test]
fn addresses_come_out_of_every_form_of_base() {
    let address = |kind, base: &str, path: &str, query: Option<&str>| {
        upstream(&config(kind, base), &options(None))
            .address(path, query)
            .unwrap()
            .to_string()
    };
    use ProviderKind::{Anthropic, OpenAi};
    for (kind, base, path, query, expected) in [
        (
            OpenAi,
            "http://h/v1",
            "/chat/completions",
            None,
            "http://h/v1/chat/completions",
        ),
        (
            OpenAi,
            "http://h/v1/",
            "/chat/completions",
            None,
            "http://h/v1/chat/completions",
        ),
        (
            OpenAi,
            "http://h/v1",
            "/v1/files",
            None,
            "http://h/v1/files",
        ),
        (OpenAi, "http://h/v1", "/v1", None, "http://h/v1"),
        (
            OpenAi,
            "http://h/v1",
            "/v1beta/x",
            None,
            "http://h/v1/v1beta/x",
        ),
        (
            OpenAi,
            "https://h:8443/a/v1",
            "/embeddings",
            Some("x=%20y"),
            "https://h:8443/a/v1/embeddings?x=%20y",
        ),
        (
            OpenAi,
            "http://h",
            "/chat/completions",
            Some(""),
            "http://h/chat/completions",
        ),
        (
            Anthropic,
            "http://h",
            "/v1/messages",
            Some("beta=true"),
            "http://h/v1/messages?beta=true",
        ),
        (
            Anthropic,
            "http://h/v1",
            "/v1/messages",
            None,
            "http://h/v1/messages",
        ),
        (
            Anthropic,
            "http://[::1]:9/p",
            "/v1/messages",
            None,
            "http://[::1]:9/p/v1/messages",
        ),
    ] {
        assert_eq!(address(kind, base, path, query), expected, "{base} {path}");
    }
    let mut own = config(OpenAi, "http://h/v1");
    own.query = BTreeMap::from([("api-version".into(), "2026 x".into())]);
    let own = upstream(&own, &options(None));
    let with = |query| own.address("/x", query).unwrap().to_string();
    assert_eq!(with(None), "http://h/v1/x?api-version=2026+x");
    assert_eq!(with(Some("a=1")), "http://h/v1/x?a=1&api-version=2026+x");
}

#[test]
fn each_kind_takes_its_credential_in_its_own_header() {
    for (kind, header, value) in [
        (ProviderKind::OpenAi, "authorization", "Bearer upstream-key"),
        (ProviderKind::Anthropic, "x-api-key", "upstream-key"),
        (ProviderKind::Gemini, "x-goog-api-key", "upstream-key"),
    ] {
        let mut config = config(kind, "http://h");
        config.headers = BTreeMap::from([("x-team".into(), Secret::plain("blue"))]);
        let upstream = upstream(&config, &options(None));
        let mut headers = HeaderMap::new();
        headers.insert("x-team", http::HeaderValue::from_static("red"));
        upstream.authorize(&mut headers);
        assert_eq!(headers[header], value);
        assert!(headers[header].is_sensitive());
        assert_eq!(headers["x-team"], "blue");
        assert!(!format!("{upstream:?}").contains("upstream-key"));
    }
}

#[tokio::test]
async fn an_own_authority_is_trusted_and_http_2_agreed_on() {
    let double = Provider::start_tls().await;
    let (_file, ca_file) = pem_file(&double.authority_pem());
    let mut trusting = config(ProviderKind::OpenAi, &double.openai_url());
    trusting.ca_file = Some(ca_file);
    let trusting = upstream(&trusting, &options(None));
    for _ in 0..3 {
        read(post(&trusting, "/chat/completions").await).await;
    }
    let seen = double.requests();
    assert!(seen.iter().all(|request| request.version == "HTTP/2.0"));
    assert_eq!(seen[0].header("authorization"), Some("Bearer upstream-key"));
    assert_eq!(double.connections(), 1);
}

#[tokio::test]
async fn a_stranger_with_another_authority_is_refused() {
    let (double, other) = (Provider::start_tls().await, Provider::start_tls().await);
    let (_file, ca_file) = pem_file(&other.authority_pem());
    let mut misled = config(ProviderKind::OpenAi, &double.openai_url());
    for ca_file in [None, Some(ca_file)] {
        misled.ca_file = ca_file;
        let error = post(&upstream(&misled, &options(None)), "/chat/completions")
            .await
            .unwrap_err();
        assert!(matches!(error, LlmError::Unreachable { .. }), "{error}");
        assert!(error.to_string().contains("certificate"), "{error}");
    }
    assert!(double.requests().is_empty());
}

#[tokio::test]
async fn a_client_certificate_opens_the_door_of_a_provider_that_asks_for_one() {
    let (double, (chain, key)) = Provider::start_tls_for_known_clients().await;
    let (_ca, ca_file) = pem_file(&double.authority_pem());
    let (_chain, chain) = pem_file(&chain);
    let (_key, key) = pem_file(&key);
    let mut config = config(ProviderKind::OpenAi, &double.openai_url());
    config.ca_file = Some(ca_file);
    let unknown = post(&upstream(&config, &options(None)), "/chat/completions").await;
    assert!(unknown.is_err());
    assert!(double.requests().is_empty());
    config.client_cert_file = Some(chain.clone());
    config.client_key_file = Some(key);
    read(post(&upstream(&config, &options(None)), "/chat/completions").await).await;
    assert_eq!(double.requests().len(), 1);
    // A key file without a key names its own setting.
    config.client_key_file = Some(chain);
    let clock = Arc::new(SystemClock::new());
    let breaker = Arc::new(Breaker::new(
        "d",
        "openai",
        BreakerSettings::default(),
        clock,
    ));
    let bulkhead = Arc::new(Bulkhead::new(4, 4, Duration::from_secs(1)));
    let error = Upstream::new(&config, "providers[0]", &options(None), breaker, bulkhead);
    let error = error.unwrap_err().to_string();
    assert!(
        error.starts_with("providers[0].client_key_file: "),
        "{error}"
    );
}

#[tokio::test]
async fn connections_are_used_again_and_closed_ones_replaced() {
    let double = Provider::start().await;
    let upstream = upstream(
        &config(ProviderKind::OpenAi, &double.openai_url()),
        &options(None),
    );
    for _ in 0..5 {
        read(post(&upstream, "/chat/completions").await).await;
    }
    assert_eq!(double.connections(), 1);
    // Two at once need two; both stay.
    let gate = Gate::closed();
    let late = Script::whole(200, "text/plain", "late").wait_first(&gate);
    double.on("/v1/late", late);
    let (one, two, ()) = tokio::join!(post(&upstream, "/late"), post(&upstream, "/late"), async {
        gate.arrivals_at_least(2).await;
        gate.open();
    });
    assert_eq!(
        (read(one).await, read(two).await),
        ("late".into(), "late".into())
    );
    assert_eq!(double.connections(), 2);
    double.stop();
    assert!(post(&upstream, "/chat/completions").await.is_err());
    double.resume().await;
    read(post(&upstream, "/chat/completions").await).await;
    assert_eq!(double.connections(), 3);
}

#[tokio::test]
async fn an_answer_that_nobody_reads_to_its_end_takes_its_connection_along() {
    let double = Provider::start().await;
    let upstream = upstream(
        &config(ProviderKind::OpenAi, &double.openai_url()),
        &options(None),
    );
    double.on("/v1/stream", Script::status(200).chunk("first").hang());
    let mut body = post(&upstream, "/stream").await.unwrap().into_body();
    assert!(body.frame().await.is_some());
    drop(body);
    assert!(matches!(double.closed(0).await, Ending::ClientLeft { .. }));
    double.on("/v1/never", Script::never());
    {
        let sending = post(&upstream, "/never");
        tokio::pin!(sending);
        tokio::select! {
            _ = &mut sending => panic!("there is no answer"),
            _ = double.requests_at_least(2) => {}
        }
    }
    assert!(matches!(double.closed(1).await, Ending::ClientLeft { .. }));
}

#[tokio::test]
async fn every_time_limit_has_its_own_error() {
    let double = Provider::start().await;
    double.on("/v1/never", Script::never());
    let limited = |timeouts| {
        let mut config = config(ProviderKind::OpenAi, &double.openai_url());
        config.timeouts = timeouts;
        upstream(&config, &options(None))
    };
    let first_byte = limited(TimeoutsConfig {
        first_byte_ms: Some(50),
        ..TimeoutsConfig::default()
    });
    let error = post(&first_byte, "/never").await.unwrap_err();
    assert!(
        matches!(error, LlmError::FirstByteTimeout { limit_ms: 50, .. }),
        "{error}"
    );
    assert_eq!(error.code(), "UPSTREAM_TIMEOUT");
    let total = limited(TimeoutsConfig {
        total_ms: Some(40),
        ..TimeoutsConfig::default()
    });
    let error = post(&total, "/never").await.unwrap_err();
    assert!(
        matches!(error, LlmError::TotalTimeout { limit_ms: 40, .. }),
        "{error}"
    );
    assert!(matches!(
        first_byte.idle(),
        LlmError::IdleTimeout {
            limit_ms: 20_000,
            ..
        }
    ));
}

#[tokio::test]
async fn a_peer_that_accepts_and_then_says_nothing_counts_as_no_connection() {
    // The backlog accepts; nobody answers the TLS greeting.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("https://{}/v1", silent.local_addr().unwrap());
    let mut config = config(ProviderKind::OpenAi, &base);
    config.timeouts.connect_ms = Some(50);
    let error = post(&upstream(&config, &options(None)), "/x")
        .await
        .unwrap_err();
    assert!(
        matches!(error, LlmError::ConnectTimeout { limit_ms: 50, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn refused_and_broken_connections_are_told_apart() {
    let double = Provider::start().await;
    let upstream = upstream(
        &config(ProviderKind::OpenAi, &double.openai_url()),
        &options(None),
    );
    for cut in [Cut::Fin, Cut::Reset] {
        double.on("/v1/cut", Script::refuse(cut));
        let error = post(&upstream, "/cut").await.unwrap_err();
        assert!(matches!(error, LlmError::BrokenOff { .. }), "{error}");
    }
    double.stop();
    let error = post(&upstream, "/cut").await.unwrap_err();
    assert!(matches!(error, LlmError::Unreachable { .. }), "{error}");
    assert_eq!(error.code(), "UPSTREAM_UNREACHABLE");
}
