//! A request on its way out: its head, its body behind it, and how far it has got. What the types of `http` hold is
//! free of line ends, so nothing in it can end a line too early; the length is ours alone.

use std::io::{Error, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderValue, Method, Uri};
use tokio::io::AsyncWrite;

/// A head and a body that come to no more than this are one write of one buffer.
const TOGETHER: usize = 8 << 10;

/// A request that is being written.
#[derive(Debug)]
pub struct Outgoing {
    /// The head, and the body behind it where that is small.
    head: BytesMut,
    /// Kept whole, so that it can be sent again.
    body: Bytes,
    /// So much of the body lies in `head`.
    joined: usize,
    /// Of both.
    written: usize,
}

impl Outgoing {
    /// `room` is an empty buffer. `absolute` says that the target is named by its whole address, as a proxy wants it.
    pub fn new(
        mut room: BytesMut,
        parts: &Parts,
        host: &HeaderValue,
        absolute: bool,
        body: Bytes,
    ) -> Self {
        room.reserve(size_of_head(parts, host, absolute));
        write_head(&mut room, parts, host, absolute, body.len());
        let mut joined = 0;
        if room.len() + body.len() <= TOGETHER {
            room.extend_from_slice(&body);
            joined = body.len();
        }
        Self {
            head: room,
            body,
            joined,
            written: 0,
        }
    }

    /// Whether the connection took none of it.
    pub const fn is_untouched(&self) -> bool {
        self.written == 0
    }

    pub fn head_len(&self) -> usize {
        self.head.len()
    }

    /// The buffer that the head was written to, empty again.
    pub fn into_room(mut self) -> BytesMut {
        self.head.clear();
        self.head
    }

    pub fn into_body(self) -> Bytes {
        self.body
    }

    pub fn poll_write<S: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        io: &mut S,
    ) -> Poll<Result<(), Error>> {
        loop {
            let mut io = Pin::new(&mut *io);
            let head = self.head.get(self.written..).unwrap_or_default();
            let done = self.joined + self.written.saturating_sub(self.head.len());
            let body = &self.body[done..];
            let written = match (head, body) {
                ([], []) => return io.poll_flush(cx),
                (head, []) => ready!(io.poll_write(cx, head))?,
                ([], body) => ready!(io.poll_write(cx, body))?,
                (head, body) if io.is_write_vectored() => {
                    let both = [IoSlice::new(head), IoSlice::new(body)];
                    ready!(io.as_mut().poll_write_vectored(cx, &both))?
                }
                (head, _) => ready!(io.poll_write(cx, head))?,
            };
            if written == 0 {
                return Poll::Ready(Err(ErrorKind::WriteZero.into()));
            }
            self.written += written;
        }
    }
}

fn size_of_head(parts: &Parts, host: &HeaderValue, absolute: bool) -> usize {
    let target = parts.uri.path_and_query().map_or(1, |t| t.as_str().len());
    let line = parts.method.as_str().len() + target + if absolute { host.len() } else { 0 };
    let headers = parts.headers.iter();
    let headers: usize = headers.map(|(n, v)| n.as_str().len() + v.len() + 4).sum();
    // What is the same in every head, and the length.
    line + headers + host.len() + 80
}

fn write_head(
    out: &mut BytesMut,
    parts: &Parts,
    host: &HeaderValue,
    absolute: bool,
    length: usize,
) {
    out.extend_from_slice(parts.method.as_str().as_bytes());
    out.extend_from_slice(b" ");
    write_target(out, &parts.uri, absolute.then_some(host));
    out.extend_from_slice(b" HTTP/1.1\r\nhost: ");
    out.extend_from_slice(host.as_bytes());
    for (name, value) in &parts.headers {
        if matches!(
            *name,
            HOST | CONTENT_LENGTH | TRANSFER_ENCODING | CONNECTION
        ) {
            continue;
        }
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
    }
    if length > 0 || matches!(parts.method, Method::POST | Method::PUT | Method::PATCH) {
        out.extend_from_slice(b"\r\ncontent-length: ");
        out.extend_from_slice(itoa::Buffer::new().format(length).as_bytes());
    }
    out.extend_from_slice(b"\r\n\r\n");
}

/// Without the credentials that an address may carry.
fn write_target(out: &mut BytesMut, uri: &Uri, through_proxy_to: Option<&HeaderValue>) {
    if let Some(host) = through_proxy_to {
        out.extend_from_slice(uri.scheme_str().unwrap_or("http").as_bytes());
        out.extend_from_slice(b"://");
        out.extend_from_slice(host.as_bytes());
    }
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    out.extend_from_slice(target.as_bytes());
}
