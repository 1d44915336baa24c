//! A model provider that does nothing but answer: whole, or in chunks with a pause between them.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep};

use crate::{fixture, serve};

/// Serves until the process is ended.
pub async fn run() -> Result<()> {
    let whole = fixture::answer();
    let chunks: Arc<[Bytes]> = fixture::chunks().into();
    serve::serve(move |request: Request<Incoming>| {
        let whole = whole.clone();
        let chunks = Arc::clone(&chunks);
        async move { answer(request, whole, chunks).await }
    })
    .await
}

async fn answer(
    request: Request<Incoming>,
    whole: Bytes,
    chunks: Arc<[Bytes]>,
) -> Response<Answer> {
    let pace = request
        .headers()
        .get(fixture::PACE_HEADER)
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .map(Duration::from_micros);
    let body = request
        .into_body()
        .collect()
        .await
        .map(|body| body.to_bytes())
        .unwrap_or_default();
    // The load generator writes the flag near the front; a large prompt is not searched.
    let front = &body[..body.len().min(200)];
    let stream = front
        .windows(13)
        .any(|window| window == br#""stream":true"#);
    let (kind, answer) = if stream {
        (
            "text/event-stream",
            Answer::Chunks(Chunks::new(chunks, pace)),
        )
    } else {
        ("application/json", Answer::Whole(Some(whole)))
    };
    let mut response = Response::new(answer);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
        .headers_mut()
        .insert("x-request-id", HeaderValue::from_static("req_bench"));
    response
}

/// The body of an answer.
enum Answer {
    Whole(Option<Bytes>),
    Chunks(Chunks),
}

/// Chunks that each leave in a write of their own.
struct Chunks {
    chunks: Arc<[Bytes]>,
    next: usize,
    pace: Option<Duration>,
    pause: Option<Pin<Box<Sleep>>>,
    rested: bool,
}

impl Chunks {
    fn new(chunks: Arc<[Bytes]>, pace: Option<Duration>) -> Self {
        Self {
            chunks,
            next: 0,
            pace,
            pause: None,
            rested: true,
        }
    }

    /// Waits between two chunks; without a pace for one turn of the loop, so that what is written gets flushed.
    fn rest(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.rested {
            return Poll::Ready(());
        }
        let Some(pace) = self.pace else {
            self.rested = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        };
        let pause = self
            .pause
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + pace)));
        if pause.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        self.pause = None;
        self.rested = true;
        Poll::Ready(())
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Whole(body) => Poll::Ready(body.take().map(|body| Ok(Frame::data(body)))),
            Self::Chunks(chunks) => {
                if chunks.next == chunks.chunks.len() {
                    return Poll::Ready(None);
                }
                if chunks.rest(context).is_pending() {
                    return Poll::Pending;
                }
                let chunk = chunks.chunks[chunks.next].clone();
                chunks.next += 1;
                chunks.rested = false;
                Poll::Ready(Some(Ok(Frame::data(chunk))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => {
                SizeHint::with_exact(body.as_ref().map_or(0, |body| body.len() as u64))
            }
            Self::Chunks(_) => SizeHint::default(),
        }
    }
}
