//! The body of an answer, as the mock sends it.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep};

/// Whole or in chunks.
pub enum Answer {
    /// At once.
    Whole(Option<Bytes>),
    /// One after the other.
    Chunks(Chunks),
}

/// Chunks that each leave in a write of their own.
pub struct Chunks {
    chunks: Arc<[Bytes]>,
    next: usize,
    pace: Option<Duration>,
    pause: Option<Pin<Box<Sleep>>>,
    rested: bool,
}

impl Chunks {
    /// From the first chunk on.
    pub fn new(chunks: Arc<[Bytes]>, pace: Option<Duration>) -> Self {
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
