//! How requests go out, what is heard while they do, and on which connections there is another one.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{ErrorKind, IoSlice, Result as IoResult};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};

use super::super::Connection;
use crate::transport::ExchangeError;

/// What the other side does, one entry for each time that it is asked.
enum Turn {
    Takes(usize),
    Gives(&'static str),
    Waits,
    Breaks,
    Closes,
}

/// A connection that goes by a script, one for each direction. It is never woken: what is pending stays so.
#[derive(Default)]
struct Scripted {
    writes: VecDeque<Turn>,
    reads: VecDeque<Turn>,
    vectored: bool,
    written: Vec<Vec<u8>>,
}

impl AsyncRead for Scripted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<IoResult<()>> {
        match self.reads.pop_front() {
            Some(Turn::Gives(text)) => buffer.put_slice(text.as_bytes()),
            Some(Turn::Breaks) => return Poll::Ready(Err(ErrorKind::ConnectionReset.into())),
            Some(Turn::Closes) => {}
            _ => return Poll::Pending,
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Scripted {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<IoResult<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<IoResult<usize>> {
        let mut bytes: Vec<u8> = slices.iter().flat_map(|slice| slice.to_vec()).collect();
        match self.writes.pop_front() {
            None => {}
            Some(Turn::Takes(most)) => bytes.truncate(most),
            Some(Turn::Breaks) => return Poll::Ready(Err(ErrorKind::BrokenPipe.into())),
            Some(_) => return Poll::Pending,
        }
        let length = bytes.len();
        self.written.push(bytes);
        Poll::Ready(Ok(length))
    }

    fn is_write_vectored(&self) -> bool {
        self.vectored
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<IoResult<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<IoResult<()>> {
        Poll::Ready(Ok(()))
    }
}

fn begin<S: AsyncRead + AsyncWrite + Unpin>(connection: &mut Connection<S>, body: &[u8]) {
    let request = Request::post("http://ignored/v1/x?a=b")
        .header("x-name", "value")
        .header("host", "other")
        .header("content-length", "999")
        .header("transfer-encoding", "chunked")
        .header("connection", "close");
    let (parts, ()) = request.body(()).unwrap().into_parts();
    let body = Bytes::copy_from_slice(body);
    connection.begin(&parts, &HeaderValue::from_static("h:1"), false, body);
}

type Polled = Poll<Result<Response<()>, ExchangeError>>;

fn poll_head<S: AsyncRead + AsyncWrite + Unpin>(connection: &mut Connection<S>) -> Polled {
    let mut cx = Context::from_waker(Waker::noop());
    connection.poll_head(&mut cx, &mut http::HeaderMap::new())
}

fn exchange(io: Scripted, body: &[u8]) -> (Polled, Connection<Scripted>) {
    let mut connection = Connection::new(io);
    begin(&mut connection, body);
    (poll_head(&mut connection), connection)
}

fn status(polled: Polled) -> u16 {
    match polled {
        Poll::Ready(answer) => answer.unwrap().status().as_u16(),
        Poll::Pending => panic!("there is no answer yet"),
    }
}

fn error(polled: Polled) -> String {
    match polled {
        Poll::Ready(answer) => format!("{:?}", answer.unwrap_err()),
        Poll::Pending => panic!("there is no error yet"),
    }
}

const HEAD: &str = "POST /v1/x?a=b HTTP/1.1\r\nhost: h:1\r\nx-name: value\r\ncontent-length: ";

#[test]
fn a_request_is_one_write_where_that_is_possible() {
    let (polled, connection) = exchange(Scripted::default(), b"{}");
    assert!(polled.is_pending());
    assert_eq!(
        connection.io().written,
        [format!("{HEAD}2\r\n\r\n{{}}").as_bytes()]
    );
    let body = vec![b'x'; 10_000];
    let whole = [format!("{HEAD}10000\r\n\r\n").as_bytes(), &body].concat();
    for (vectored, writes) in [(true, 1), (false, 2)] {
        let (polled, connection) = exchange(
            Scripted {
                vectored,
                ..Scripted::default()
            },
            &body,
        );
        assert!(polled.is_pending());
        assert_eq!(connection.io().written.len(), writes);
        assert_eq!(connection.io().written.concat(), whole);
        // However little is taken at once.
        let writes = (0..whole.len()).map(|at| Turn::Takes(1 + at % 7)).collect();
        let (polled, connection) = exchange(
            Scripted {
                vectored,
                writes,
                ..Scripted::default()
            },
            &body,
        );
        assert!(polled.is_pending());
        assert_eq!(connection.io().written.concat(), whole);
    }
}

#[test]
fn proxies_are_told_the_whole_address_without_credentials() {
    let mut connection = Connection::new(Scripted::default());
    let (parts, ()) = Request::get("http://us:er@h:1/a?b")
        .body(())
        .unwrap()
        .into_parts();
    connection.begin(&parts, &HeaderValue::from_static("h:1"), true, Bytes::new());
    assert!(poll_head(&mut connection).is_pending());
    let written = connection.io().written.concat();
    assert_eq!(written, b"GET http://h:1/a?b HTTP/1.1\r\nhost: h:1\r\n\r\n");
    // An empty body is told where there could be one.
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.method = Method::PUT;
    let mut connection = Connection::new(Scripted::default());
    connection.begin(&parts, &HeaderValue::from_static("h"), false, Bytes::new());
    assert!(poll_head(&mut connection).is_pending());
    let written = connection.io().written.concat();
    assert_eq!(
        written,
        b"PUT / HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n"
    );
}

#[test]
fn a_refusal_that_comes_early_ends_the_sending() {
    for (last, answered) in [
        (Turn::Waits, true),
        (Turn::Breaks, true),
        (Turn::Waits, false),
    ] {
        let refusal = "HTTP/1.1 413 Content Too Large\r\ncontent-length: 2\r\n\r\nno";
        let io = Scripted {
            writes: [Turn::Takes(50), last].into(),
            reads: answered
                .then_some(Turn::Gives(refusal))
                .into_iter()
                .collect(),
            ..Scripted::default()
        };
        let (polled, mut connection) = exchange(io, &[b'x'; 100_000]);
        if !answered {
            assert!(polled.is_pending());
            continue;
        }
        assert_eq!(status(polled), 413);
        let mut cx = Context::from_waker(Waker::noop());
        let Poll::Ready(Ok(Some(piece))) = connection.poll_piece(&mut cx) else {
            panic!("the body is here");
        };
        assert_eq!(piece, "no");
        assert!(connection.is_done() && !connection.finish());
        assert_eq!(connection.io().written.concat().len(), 50);
    }
}

#[test]
fn a_success_that_begins_early_lets_the_request_go_on() {
    let io = Scripted {
        writes: [Turn::Takes(50), Turn::Waits].into(),
        reads: [
            Turn::Gives("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\no"),
            Turn::Gives("k"),
        ]
        .into(),
        ..Scripted::default()
    };
    let (polled, mut connection) = exchange(io, &[b'x'; 100_000]);
    assert_eq!(status(polled), 200);
    let mut cx = Context::from_waker(Waker::noop());
    let mut body = Vec::new();
    while let Poll::Ready(Ok(Some(piece))) = connection.poll_piece(&mut cx) {
        body.extend(piece);
    }
    assert_eq!(body, b"ok");
    assert!(connection.io().written.concat().ends_with(b"xxx"));
    assert!(connection.finish());
}

#[test]
fn only_a_request_of_which_nothing_went_out_may_be_sent_again() {
    let breaks = |writes: Vec<Turn>, reads: Vec<Turn>| Scripted {
        writes: writes.into(),
        reads: reads.into(),
        ..Scripted::default()
    };
    let (polled, mut connection) = exchange(breaks(vec![Turn::Breaks], vec![]), b"{}");
    assert!(error(polled).contains("BrokenPipe"));
    assert_eq!(connection.take_untouched().as_deref(), Some(&b"{}"[..]));
    for (writes, reads, reason) in [
        (vec![Turn::Takes(1), Turn::Breaks], vec![], "BrokenPipe"),
        (
            vec![Turn::Takes(1), Turn::Breaks],
            vec![Turn::Closes],
            "BrokenPipe",
        ),
        (
            vec![Turn::Takes(1), Turn::Breaks],
            vec![Turn::Breaks],
            "BrokenPipe",
        ),
        (vec![Turn::Takes(1), Turn::Takes(0)], vec![], "WriteZero"),
        (vec![], vec![Turn::Closes], "NoHead"),
        (vec![], vec![Turn::Breaks], "ConnectionReset"),
    ] {
        let (polled, mut connection) = exchange(breaks(writes, reads), b"{}");
        let error = error(polled);
        assert!(error.contains(reason), "{error}");
        assert!(connection.take_untouched().is_none());
    }
}

#[test]
fn an_idle_connection_on_which_something_came_is_not_open() {
    for (turn, open) in [
        (Turn::Waits, true),
        (Turn::Gives("x"), false),
        (Turn::Closes, false),
        (Turn::Breaks, false),
    ] {
        let reads = [turn].into();
        assert_eq!(
            Connection::new(Scripted {
                reads,
                ..Scripted::default()
            })
            .is_open(),
            open
        );
    }
}

async fn serve(far: &mut DuplexStream, answer: &[u8]) {
    let mut seen = Vec::new();
    while !seen.ends_with(b"\r\n\r\n{}") {
        far.read_buf(&mut seen).await.unwrap();
    }
    far.write_all(answer).await.unwrap();
}

#[tokio::test]
async fn one_exchange_follows_the_other_whatever_their_sizes() {
    let (near, mut far) = tokio::io::duplex(20_000);
    let mut connection = Connection::new(near);
    for size in [10, 500_000, 0, 70_000, 1, 8_192] {
        let chunk = "y".repeat(999);
        let (length, answer) = if size % 2 == 0 {
            let body = "x".repeat(size);
            (
                size,
                format!("HTTP/1.1 200 OK\r\ncontent-length: {size}\r\n\r\n{body}"),
            )
        } else {
            let chunks = format!("3e7\r\n{chunk}\r\n").repeat(size);
            (
                999 * size,
                format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{chunks}0\r\n\r\n"),
            )
        };
        begin(&mut connection, b"{}");
        let read = async {
            let mut room = http::HeaderMap::new();
            poll_fn(|cx| connection.poll_head(cx, &mut room))
                .await
                .unwrap();
            let mut read = 0;
            while let Some(piece) = poll_fn(|cx| connection.poll_piece(cx)).await.unwrap() {
                read += piece.len();
            }
            read
        };
        let (read, ()) = tokio::join!(read, serve(&mut far, answer.as_bytes()));
        assert_eq!(read, length);
        assert!(connection.finish());
        assert!(connection.is_open());
        assert!(
            connection.held() <= 8 << 10,
            "{size}: {}",
            connection.held()
        );
    }
}
