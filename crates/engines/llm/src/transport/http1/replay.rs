//! An exchange over a connection that holds its answer already, cut into pieces: for checks of the reader alone.

use std::collections::VecDeque;
use std::io::Result as IoResult;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::{Buf, Bytes};
use http::{HeaderValue, Method, Request, Response};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Connection;
use crate::transport::ExchangeError;

/// What was read.
#[derive(Debug)]
pub struct Replayed {
    /// The answer, with what came of its body.
    pub answer: Response<Vec<u8>>,
    /// The lengths of the pieces that the body came in.
    pub pieces: Vec<usize>,
    /// How it ended: whether the connection may serve another request.
    pub end: Result<bool, ExchangeError>,
}

/// Reads an answer that arrives in these pieces, after which the connection is closed.
pub fn replay(method: Method, pieces: &[&[u8]]) -> Result<Replayed, ExchangeError> {
    let pieces = pieces.iter().filter(|piece| !piece.is_empty());
    let pieces = pieces.map(|piece| Bytes::copy_from_slice(piece)).collect();
    let mut connection = Connection::new(Pieces(pieces));
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.method = method;
    let host = HeaderValue::from_static("replay");
    connection.begin(&parts, &host, false, Bytes::new());
    let mut cx = Context::from_waker(Waker::noop());
    // Nothing here ever has to be waited for.
    let Poll::Ready(head) = connection.poll_head(&mut cx, &mut parts.headers) else {
        return Err(ExchangeError::NoHead);
    };
    let mut replayed = Replayed {
        answer: head?.map(|()| Vec::new()),
        pieces: Vec::new(),
        end: Ok(false),
    };
    while let Poll::Ready(piece) = connection.poll_piece(&mut cx) {
        match piece {
            Ok(Some(piece)) => {
                replayed.pieces.push(piece.len());
                replayed.answer.body_mut().extend_from_slice(&piece);
            }
            Ok(None) => {
                let nothing_follows = connection.io().0.is_empty();
                replayed.end = Ok(connection.finish() && nothing_follows);
                break;
            }
            Err(error) => {
                replayed.end = Err(error);
                break;
            }
        }
    }
    Ok(replayed)
}

/// Gives its pieces one by one and then its end; takes whatever is written.
struct Pieces(VecDeque<Bytes>);

impl AsyncRead for Pieces {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<IoResult<()>> {
        if let Some(piece) = self.0.front_mut() {
            let length = piece.len().min(buffer.remaining());
            buffer.put_slice(&piece[..length]);
            piece.advance(length);
            if piece.is_empty() {
                self.0.pop_front();
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Pieces {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<IoResult<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<IoResult<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<IoResult<()>> {
        Poll::Ready(Ok(()))
    }
}
