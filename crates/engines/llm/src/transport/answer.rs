//! The body of an answer from the network. Reading it drives its connection, dropping it closes it, and reading it to
//! its end gives the connection back.

use std::pin::Pin;
use std::sync::Weak;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::exchange::ExchangeError;
use super::pool::{Link, Pool};
use super::shared::Place;

/// What is still to come of an answer.
#[derive(Debug)]
pub struct WireBody(From);

#[derive(Debug)]
enum From {
    /// A connection of its own; `None` once it has been given back or has ended.
    Own(Option<Box<Link>>, Weak<Pool>),
    /// One of the streams of a connection; its place is `None` once it has ended.
    Shared(Incoming, Option<Place>),
}

impl WireBody {
    /// What follows the head that was just read from this connection.
    pub(super) fn own(link: Box<Link>, pool: Weak<Pool>) -> Self {
        let mut body = Self(From::Own(Some(link), pool));
        body.hand_back_if_done();
        body
    }

    /// What follows the head that was just read on a shared connection.
    pub(super) fn shared(body: Incoming, place: Place) -> Self {
        Self(From::Shared(body, Some(place)))
    }

    /// Once the answer is read, its connection serves the next request. Whoever knows the length may not ask again
    /// after the last piece, so this happens together with it.
    fn hand_back_if_done(&mut self) {
        let From::Own(own, pool) = &mut self.0 else {
            return;
        };
        if let Some(mut link) = own.take_if(|link| link.connection.is_done())
            && link.connection.finish()
            && let Some(pool) = pool.upgrade()
        {
            pool.checkin(link);
        }
    }
}

impl Body for WireBody {
    type Data = Bytes;
    type Error = ExchangeError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ExchangeError>>> {
        let this = self.get_mut();
        let own = match &mut this.0 {
            From::Own(own, _) => own,
            From::Shared(body, place) => {
                let polled = ready!(Pin::new(body).poll_frame(cx));
                // Whoever does not ask for the end drops the body instead.
                if !matches!(polled, Some(Ok(_))) {
                    *place = None;
                }
                return Poll::Ready(polled.map(|frame| frame.map_err(Into::into)));
            }
        };
        let Some(link) = own else {
            return Poll::Ready(None);
        };
        match ready!(link.connection.poll_piece(cx)) {
            Ok(piece) => {
                this.hand_back_if_done();
                Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
            }
            Err(error) => {
                *own = None;
                Poll::Ready(Some(Err(error)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            From::Own(own, _) => own.is_none(),
            From::Shared(body, _) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            From::Own(own, _) => {
                let left = own.as_ref().map_or(Some(0), |link| link.connection.left());
                left.map_or_else(SizeHint::default, SizeHint::with_exact)
            }
            From::Shared(body, _) => body.size_hint(),
        }
    }
}
