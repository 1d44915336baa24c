//! A caller's socket, which is also read while the server does not: whoever sends more than one request and leaves is
//! noticed as soon as one who leaves without a word. It understands nothing of what it reads.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf as _, BytesMut};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Bytes read ahead at most. A caller that sends more before it has an answer is served, and missed later.
const AHEAD: usize = 16 << 10;

/// The server's end.
pub(super) struct Socket(Arc<Mutex<Inner>>);

/// The watcher's end.
pub(super) struct Watch(Arc<Mutex<Inner>>);

struct Inner {
    stream: TcpStream,
    /// Read by the watcher, for the server.
    ahead: BytesMut,
    /// The server found nothing to read since the watcher last looked, so it sees itself what comes.
    is_awaited: bool,
    /// The caller's end was seen by the watcher.
    ended: bool,
}

/// What a look ahead found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// Something for the server to read.
    More,
    /// The caller has left.
    End,
}

/// Both ends of a socket. They are polled by one task, so the lock between them never waits.
pub(super) fn watched(stream: TcpStream) -> (Socket, Watch) {
    let inner = Arc::new(Mutex::new(Inner {
        stream,
        ahead: BytesMut::new(),
        is_awaited: false,
        ended: false,
    }));
    (Socket(inner.clone()), Watch(inner))
}

impl Watch {
    /// Looks ahead, after the server had its turn. Pending wakes the task when there is more to see.
    pub(super) fn poll_ahead(&self, cx: &mut Context<'_>) -> Poll<Seen> {
        let mut inner = self.0.lock();
        let Inner {
            stream,
            ahead,
            is_awaited,
            ended,
        } = &mut *inner;
        if std::mem::take(is_awaited) {
            return Poll::Pending;
        }
        if *ended {
            return Poll::Ready(Seen::End);
        }
        let mut read = 0;
        while ahead.len() < AHEAD {
            match stream.poll_read_ready(cx) {
                Poll::Pending => break,
                Poll::Ready(Err(_)) => {
                    *ended = true;
                    return Poll::Ready(Seen::End);
                }
                Poll::Ready(Ok(())) => {}
            }
            ahead.reserve(AHEAD - ahead.len());
            match stream.try_read_buf(ahead) {
                Ok(0) => {
                    *ended = true;
                    break;
                }
                Ok(bytes) => read += bytes,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => {
                    *ended = true;
                    break;
                }
            }
        }
        match (read, *ended) {
            (0, true) => Poll::Ready(Seen::End),
            (0, false) => Poll::Pending,
            _ => Poll::Ready(Seen::More),
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut inner = self.0.lock();
        if inner.ahead.is_empty() {
            if inner.ended {
                return Poll::Ready(Ok(()));
            }
            let read = Pin::new(&mut inner.stream).poll_read(cx, buf);
            inner.is_awaited = read.is_pending();
            return read;
        }
        let bytes = buf.remaining().min(inner.ahead.len());
        buf.put_slice(&inner.ahead[..bytes]);
        inner.ahead.advance(bytes);
        if inner.ahead.is_empty() {
            // Rarely needed, so not kept.
            inner.ahead = BytesMut::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0.lock().stream).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0.lock().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0.lock().stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0.lock().stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }
}
