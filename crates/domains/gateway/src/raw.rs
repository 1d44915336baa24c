//! Bytes passed on unread: native routes, answers too large or too strange to be read. The call is closed at the
//! end; what it cost is unknown or estimated.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use facts::CallStatus;
use guard::{Pass, Slot};
use http_body::{Body, Frame};
use kernel::Failure;
use llm::{AnswerBody, Upstream};
use wire::Protocol;

use crate::along::Along;
use crate::call::{Call, Ending};
use crate::edges::Edges;
use crate::error::GatewayError;
use crate::relay::{Patience, Spent};
use crate::tags::Passing;

/// A body that is not looked into.
#[derive(Debug)]
pub(crate) struct RawRelay {
    call: Option<Box<Call>>,
    upstream: Arc<Upstream>,
    ahead: Bytes,
    body: AnswerBody,
    billable: bool,
    /// How the call ends when the whole body has gone by.
    at_end: CallStatus,
    along: Option<Along>,
    edges: Option<Box<Edges>>,
    tags: Option<Box<Passing>>,
    pass: Option<Pass>,
    _slot: Slot,
    patience: Patience,
}

/// An answer that broke off where no grammar offers an error: the connection must be cut, or the caller would take
/// half an answer for a whole one.
#[derive(Debug, thiserror::Error)]
#[error("the provider broke off in the middle of its answer")]
pub struct CutShort;

impl RawRelay {
    /// `ahead` was read already and goes first.
    pub fn new(
        call: Box<Call>,
        upstream: Arc<Upstream>,
        ahead: Bytes,
        body: AnswerBody,
        billable: bool,
        pass: Option<Pass>,
        slot: Slot,
    ) -> Self {
        let patience = Patience::new(&upstream, call.elapsed_us());
        Self {
            call: Some(call),
            upstream,
            ahead,
            body,
            billable,
            at_end: CallStatus::Ok,
            along: None,
            edges: None,
            tags: None,
            pass,
            _slot: slot,
            patience,
        }
    }

    /// Reads an encoded stream along the way, so that it is priced by what it says.
    pub fn reading(mut self, along: Option<Along>) -> Self {
        self.along = along;
        self
    }

    /// Looks for what an answer that is no stream says of itself at its edges.
    pub fn seeking(mut self, protocol: Protocol) -> Self {
        self.edges = Some(Box::new(Edges::new(protocol)));
        self
    }

    /// Tags what passes.
    pub fn tagging(mut self, tags: Option<Box<Passing>>) -> Self {
        self.tags = tags;
        self
    }

    /// An error of the provider that is passed on.
    pub fn refused(mut self) -> Self {
        self.at_end = CallStatus::UpstreamError;
        self
    }

    /// Closes the call at once where there is no body: nobody will ask for one.
    pub fn begun(mut self) -> Self {
        if self.ahead.is_empty() && self.body.is_end_stream() {
            self.close(self.at_end);
        }
        self
    }

    fn close(&mut self, status: CallStatus) {
        if let Some(mut call) = self.call.take() {
            let seen = self.along.as_ref().map(Along::meter);
            // Only a whole answer is known to have shown all that it says.
            let edges = self.edges.as_ref().filter(|_| status == CallStatus::Ok);
            let found = edges.and_then(|edges| edges.reported());
            call.close(Ending {
                status,
                reported: seen.map(wire::Meter::reported).or(found.as_ref()),
                output_bytes: seen.map_or(0, wire::Meter::output_bytes),
                whole: found.is_some() || seen.is_some_and(wire::Meter::has_final_usage),
                billable: self.billable,
            });
        }
        if let Some(pass) = self.pass.take() {
            match status {
                CallStatus::Ok | CallStatus::UpstreamError => pass.success(),
                CallStatus::UpstreamFailed | CallStatus::TimedOut => pass.failure(),
                _ => drop(pass),
            }
        }
    }

    fn fail(&mut self, error: &dyn Failure, status: CallStatus) -> CutShort {
        if let Some(call) = &mut self.call {
            call.fault(error.code(), &error.to_string());
        }
        self.close(status);
        CutShort
    }

    /// The last piece of a body of known length closes the call: the server does not ask for more.
    fn pass_on(
        &mut self,
        data: Bytes,
        is_last: bool,
    ) -> Poll<Option<Result<Frame<Bytes>, CutShort>>> {
        if let Some(call) = &mut self.call {
            call.first_byte();
            call.delivered(&data);
        }
        if let Some(along) = &mut self.along {
            along.read(&data);
        }
        if let Some(edges) = &mut self.edges {
            edges.read(&data);
        }
        if is_last {
            if self.along.as_ref().is_some_and(Along::ended_early) {
                let error = self.upstream.ended_early();
                return Poll::Ready(Some(Err(self.fail(&error, CallStatus::UpstreamFailed))));
            }
            self.close(self.at_end);
        }
        Poll::Ready(Some(Ok(Frame::data(data))))
    }
}

impl Body for RawRelay {
    type Data = Bytes;
    type Error = CutShort;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, CutShort>>> {
        let this = self.get_mut();
        if !this.ahead.is_empty() {
            let ahead = std::mem::take(&mut this.ahead);
            return this.pass_on(ahead, false);
        }
        loop {
            match Pin::new(&mut this.body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    if this.patience.touch() == Some(Spent::Total) {
                        let error = this.upstream.overdue();
                        let cut = this.fail(&error, CallStatus::TimedOut);
                        return Poll::Ready(Some(Err(cut)));
                    }
                    if let Ok(mut data) = frame.into_data() {
                        let is_last = this.body.is_end_stream();
                        if let Some(tags) = &mut this.tags {
                            data = tags.push(data);
                            // What is held back then comes when the body is asked again.
                            if data.is_empty() {
                                continue;
                            }
                            return this.pass_on(data, false);
                        }
                        return this.pass_on(data, is_last);
                    }
                }
                Poll::Ready(None) if this.along.as_ref().is_some_and(Along::ended_early) => {
                    let error = this.upstream.ended_early();
                    return Poll::Ready(Some(Err(this.fail(&error, CallStatus::UpstreamFailed))));
                }
                Poll::Ready(None) => {
                    let rest = this.tags.take().map(|mut tags| tags.rest());
                    if let Some(rest) = rest.filter(|rest| !rest.is_empty()) {
                        return this.pass_on(rest, true);
                    }
                    this.close(this.at_end);
                    return Poll::Ready(None);
                }
                Poll::Ready(Some(Err(error))) => {
                    let error = this.upstream.broken_off(&error);
                    return Poll::Ready(Some(Err(this.fail(&error, CallStatus::UpstreamFailed))));
                }
                Poll::Pending
                    if this
                        .call
                        .as_ref()
                        .is_some_and(|call| call.must_end(cx.waker())) =>
                {
                    let error = GatewayError::Draining;
                    return Poll::Ready(Some(Err(this.fail(&error, CallStatus::Unavailable))));
                }
                Poll::Pending => {
                    let error = match ready!(this.patience.poll_spent(cx)) {
                        Spent::Idle => this.upstream.idle(),
                        Spent::Total => this.upstream.overdue(),
                    };
                    return Poll::Ready(Some(Err(this.fail(&error, CallStatus::TimedOut))));
                }
            }
        }
    }
}

impl Drop for RawRelay {
    fn drop(&mut self) {
        if self.call.is_some() {
            self.close(CallStatus::ClientGone);
        }
    }
}
