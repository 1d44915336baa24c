//! Envelopes byte by byte, settings, and real calls against doubles that check every credential.

mod azure;
mod bedrock;
mod settings;
mod stream;
mod vertex;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use config::Secret;
use guard::{Breaker, BreakerSettings, Bulkhead};
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use http_body_util::BodyExt as _;
use kernel::SystemClock;
use wire::Protocol;

use super::*;
use crate::transport::{AnswerBody, Timeouts};

const MAX_EVENT: usize = 1 << 20;

pub(in crate::cloud) fn options() -> UpstreamOptions {
    let patience = Duration::from_secs(20);
    UpstreamOptions {
        timeouts: Timeouts {
            connect: patience,
            first_byte: patience,
            idle: patience,
            total: patience,
        },
        proxy: None,
        no_proxy: String::new(),
        breaker: BreakerSettings::default(),
        max_idle: 4,
        max_concurrent: 4,
        queue_wait: patience,
    }
}

fn try_upstream(config: &ProviderConfig) -> Result<Upstream, LlmError> {
    let clock = Arc::new(SystemClock::new());
    let breaker = Arc::new(Breaker::new(
        "cloud",
        "cloud",
        BreakerSettings::default(),
        clock,
    ));
    let bulkhead = Arc::new(Bulkhead::new(4, 4, Duration::from_secs(1)));
    Upstream::new(config, "providers[0]", &options(), breaker, bulkhead)
}

fn upstream(config: &ProviderConfig) -> Upstream {
    try_upstream(config).unwrap_or_else(|error| panic!("{error}"))
}

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        })
        .collect()
}

/// A call of Anthropic's protocol.
fn messages<'a>(model: &'a str, stream: bool, body: &str) -> Outgoing<'a> {
    Outgoing {
        spoken: Protocol::Messages.into(),
        suffix: "",
        model,
        stream,
        query: Some("beta=true"),
        body: Bytes::copy_from_slice(body.as_bytes()),
        headers: headers(&[
            ("anthropic-version", "2023-06-01"),
            ("content-type", "application/json"),
            ("accept", "application/json"),
            ("x-stainless-lang", "python"),
        ]),
    }
}

/// What the gateway does with a call, in short.
async fn send(upstream: &Upstream, call: Outgoing<'_>) -> Result<Response<AnswerBody>, LlmError> {
    let ready = upstream.ready(call).await?;
    let answer = upstream.send(ready.request).await?;
    Ok(upstream.undress(ready.framing, answer, MAX_EVENT))
}

async fn read(answer: Response<AnswerBody>) -> String {
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.to_vec()).unwrap()
}

async fn told(upstream: &Upstream, call: Outgoing<'_>) -> (u16, String) {
    let answer = send(upstream, call)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    (answer.status().as_u16(), read(answer).await)
}

use crate::transport::Upstream;
