//! The body of a scripted answer: plays the steps after the head, one write per piece, and notes how it ended.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hyper::body::{Body, Frame, SizeHint};

use super::line::Control;
use super::record::{Ending, Log};
use super::script::Step;

/// One exchange under way: the steps left, and where to note its end. Dropped early, it notes that the client left.
pub(super) struct Exchange {
    pub(super) log: Arc<Log>,
    pub(super) control: Arc<Control>,
    pub(super) index: usize,
    pub(super) steps: VecDeque<Step>,
    pub(super) sent: usize,
    pub(super) cut: bool,
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let ending = if self.cut {
            Ending::Cut
        } else if self.steps.is_empty() {
            Ending::Answered
        } else {
            Ending::ClientLeft {
                at: Instant::now(),
                sent: self.sent,
            }
        };
        self.log.end(self.index, ending);
    }
}

impl Exchange {
    /// Plays the steps before the head; `None` when the script never gets to one.
    pub(super) async fn head(&mut self) -> Option<(u16, Vec<(String, String)>)> {
        loop {
            match self.steps.front().cloned()? {
                Step::Head { status, headers } => {
                    self.steps.pop_front();
                    return Some((status, headers));
                }
                Step::Wait(gate) => gate.pass().await,
                Step::Hang => std::future::pending::<()>().await,
                Step::Cut(how) => {
                    self.cut = true;
                    self.control.cut(how);
                    std::future::pending::<()>().await;
                }
                Step::Chunk(_) => return Some((200, Vec::new())),
            }
            self.steps.pop_front();
        }
    }
}

/// The rest of an exchange as a body.
pub(super) struct ScriptBody {
    exchange: Exchange,
    length: Option<u64>,
    waiting: Option<BoxFuture<'static, ()>>,
    /// A piece went out in the last poll; come back once so that hyper flushes it alone.
    flushing: bool,
}

impl ScriptBody {
    pub(super) fn new(exchange: Exchange, announces_length: bool) -> Self {
        let pieces = exchange.steps.iter();
        let total = pieces
            .map(|step| match step {
                Step::Chunk(bytes) => bytes.len() as u64,
                _ => 0,
            })
            .sum();
        Self {
            exchange,
            length: announces_length.then_some(total),
            waiting: None,
            flushing: false,
        }
    }
}

impl Body for ScriptBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = &mut *self;
        if std::mem::take(&mut this.flushing) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        loop {
            if let Some(waiting) = &mut this.waiting {
                std::task::ready!(waiting.as_mut().poll(context));
                this.waiting = None;
                this.exchange.steps.pop_front();
            }
            match this.exchange.steps.front() {
                None => return Poll::Ready(None),
                Some(Step::Chunk(_)) => {
                    if let Some(Step::Chunk(bytes)) = this.exchange.steps.pop_front() {
                        this.exchange.sent += bytes.len();
                        this.flushing = true;
                        return Poll::Ready(Some(Ok(Frame::data(bytes))));
                    }
                }
                Some(Step::Wait(gate)) => this.waiting = Some(Box::pin(gate.clone().pass())),
                Some(Step::Hang) => return Poll::Pending,
                Some(Step::Cut(how)) => {
                    this.exchange.control.cut(*how);
                    this.exchange.cut = true;
                    return Poll::Pending;
                }
                Some(Step::Head { .. }) => {
                    this.exchange.steps.pop_front();
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.exchange.steps.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        match self.length {
            Some(total) => SizeHint::with_exact(total - self.exchange.sent as u64),
            None => SizeHint::default(),
        }
    }
}
