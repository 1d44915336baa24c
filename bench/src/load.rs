//! The load generator: a closed loop on each connection, every answer compared byte for byte with what it must be.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use clap::Args;
use http::{HeaderValue, Method};
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize};

use crate::{client, fixture, stats};

/// What to send.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// host:port.
    #[arg(long)]
    pub target: String,
    /// A file with one key a line; requests take them in turn.
    #[arg(long)]
    pub keys: Option<PathBuf>,
    /// Connections, each with one request in flight.
    #[arg(long, default_value_t = 1)]
    pub connections: usize,
    /// How long to measure, in milliseconds, after a warm-up of a fifth of it.
    #[arg(long, default_value_t = 1_000)]
    pub millis: u64,
    /// Send exactly this many instead, without a warm-up.
    #[arg(long)]
    pub requests: Option<u64>,
    /// Ask for streams.
    #[arg(long)]
    pub stream: bool,
    /// Microseconds between two chunks of a stream.
    #[arg(long, default_value_t = 0)]
    pub pace_us: u64,
    /// Size of the request body.
    #[arg(long, default_value_t = 300)]
    pub body_bytes: usize,
}

/// What was seen.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Seen {
    /// Requests sent in all, the warm-up with them: what CPU time is divided by.
    pub all_requests: u64,
    /// Requests measured.
    pub requests: u64,
    /// Seconds measured.
    pub seconds: f64,
    /// From the request to the last byte.
    pub p50_us: u64,
    /// From the request to the last byte, 99 of 100.
    pub p99_us: u64,
    /// From the request to the first byte of the body.
    pub first_byte_p50_us: u64,
    /// From the request to the first byte of the body, 99 of 100.
    pub first_byte_p99_us: u64,
    /// Pieces that an answer came in, on average.
    pub pieces: f64,
}

/// Sends and prints.
pub fn run(options: &Options) -> Result<()> {
    let mut builder = if options.connections == 1 {
        tokio::runtime::Builder::new_current_thread()
    } else {
        tokio::runtime::Builder::new_multi_thread()
    };
    let seen = builder.enable_all().build()?.block_on(send(options))?;
    println!("{}", serde_json::to_string(&seen)?);
    Ok(())
}

/// What all connections share.
struct Shared {
    options: Options,
    keys: Vec<HeaderValue>,
    body: Bytes,
    expected: Bytes,
    sent: AtomicU64,
    measure_from: Instant,
    end: Instant,
}

/// One measured answer.
struct Sample {
    first_byte_us: u64,
    total_us: u64,
    pieces: u64,
}

async fn send(options: &Options) -> Result<Seen> {
    let begun = Instant::now();
    let measured = Duration::from_millis(options.millis);
    let (warm_up, end) = match options.requests {
        Some(_) => (Duration::ZERO, Duration::from_secs(3_600)),
        None => (measured / 5, measured + measured / 5),
    };
    let shared = Arc::new(Shared {
        keys: keys(options)?,
        body: fixture::request(options.body_bytes, options.stream),
        expected: if options.stream {
            fixture::stream()
        } else {
            fixture::answer()
        },
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
    Ok(summarise(
        &samples,
        shared
            .sent
            .load(Ordering::Relaxed)
            .min(options.requests.unwrap_or(u64::MAX)),
        seconds,
    ))
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
        let mut request = client::request(
            Method::POST,
            &options.target,
            "/v1/chat/completions",
            None,
            shared.body.clone(),
        )?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the remainder is below the number of keys"
        )]
        let key = shared.keys[(number % shared.keys.len() as u64) as usize].clone();
        request
            .headers_mut()
            .insert(http::header::AUTHORIZATION, key);
        if options.pace_us > 0 {
            request
                .headers_mut()
                .insert(fixture::PACE_HEADER, HeaderValue::from(options.pace_us));
        }
        sender.ready().await.context("the connection was closed")?;
        let begun = Instant::now();
        let response = sender.send_request(request).await?;
        let sample = check(response, &shared.expected, begun).await?;
        if begun >= shared.measure_from {
            samples.push(sample);
        }
    }
}

/// Reads an answer to its end; anything but the exact bytes ends the run.
async fn check(
    response: http::Response<hyper::body::Incoming>,
    expected: &Bytes,
    begun: Instant,
) -> Result<Sample> {
    let status = response.status();
    let mut body = response.into_body();
    if status != http::StatusCode::OK {
        let body = body.collect().await?.to_bytes();
        bail!("answered {status}: {}", String::from_utf8_lossy(&body));
    }
    let (mut read, mut pieces, mut first_byte_us) = (0, 0, None);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        first_byte_us.get_or_insert_with(|| micros(begun));
        pieces += 1;
        ensure!(
            expected.get(read..read + data.len()) == Some(&data),
            "byte {read} and after differ from what the upstream sent"
        );
        read += data.len();
    }
    ensure!(
        read == expected.len(),
        "the answer ended after {read} of {} bytes",
        expected.len()
    );
    Ok(Sample {
        first_byte_us: first_byte_us.unwrap_or_default(),
        total_us: micros(begun),
        pieces,
    })
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn summarise(samples: &[Sample], all_requests: u64, seconds: f64) -> Seen {
    let sorted = |value: fn(&Sample) -> u64| {
        let mut values: Vec<u64> = samples.iter().map(value).collect();
        values.sort_unstable();
        values
    };
    let totals = sorted(|sample| sample.total_us);
    let first = sorted(|sample| sample.first_byte_us);
    let pieces: u64 = samples.iter().map(|sample| sample.pieces).sum();
    Seen {
        all_requests,
        requests: samples.len() as u64,
        seconds,
        p50_us: stats::quantile(&totals, 0.5),
        p99_us: stats::quantile(&totals, 0.99),
        first_byte_p50_us: stats::quantile(&first, 0.5),
        first_byte_p99_us: stats::quantile(&first, 0.99),
        pieces: pieces as f64 / samples.len().max(1) as f64,
    }
}
