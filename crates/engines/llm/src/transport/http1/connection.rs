//! One connection: a request goes out, its answer comes in, and then it may serve the next. Nothing runs by itself here;
//! whoever polls does the work, and only the socket wakes it.

use std::future::{Future as _, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};

use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Response};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::io::poll_read_buf;

use super::body::Body;
use super::head::{Head, HeadReader};
use super::request::Outgoing;
use crate::transport::ExchangeError;

/// The room that reads have at first; an idle connection holds no more.
const LEAST_ROOM: usize = 8 << 10;
/// The room that reads get where much comes at once.
const MOST_ROOM: usize = 64 << 10;

/// An open connection and the exchange that is under way on it.
#[derive(Debug)]
pub struct Connection<S> {
    io: S,
    /// Read, and not handed on yet.
    buffer: BytesMut,
    /// What the next read may bring.
    room: usize,
    /// The buffer is larger than an idle connection may keep.
    grown: bool,
    /// What is still to be sent.
    outgoing: Option<Outgoing>,
    /// The answer to the request has no body, whatever its head says.
    bodiless: bool,
    /// Something came since the exchange began.
    heard: bool,
    head: HeadReader,
    body: Body,
    /// Neither side has said that this exchange is the last.
    reusable: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    pub fn new(io: S) -> Self {
        Self {
            io,
            buffer: BytesMut::new(),
            room: LEAST_ROOM,
            grown: false,
            outgoing: None,
            bodiless: false,
            heard: false,
            head: HeadReader::default(),
            body: Body::Done,
            reusable: true,
        }
    }

    pub const fn io(&self) -> &S {
        &self.io
    }

    /// Whether an idle connection can take a request: one that was closed, or on which something came unasked, cannot.
    pub fn is_open(&mut self) -> bool {
        let mut byte = [0];
        let mut byte = ReadBuf::new(&mut byte);
        let mut cx = Context::from_waker(Waker::noop());
        // A task that has used up its share would be told that nothing is there, whatever is.
        let read = poll_fn(|cx| Pin::new(&mut self.io).poll_read(cx, &mut byte));
        pin!(tokio::task::unconstrained(read))
            .poll(&mut cx)
            .is_pending()
    }

    /// Begins an exchange; `poll_head` does the rest.
    pub fn begin(&mut self, parts: &Parts, host: &HeaderValue, absolute: bool, body: Bytes) {
        // Nothing is read yet, so the head can have the room.
        let mut room = std::mem::take(&mut self.buffer);
        room.reserve(LEAST_ROOM);
        self.bodiless = parts.method == http::Method::HEAD;
        self.heard = false;
        let outgoing = Outgoing::new(room, parts, host, absolute, body);
        self.grown |= outgoing.head_len() > LEAST_ROOM;
        self.outgoing = Some(outgoing);
    }

    /// The body of a request of which the connection took nothing.
    pub fn take_untouched(&mut self) -> Option<Bytes> {
        let untouched = self.outgoing.take_if(|outgoing| outgoing.is_untouched());
        untouched.map(Outgoing::into_body)
    }

    /// Whether any byte of an answer came.
    pub const fn has_heard(&self) -> bool {
        self.heard
    }

    /// Sends the request and reads the answer's head. `room` is a map that is not needed any more once there is an
    /// answer. An answer that comes before the request is out ends the sending, unless it is one of success.
    pub fn poll_head(
        &mut self,
        cx: &mut Context<'_>,
        room: &mut HeaderMap,
    ) -> Poll<Result<Response<()>, ExchangeError>> {
        let mut unsendable = match self.poll_send(cx) {
            Poll::Ready(Err(error))
                if self.outgoing.as_ref().is_some_and(Outgoing::is_untouched) =>
            {
                return Poll::Ready(Err(error.into()));
            }
            Poll::Ready(Err(error)) => {
                // A server that refuses a body may have said why before it closed.
                self.stop_sending();
                Some(error)
            }
            Poll::Ready(Ok(())) | Poll::Pending => None,
        };
        loop {
            if let Some(head) = self.head.take(&mut self.buffer, self.bodiless, room)? {
                return Poll::Ready(Ok(self.answered(head)));
            }
            match (self.poll_fill(cx), unsendable.take()) {
                (Poll::Ready(Ok(0)), None) => return Poll::Ready(Err(ExchangeError::NoHead)),
                (Poll::Ready(Ok(0) | Err(_)) | Poll::Pending, Some(error)) => {
                    return Poll::Ready(Err(error.into()));
                }
                (Poll::Ready(Err(error)), None) => return Poll::Ready(Err(error.into())),
                (Poll::Ready(Ok(_)), error) => unsendable = error,
                (Poll::Pending, None) => return Poll::Pending,
            }
        }
    }

    fn answered(&mut self, head: Head) -> Response<()> {
        if self.outgoing.is_some() && !head.status.is_success() {
            self.stop_sending();
        }
        self.reusable &= head.reusable;
        self.body = head.body;
        let left = self.body.left().and_then(|left| usize::try_from(left).ok());
        if let Some(left) = left {
            let coming = left.saturating_sub(self.buffer.len());
            self.room = coming.clamp(self.room, MOST_ROOM);
        }
        let mut answer = Response::new(());
        *answer.status_mut() = head.status;
        *answer.headers_mut() = head.headers;
        if let Some(reason) = head.reason {
            answer.extensions_mut().insert(reason);
        }
        answer
    }

    /// The next piece of the answer's body; `None` is its end.
    pub fn poll_piece(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, ExchangeError>> {
        if self.outgoing.is_some() && matches!(self.poll_send(cx), Poll::Ready(Err(_))) {
            self.stop_sending();
        }
        loop {
            // Most often everything was handed on already.
            if !self.buffer.is_empty()
                && let Some(piece) = self.body.take(&mut self.buffer)?
            {
                return Poll::Ready(Ok(Some(piece)));
            }
            if self.body.is_done() {
                return Poll::Ready(Ok(None));
            }
            if ready!(self.poll_fill(cx))? == 0 {
                self.body.closed()?;
            }
        }
    }

    /// Whether the answer has been read to its end.
    pub const fn is_done(&self) -> bool {
        self.body.is_done()
    }

    /// How much of the answer's body is to come, where that is known.
    pub const fn left(&self) -> Option<u64> {
        self.body.left()
    }

    /// Puts the exchange behind; tells whether there may be another.
    pub fn finish(&mut self) -> bool {
        let reusable = self.reusable
            && self.body.is_done()
            && self.outgoing.is_none()
            && self.buffer.is_empty();
        self.head = HeadReader::default();
        self.room = LEAST_ROOM;
        if std::mem::take(&mut self.grown) {
            self.buffer = BytesMut::new();
        }
        reusable
    }

    /// The memory that it keeps for the next exchange.
    #[cfg(test)]
    pub fn held(&self) -> usize {
        self.buffer.capacity()
    }

    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        if let Some(outgoing) = &mut self.outgoing {
            ready!(outgoing.poll_write(cx, &mut self.io))?;
            let sent = self.outgoing.take();
            if self.buffer.capacity() == 0
                && let Some(sent) = sent
            {
                self.buffer = sent.into_room();
            }
        }
        Poll::Ready(Ok(()))
    }

    fn stop_sending(&mut self) {
        self.outgoing = None;
        self.reusable = false;
    }

    /// Reads once. A read that brings less than it had room for has emptied the socket, and the one after it does not
    /// reach the kernel; one that fills its room makes the next room larger.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<std::io::Result<usize>> {
        if self.buffer.is_empty() {
            // Where all that was handed on is gone, its place can be had again.
            let _ = self.buffer.try_reclaim(self.room);
        }
        if self.buffer.capacity() - self.buffer.len() < self.room / 4 {
            self.grown |= self.buffer.len() + self.room > LEAST_ROOM;
            self.buffer.reserve(self.room);
        }
        let room = self.buffer.capacity() - self.buffer.len();
        let read = ready!(poll_read_buf(Pin::new(&mut self.io), cx, &mut self.buffer))?;
        self.heard |= read > 0;
        if read == room {
            self.room = (self.room * 2).min(MOST_ROOM);
        }
        Poll::Ready(Ok(read))
    }
}
