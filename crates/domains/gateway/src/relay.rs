//! A stream on its way to the caller: whole events only, joined where several are ready, ended in its own grammar,
//! and its call closed before its last event leaves. Dropping it cancels the upstream.

mod joined;
mod patience;

pub(crate) use patience::{Patience, Spent};

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use facts::CallStatus;
use guard::{Pass, Slot};
use http::response::Parts;
use http_body::{Body, Frame};
use kernel::Failure;
use llm::{AnswerBody, Upstream};
use wire::sse::Splitter;
use wire::{ErrorView, Phase};

use crate::call::{Call, Ending};
use crate::error::GatewayError;
use crate::failed::{Failed, Used};
use crate::reader::Reader;
use crate::retry::Again;
use crate::tags::Tagger;
use crate::verdict;
use joined::Joined;

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
    reader: Reader,
    tags: Option<Box<Tagger>>,
    max_event_bytes: usize,
    pass: Option<Pass>,
    _slot: Slot,
    patience: Patience,
    /// Whether what it brings is paid for here.
    billed: bool,
    over: bool,
    holding: bool,
    /// What was held back until the answer began.
    ahead: Joined,
    /// How the stream failed while it was held back.
    fault: Option<(Again, CallStatus)>,
}

/// A stream that failed before its answer began.
#[derive(Debug)]
pub(crate) struct Gone {
    call: Box<Call>,
    again: Again,
    used: Used,
    /// What came, with the error that ends it.
    bytes: Bytes,
}

impl Gone {
    /// What the caller is told, if nobody takes over.
    pub fn told_by(self, head: Parts) -> Box<Failed> {
        Failed::answer(self.call, head, self.bytes, self.again, self.used)
    }
}

impl Relay {
    pub fn new(
        call: Box<Call>,
        upstream: Arc<Upstream>,
        body: AnswerBody,
        reader: Reader,
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
            reader,
            tags: None,
            max_event_bytes,
            pass,
            _slot: slot,
            patience,
            billed: true,
            over: false,
            holding: false,
            ahead: Joined::default(),
            fault: None,
        }
    }

    /// What it brings was billed before.
    pub fn unbilled(mut self) -> Self {
        self.billed = false;
        self
    }

    /// Tags what the caller gets.
    pub fn tagging(mut self, tags: Option<Box<Tagger>>) -> Self {
        self.tags = tags;
        self
    }

    /// What the caller gets of what was read.
    fn tagged(&mut self, bytes: Bytes) -> Bytes {
        match &mut self.tags {
            None => bytes,
            Some(tags) => tags.pass(bytes, self.reader.reported().response_id.as_deref()),
        }
    }

    /// Reads until the answer has begun, its bytes held back; at most for `within` and one joined piece, for nobody is
    /// kept waiting longer. A failure until then comes back.
    pub async fn hold(mut self, within: Duration) -> Result<Self, Gone> {
        self.holding = true;
        let mut out = Joined::default();
        let mut waited = pin!(tokio::time::sleep(within));
        poll_fn(|cx| {
            if self.pump(cx, &mut out).is_ready() || self.wait(cx, &mut out).is_ready() {
                return Poll::Ready(());
            }
            waited.as_mut().poll(cx)
        })
        .await;
        self.holding = false;
        // The call is taken out of a stream that failed alone: dropped, it would count as left by its client.
        let fault = self.fault.take();
        let Some(((again, status), call)) =
            fault.and_then(|fault| Some((fault, self.call.take()?)))
        else {
            self.ahead = out;
            return Ok(self);
        };
        self.judge(status);
        if again == Again::Anywhere && status == CallStatus::UpstreamError {
            verdict::cool(&self.upstream, call.upstream_model());
        }
        Err(Gone {
            call,
            again,
            used: Used {
                status,
                reported: self.reader.reported().clone(),
                output_bytes: self.reader.output_bytes(),
                whole: self.reader.has_final_usage(),
                billable: self.is_billable(status),
            },
            bytes: out.take(),
        })
    }

    /// Whether something may be owed: not where the provider's own error is all that it said.
    fn is_billable(&self, status: CallStatus) -> bool {
        let has_made_something =
            self.reader.reported().usage.is_some() || self.reader.output_bytes() > 0;
        self.billed && (status != CallStatus::UpstreamError || has_made_something)
    }

    fn has_begun(&self) -> bool {
        matches!(self.reader.phase(), Phase::Semantic | Phase::Ended)
    }

    /// Takes whole events in; gives what goes on to the caller.
    fn take_in(&mut self, data: Bytes, out: &mut Joined) {
        let block = match self.splitter.push(data) {
            Ok(None) => return,
            Ok(Some(block)) => block,
            Err(_) => {
                let limit_bytes = self.max_event_bytes;
                return self.fail(
                    GatewayError::EventTooLarge { limit_bytes },
                    CallStatus::UpstreamFailed,
                    out,
                );
            }
        };
        let (kept, broken) = self.reader.take(&block);
        let kept = self.tagged(kept);
        let Some(call) = &mut self.call else {
            return out.push(kept);
        };
        call.first_byte();
        call.keep_signatures(self.reader.take_signatures());
        let refused = call
            .progress(
                self.patience.elapsed_us(),
                self.reader.reported(),
                self.reader.output_bytes(),
            )
            .err();
        call.delivered(&kept);
        out.push(kept);
        if let Some(broken) = broken {
            let error = GatewayError::Translate(broken);
            return self.fail(error, CallStatus::UpstreamFailed, out);
        }
        match self.reader.phase() {
            Phase::Ended => self.close(CallStatus::Ok),
            Phase::Failed { code, message } => {
                let code = code.as_deref().unwrap_or("UPSTREAM_ERROR");
                call.fault(code, message);
                let again = Again::of_code(code);
                self.end(again, CallStatus::UpstreamError);
            }
            _ => {
                if let Some(refused) = refused {
                    self.fail(refused, CallStatus::BudgetStopped, out);
                }
            }
        }
    }

    /// The upstream's body has ended.
    fn ended(&mut self, out: &mut Joined) {
        self.over = true;
        let rest = self.splitter.take_rest();
        if self.call.is_none() {
            // What follows the terminal event belongs to the caller, half an event or not.
            let after = self.reader.after(rest);
            return out.push(self.tagged(after));
        }
        let (kept, whole) = match self.reader.end(&rest) {
            Ok(ended) => ended,
            Err(error) => {
                let error = GatewayError::Translate(error);
                return self.fail(error, CallStatus::UpstreamFailed, out);
            }
        };
        let kept = self.tagged(kept);
        if let Some(call) = &mut self.call {
            call.delivered(&kept);
        }
        out.push(kept);
        if whole {
            self.close(CallStatus::Ok);
        } else {
            let error = GatewayError::EndedEarly(self.upstream.name.to_string());
            self.fail(error, CallStatus::UpstreamFailed, out);
        }
    }

    /// Ends the stream with an error in its own grammar.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "each place makes the error for this call alone"
    )]
    fn fail(&mut self, error: GatewayError, status: CallStatus, out: &mut Joined) {
        self.over = true;
        let Some(call) = &mut self.call else { return };
        let message = error.to_string();
        let request = call.request().to_string();
        let event = self.reader.error_event(&ErrorView {
            kind: error.kind(),
            code: error.code(),
            message: &message,
            param: None,
            request_id: &request,
        });
        let event = match &mut self.tags {
            None => event,
            Some(tags) => tags.pass(event, self.reader.reported().response_id.as_deref()),
        };
        call.fault(error.code(), &message);
        call.delivered(&event);
        out.push(event);
        let again = match &error {
            GatewayError::Upstream(error) => Again::of_error(error),
            GatewayError::EndedEarly(_) | GatewayError::Translate(_) => Again::Anywhere,
            GatewayError::EventTooLarge { .. } => Again::Elsewhere,
            _ => Again::Never,
        };
        self.end(again, status);
    }

    /// The stream has failed: for good, unless it is held back.
    fn end(&mut self, again: Again, status: CallStatus) {
        if self.holding {
            self.over = true;
            self.fault = Some((again, status));
        } else {
            self.close(status);
        }
    }

    fn close(&mut self, status: CallStatus) {
        let billable = self.is_billable(status);
        if let Some(mut call) = self.call.take() {
            if status == CallStatus::Ok {
                self.upstream.breaker.warm(call.upstream_model());
            }
            call.close(Ending {
                status,
                reported: Some(self.reader.reported()),
                output_bytes: self.reader.output_bytes(),
                whole: self.reader.has_final_usage(),
                billable,
            });
        }
        self.judge(status);
    }

    /// Tells the breaker.
    fn judge(&mut self, status: CallStatus) {
        if let Some(pass) = self.pass.take() {
            match status {
                CallStatus::UpstreamFailed | CallStatus::TimedOut => pass.failure(),
                CallStatus::ClientGone => drop(pass),
                _ => pass.success(),
            }
        }
    }
}

impl Relay {
    /// Moves what is ready; pending once the upstream has no more for now.
    fn pump(&mut self, cx: &mut Context<'_>, out: &mut Joined) -> Poll<()> {
        // Asked before each piece: a stream that never rests must end with the server too.
        if self.call.as_ref().is_some_and(|call| call.is_cut()) {
            self.fail(GatewayError::Draining, CallStatus::Unavailable, out);
        }
        while !self.over && out.len() < JOIN_BYTES {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => {
                    if self.patience.touch() == Some(Spent::Total) {
                        let error = self.upstream.overdue();
                        self.fail(error.into(), CallStatus::TimedOut, out);
                    } else if let Ok(data) = frame.into_data() {
                        self.take_in(data, out);
                    }
                }
                None => self.ended(out),
                Some(Err(error)) => {
                    let error = GatewayError::Upstream(self.upstream.broken_off(&error));
                    self.fail(error, CallStatus::UpstreamFailed, out);
                }
            }
            if self.holding && self.has_begun() {
                break;
            }
        }
        Poll::Ready(())
    }
}

impl Relay {
    /// Waits with the upstream for what may end the stream; ready once it did.
    fn wait(&mut self, cx: &mut Context<'_>, out: &mut Joined) -> Poll<()> {
        let call = self.call.as_ref();
        if call.is_some_and(|call| call.must_end(cx.waker())) {
            self.fail(GatewayError::Draining, CallStatus::Unavailable, out);
            return Poll::Ready(());
        }
        let error = match ready!(self.patience.poll_spent(cx)) {
            Spent::Idle => self.upstream.idle(),
            Spent::Total => self.upstream.overdue(),
        };
        self.fail(error.into(), CallStatus::TimedOut, out);
        Poll::Ready(())
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
        let mut out = std::mem::take(&mut this.ahead);
        while this.pump(cx, &mut out).is_pending() && out.len() == 0 {
            ready!(this.wait(cx, &mut out));
        }
        if out.len() > 0 {
            return Poll::Ready(Some(Ok(Frame::data(out.take()))));
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.over && self.ahead.len() == 0
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
