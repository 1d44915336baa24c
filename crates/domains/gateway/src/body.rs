//! The body of an answer of the model routes.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;

use crate::raw::{CutShort, RawRelay};
use crate::relay::Relay;

/// What leaves the gateway.
#[derive(Debug)]
pub struct AnswerBody(Inner);

#[derive(Debug)]
enum Inner {
    Whole(Full<Bytes>),
    Relay(Box<Relay>),
    Raw(Box<RawRelay>),
}

impl AnswerBody {
    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self(Inner::Whole(Full::new(bytes)))
    }

    pub(crate) fn relay(relay: Relay) -> Self {
        Self(Inner::Relay(Box::new(relay)))
    }

    pub(crate) fn raw(raw: RawRelay) -> Self {
        Self(Inner::Raw(Box::new(raw)))
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = CutShort;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, CutShort>>> {
        match &mut self.get_mut().0 {
            Inner::Whole(body) => Pin::new(body)
                .poll_frame(cx)
                .map_err(|never| match never {}),
            Inner::Relay(body) => Pin::new(&mut **body)
                .poll_frame(cx)
                .map_err(|never| match never {}),
            Inner::Raw(body) => Pin::new(&mut **body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Inner::Whole(body) => body.is_end_stream(),
            Inner::Relay(body) => body.is_end_stream(),
            Inner::Raw(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Inner::Whole(body) => body.size_hint(),
            _ => SizeHint::default(),
        }
    }
}
