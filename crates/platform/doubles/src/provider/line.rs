//! One connection below HTTP: keeps the raw head of each request, and can be reset.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::server::TlsStream;

use super::script::Cut;

/// Heads beyond this are not kept raw.
const HEAD_BYTES: usize = 256 * 1024;

/// What the HTTP side knows and wants of its connection.
#[derive(Debug)]
pub(super) struct Control {
    pub(super) number: usize,
    read: Mutex<Vec<u8>>,
    reset: AtomicBool,
    cut: watch::Sender<bool>,
}

impl Control {
    pub(super) fn new(number: usize) -> Arc<Self> {
        Arc::new(Self {
            number,
            read: Mutex::default(),
            reset: AtomicBool::new(false),
            cut: watch::Sender::new(false),
        })
    }

    /// Ends the connection; its task drops it as soon as it runs again.
    pub(super) fn cut(&self, how: Cut) {
        self.reset.store(how == Cut::Reset, Ordering::SeqCst);
        self.cut.send_replace(true);
    }

    pub(super) async fn was_cut(&self) {
        let mut cut = self.cut.subscribe();
        // The sender lives in `self`, so the channel cannot close under us.
        let _ = cut.wait_for(|cut| *cut).await;
    }

    /// Names and values of the HTTP/1 head read last, as sent.
    pub(super) fn raw_headers(&self) -> Option<Vec<(String, Bytes)>> {
        let read = self.read.lock();
        let mut lines = read.split(|byte| *byte == b'\n');
        lines.next()?;
        let mut headers = Vec::new();
        for line in lines {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.is_empty() {
                return Some(headers);
            }
            let colon = line.iter().position(|byte| *byte == b':')?;
            let name = std::str::from_utf8(&line[..colon]).ok()?;
            let value = line[colon + 1..].trim_ascii();
            headers.push((name.to_owned(), Bytes::copy_from_slice(value)));
        }
        None
    }

    /// The request was read whole: what comes next is another's head.
    pub(super) fn forget_read(&self) {
        self.read.lock().clear();
    }
}

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A connection that remembers what it read and closes as its control says.
#[derive(Debug)]
pub(super) struct Line {
    stream: Stream,
    control: Arc<Control>,
}

impl Line {
    pub(super) fn plain(stream: TcpStream, control: Arc<Control>) -> Self {
        Self {
            stream: Stream::Plain(stream),
            control,
        }
    }

    pub(super) fn tls(stream: TlsStream<TcpStream>, control: Arc<Control>) -> Self {
        Self {
            stream: Stream::Tls(Box::new(stream)),
            control,
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.control.reset.load(Ordering::SeqCst) {
            let tcp = match &self.stream {
                Stream::Plain(stream) => stream,
                Stream::Tls(stream) => stream.get_ref().0,
            };
            // A socket that is already gone needs no reset.
            let _ = tcp.set_zero_linger();
        }
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Stream::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        };
        let mut read = self.control.read.lock();
        if read.len() < HEAD_BYTES {
            read.extend_from_slice(&buffer.filled()[before..]);
        }
        polled
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Stream::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(context),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write_vectored(context, slices),
            Stream::Tls(stream) => Pin::new(stream).poll_write_vectored(context, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }
}
