//! The closed loops: each connection sends its next request when the last one is answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use super::check::Expected;
use super::seen::{Sample, Seen};
use super::{Options, check};
use crate::client;
use crate::fixture::{self, Surface};

/// What all connections share.
struct Shared {
    options: Options,
    keys: Vec<HeaderValue>,
    headers: HeaderMap,
    path: String,
    body: Bytes,
    expected: Expected,
    sent: AtomicU64,
    measure_from: Instant,
    end: Instant,
}

/// Sends until the time is over or the count is reached.
pub async fn send(options: &Options) -> Result<Seen> {
    let begun = Instant::now();
    let measured = Duration::from_millis(options.millis);
    let (warm_up, end) = match options.requests {
        Some(_) => (Duration::ZERO, Duration::from_secs(3_600)),
        None => (measured / 5, measured + measured / 5),
    };
    let (surface, stream) = (options.surface, options.stream);
    let model = options.model.as_deref().unwrap_or(surface.model());
    let shared = Arc::new(Shared {
        keys: keys(options)?,
        headers: headers(options)?,
        path: surface.path(model, stream),
        body: surface.request(model, options.body_bytes, stream),
        expected: Expected::of(options),
        sent: AtomicU64::new(0),
        measure_from: begun + warm_up,
        end: begun + end,
        options: options.clone(),
    });
    let tasks: Vec<_> = (0..options.connections)
        .map(|_| tokio::spawn(connection(Arc::clone(&shared))))
        .collect();
    let mut samples = Vec::new();
    for task in tasks {
        samples.extend(task.await??);
    }
    let seconds = begun.elapsed().saturating_sub(warm_up).as_secs_f64();
    let sent = shared.sent.load(Ordering::Relaxed);
    let sent = sent.min(options.requests.unwrap_or(u64::MAX));
    Ok(Seen::of(&samples, sent, seconds))
}

fn keys(options: &Options) -> Result<Vec<HeaderValue>> {
    let Some(path) = &options.keys else {
        return Ok(vec![HeaderValue::from_static("Bearer none")]);
    };
    let keys: Vec<HeaderValue> = std::fs::read_to_string(path)?
        .lines()
        .map(|key| HeaderValue::from_str(&format!("Bearer {key}")))
        .collect::<Result<_, _>>()?;
    ensure!(!keys.is_empty(), "no key in {}", path.display());
    Ok(keys)
}

/// What every request carries beside its key.
fn headers(options: &Options) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    if options.surface == Surface::Messages {
        let version = HeaderValue::from_static("2023-06-01");
        headers.insert("anthropic-version", version);
    }
    if options.pace_us > 0 {
        headers.insert(fixture::PACE_HEADER, HeaderValue::from(options.pace_us));
    }
    for header in &options.headers {
        let (name, value) = header
            .split_once(':')
            .with_context(|| format!("`{header}` is not `name: value`"))?;
        headers.insert(HeaderName::try_from(name)?, value.trim().try_into()?);
    }
    Ok(headers)
}

async fn connection(shared: Arc<Shared>) -> Result<Vec<Sample>> {
    let options = &shared.options;
    let mut sender = client::connect(&options.target).await?;
    let mut samples = Vec::new();
    loop {
        let number = shared.sent.fetch_add(1, Ordering::Relaxed);
        let over =
            options.requests.is_some_and(|limit| number >= limit) || Instant::now() >= shared.end;
        if over {
            shared.sent.fetch_sub(1, Ordering::Relaxed);
            return Ok(samples);
        }
        let body = shared.body.clone();
        let path = &shared.path;
        let mut request = client::request(Method::POST, &options.target, path, None, body)?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the remainder is below the number of keys"
        )]
        let key = shared.keys[(number % shared.keys.len() as u64) as usize].clone();
        let headers = request.headers_mut();
        headers.insert(header::AUTHORIZATION, key);
        for (name, value) in &shared.headers {
            headers.insert(name, value.clone());
        }
        sender.ready().await.context("the connection was closed")?;
        let begun = Instant::now();
        let response = sender.send_request(request).await?;
        let sample = check::read(response, &shared.expected, begun).await?;
        if begun >= shared.measure_from {
            samples.push(sample);
        }
    }
}
