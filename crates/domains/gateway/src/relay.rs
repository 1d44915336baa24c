//! A stream on its way to the caller: whole events only, joined where several are ready, ended in its own grammar,
//! and its call closed before its last event leaves. Dropping it cancels the upstream.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use facts::CallStatus;
use guard::{Pass, Slot};
use http_body::{Body, Frame};
use kernel::Failure;
use llm::{AnswerBody, Upstream};
use tokio::time::{Instant, Sleep};
use wire::sse::Splitter;
use wire::{ErrorView, Meter, Phase};

use crate::call::{Call, Ending};
use crate::error::GatewayError;

/// Ready bytes are joined up to this size before they are passed on.
const JOIN_BYTES: usize = 64 << 10;

/// Everything that a stream holds on to while it runs.
#[derive(Debug)]
pub(crate) struct Relay {
    /// `None` once closed.
    call: Option<Box<Call>>,
    upstream: Arc<Upstream>,
    body: AnswerBody,
    splitter: Splitter,
    meter: Meter,
    max_event_bytes: usize,
    pass: Option<Pass>,
    _slot: Slot,
    patience: Patience,
    over: bool,
}

/// The idle limit and the call's own end, checked by one timer that is only moved when it fires.
#[derive(Debug)]
pub(crate) struct Patience {
    timer: Option<Pin<Box<Sleep>>>,
    /// Whom the timer wakes.
    waiting: Option<Waker>,
    /// When the call was admitted.
    start: Instant,
    last: Instant,
    idle: std::time::Duration,
    deadline: Instant,
}

/// Which limit ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spent {
    /// Silence.
    Idle,
    /// The whole call.
    Total,
}

impl Patience {
    pub fn new(upstream: &Upstream, elapsed_us: u64) -> Self {
        let now = Instant::now();
        let elapsed = std::time::Duration::from_micros(elapsed_us);
        let left = upstream.timeouts.total.saturating_sub(elapsed);
        Self {
            timer: None,
            waiting: None,
            start: now.checked_sub(elapsed).unwrap_or(now),
            last: now,
            idle: upstream.timeouts.idle,
            deadline: now + left,
        }
    }

    /// Microseconds from the call's admission to its last piece.
    pub fn elapsed_us(&self) -> u64 {
        u64::try_from((self.last - self.start).as_micros()).unwrap_or(u64::MAX)
    }

    /// A piece has come; tells when it came after the call's own end.
    pub fn touch(&mut self) -> Option<Spent> {
        self.last = Instant::now();
        (self.last >= self.deadline).then_some(Spent::Total)
    }

    pub fn poll_spent(&mut self, cx: &mut Context<'_>) -> Poll<Spent> {
        loop {
            let due = (self.last + self.idle).min(self.deadline);
            let timer = self
                .timer
                .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due)));
            // Between two pieces nothing changes for the timer: it runs on, and knows whom to wake.
            let is_known = |waker: &Waker| waker.will_wake(cx.waker());
            if !timer.is_elapsed() && self.waiting.as_ref().is_some_and(is_known) {
                return Poll::Pending;
            }
            if timer.as_mut().poll(cx).is_pending() {
                self.waiting = Some(cx.waker().clone());
                return Poll::Pending;
            }
            self.waiting = None;
            let now = Instant::now();
            if now >= self.deadline {
                return Poll::Ready(Spent::Total);
            }
            if now >= self.last + self.idle {
                return Poll::Ready(Spent::Idle);
            }
            timer.as_mut().reset(due);
        }
    }
}

/// Ready pieces, joined; a single one goes on without being copied.
#[derive(Default)]
struct Joined {
    first: Bytes,
    more: BytesMut,
}

impl Joined {
    fn push(&mut self, piece: Bytes) {
        if piece.is_empty() {
        } else if self.first.is_empty() {
            self.first = piece;
        } else {
            if self.more.is_empty() {
                self.more.reserve(self.first.len() + piece.len() + 1024);
                self.more.extend_from_slice(&self.first);
            }
            self.more.extend_from_slice(&piece);
        }
    }

    fn len(&self) -> usize {
        self.first.len().max(self.more.len())
    }

    fn take(self) -> Bytes {
        if self.more.is_empty() {
            self.first
        } else {
            self.more.freeze()
        }
    }
}

impl Relay {
    pub fn new(
        call: Box<Call>,
        upstream: Arc<Upstream>,
        body: AnswerBody,
        meter: Meter,
        max_event_bytes: usize,
        pass: Option<Pass>,
        slot: Slot,
    ) -> Self {
        let patience = Patience::new(&upstream, call.elapsed_us());
        Self {
            call: Some(call),
            upstream,
            body,
            splitter: Splitter::new(max_event_bytes),
            meter,
            max_event_bytes,
            pass,
            _slot: slot,
            patience,
            over: false,
        }
    }

    /// Takes whole events in; gives what goes on to the caller.
    fn take_in(&mut self, data: Bytes, out: &mut Joined) {
        let block = match self.splitter.push(data) {
            Ok(None) => return,
            Ok(Some(block)) => block,
            Err(_) => {
                let limit_bytes = self.max_event_bytes;
                return self.fail(
                    &GatewayError::EventTooLarge { limit_bytes },
                    CallStatus::UpstreamFailed,
                    out,
                );
            }
        };
        let kept = self.meter.observe(&block);
        let Some(call) = &mut self.call else {
            return out.push(kept);
        };
        call.first_byte();
        let refused = call
            .progress(
                self.patience.elapsed_us(),
                self.meter.reported(),
                self.meter.output_bytes(),
            )
            .err();
        call.delivered(&kept);
        out.push(kept);
        match self.meter.phase() {
            Phase::Ended => self.close(CallStatus::Ok),
            Phase::Failed { code, message } => {
                call.fault(code.as_deref().unwrap_or("UPSTREAM_ERROR"), message);
                self.close(CallStatus::UpstreamError);
            }
            _ => {
                if let Some(refused) = refused {
                    self.fail(&refused, CallStatus::BudgetStopped, out);
                }
            }
        }
    }

    /// The upstream's body has ended.
    fn ended(&mut self, out: &mut Joined) {
        self.over = true;
        if self.call.is_none() {
            // What follows the terminal event belongs to the caller, half an event or not.
            return out.push(self.splitter.take_rest());
        }
        // A last event whose blank line is missing is no event: clients drop it too, unless it ends the stream.
        let rest = self.splitter.take_rest();
        if !rest.is_empty() {
            let kept = self.meter.observe(&rest);
            if matches!(self.meter.phase(), Phase::Ended) {
                if let Some(call) = &mut self.call {
                    call.delivered(&kept);
                }
                out.push(kept);
            }
        }
        if self.meter.may_end_here() {
            self.close(CallStatus::Ok);
        } else {
            let error = GatewayError::EndedEarly(self.upstream.name.to_string());
            self.fail(&error, CallStatus::UpstreamFailed, out);
        }
    }

    /// Ends the stream with an error in its own grammar.
    fn fail(&mut self, error: &GatewayError, status: CallStatus, out: &mut Joined) {
        self.over = true;
        let Some(call) = &mut self.call else { return };
        let message = error.to_string();
        let request = call.request().to_string();
        let event = self.meter.error_event(&ErrorView {
            kind: error.kind(),
            code: error.code(),
            message: &message,
            param: None,
            request_id: &request,
        });
        call.fault(error.code(), &message);
        call.delivered(&event);
        out.push(event);
        self.close(status);
    }

    fn close(&mut self, status: CallStatus) {
        if let Some(mut call) = self.call.take() {
            if status == CallStatus::Ok {
                self.upstream.breaker.warm(call.upstream_model());
            }
            call.close(Ending {
                status,
                reported: Some(self.meter.reported()),
                output_bytes: self.meter.output_bytes(),
                whole: self.meter.has_final_usage(),
                billable: true,
            });
            if let Some(id) = &self.meter.reported().response_id {
                call.remember_owner(id);
            }
        }
        if let Some(pass) = self.pass.take() {
            match status {
                CallStatus::UpstreamFailed | CallStatus::TimedOut => pass.failure(),
                CallStatus::ClientGone => drop(pass),
                _ => pass.success(),
            }
        }
    }
}

impl Body for Relay {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.get_mut();
        let mut out = Joined::default();
        // Asked before each piece: a stream that never rests must end with the server too.
        if this.call.as_ref().is_some_and(|call| call.is_cut()) {
            this.fail(&GatewayError::Draining, CallStatus::Unavailable, &mut out);
        }
        while !this.over && out.len() < JOIN_BYTES {
            match Pin::new(&mut this.body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    if this.patience.touch() == Some(Spent::Total) {
                        let error = this.upstream.overdue();
                        this.fail(&error.into(), CallStatus::TimedOut, &mut out);
                    } else if let Ok(data) = frame.into_data() {
                        this.take_in(data, &mut out);
                    }
                }
                Poll::Ready(None) => this.ended(&mut out),
                Poll::Ready(Some(Err(error))) => {
                    let error = GatewayError::Upstream(this.upstream.broken_off(&error));
                    this.fail(&error, CallStatus::UpstreamFailed, &mut out);
                }
                Poll::Pending if out.len() > 0 => break,
                Poll::Pending
                    if this
                        .call
                        .as_ref()
                        .is_some_and(|call| call.must_end(cx.waker())) =>
                {
                    this.fail(&GatewayError::Draining, CallStatus::Unavailable, &mut out);
                }
                Poll::Pending => match this.patience.poll_spent(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(spent) => {
                        let error = match spent {
                            Spent::Idle => this.upstream.idle(),
                            Spent::Total => this.upstream.overdue(),
                        };
                        this.fail(&error.into(), CallStatus::TimedOut, &mut out);
                    }
                },
            }
        }
        if out.len() > 0 {
            return Poll::Ready(Some(Ok(Frame::data(out.take()))));
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.over
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        if self.call.is_some() {
            self.close(CallStatus::ClientGone);
        }
    }
}

#[cfg(test)]
mod tests;
