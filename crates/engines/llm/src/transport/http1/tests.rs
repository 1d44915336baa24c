//! What an answer may be and what it may not, however it is cut: each is read at once, byte by byte, and in two pieces
//! with the cut at every place.

mod differential;
mod sending;

use http::{HeaderMap, Method, StatusCode};

use super::replay::{Replayed, replay};
use crate::transport::ExchangeError;

/// All that can be told of an outcome.
fn told(outcome: &Result<Replayed, ExchangeError>) -> String {
    match outcome {
        Ok(read) => {
            let end = read.end.as_ref().map_err(ToString::to_string);
            format!("{:?} {end:?}", read.answer)
        }
        Err(error) => format!("no answer: {error}"),
    }
}

fn read_as(method: &Method, bytes: &[u8]) -> Result<Replayed, ExchangeError> {
    let whole = replay(method.clone(), &[bytes]);
    let bytewise: Vec<&[u8]> = bytes.chunks(1).collect();
    let bytewise = replay(method.clone(), &bytewise);
    assert_eq!(told(&bytewise), told(&whole), "byte by byte");
    // Every place of what is short; of what is long, some.
    for cut in (1..bytes.len()).step_by(1 + bytes.len() / 2_000) {
        let (one, two) = bytes.split_at(cut);
        let cut_once = replay(method.clone(), &[one, two]);
        assert_eq!(told(&cut_once), told(&whole), "cut at {cut}");
    }
    whole
}

fn read(text: &str) -> Result<Replayed, ExchangeError> {
    read_as(&Method::GET, text.as_bytes())
}

/// An answer that is read to its end: its body, and whether the connection may be used again.
fn whole(text: &str) -> (String, bool) {
    let read = read(text).unwrap();
    let reusable = read.end.unwrap_or_else(|error| panic!("{text:?}: {error}"));
    (
        String::from_utf8(read.answer.into_body()).unwrap(),
        reusable,
    )
}

fn body(text: &str) -> String {
    whole(text).0
}

/// The error that an answer ends in, and what came of its body.
fn fault(text: &str) -> (Option<String>, String) {
    match read(text) {
        Err(error) => (None, error.to_string()),
        Ok(read) => {
            let body = String::from_utf8(read.answer.into_body()).unwrap();
            (Some(body), read.end.unwrap_err().to_string())
        }
    }
}

fn headers(text: &str) -> HeaderMap {
    read(text).unwrap().answer.headers().clone()
}

fn refused(text: &str, reason: &str) {
    let (body, error) = fault(text);
    assert!(
        body.is_none() && error.contains(reason),
        "{text:?}: {error}"
    );
}

#[test]
fn a_body_is_as_long_as_its_head_says() {
    for (text, expected) in [
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
            ("hello", true),
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length:5\r\n\r\nhello, unasked",
            ("hello", false),
        ),
        ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", ("", true)),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\nok",
            ("ok", true),
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 2, 02\r\n\r\nok",
            ("ok", true),
        ),
        (
            "HTTP/1.1 200 OK\r\n\r\nall there is",
            ("all there is", false),
        ),
        ("HTTP/1.1 200 OK\r\n\r\n", ("", false)),
        ("HTTP/1.1 204 No Content\r\n\r\n", ("", true)),
        (
            "HTTP/1.1 304 Not Modified\r\ncontent-length: 7\r\n\r\n",
            ("", true),
        ),
        (
            "HTTP/1.1 304 Not Modified\r\ntransfer-encoding: chunked\r\n\r\n",
            ("", true),
        ),
        ("HTTP/1.1 204 No Content\r\n\r\nunasked", ("", false)),
        ("HTTP/1.1 200 OK\nContent-Length: 2\n\nok", ("ok", true)),
    ] {
        let (body, reusable) = whole(text);
        assert_eq!((body.as_str(), reusable), expected, "{text:?}");
    }
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n";
    let to_head = read_as(&Method::HEAD, head).unwrap();
    assert_eq!(to_head.answer.headers()["content-length"], "5");
    assert!(to_head.answer.body().is_empty() && to_head.end.unwrap());
    let list = headers("HTTP/1.1 200 OK\r\ncontent-length: 2, 2\r\n\r\nok");
    assert_eq!(list["content-length"], "2");
}

#[test]
fn lengths_that_could_be_read_in_two_ways_are_refused() {
    for length in [
        "",
        "+5",
        "-5",
        "0x5",
        "5 5",
        "5,",
        ",5",
        "5, 6",
        "5;5",
        "5.0",
        "18446744073709551616",
    ] {
        let text = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\nhello");
        refused(&text, "content-length");
    }
    let twice = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 4\r\n\r\nhello";
    refused(twice, "content-length");
    for coding in [
        "gzip",
        "gzip, chunked",
        "chunked, chunked",
        "identity",
        "chunked;x=y",
        "xchunked",
    ] {
        let text = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: {coding}\r\n\r\n0\r\n\r\n");
        refused(&text, "transfer-encoding");
    }
    let twice = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
    refused(twice, "transfer-encoding");
    refused(
        "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "transfer-encoding",
    );
    // Chunks win over a length, the length is not passed on, and the connection is not trusted any more.
    let both = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: Chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    assert_eq!(whole(both), ("hello".into(), false));
    assert!(!headers(both).contains_key("content-length"));
}

#[test]
fn a_connection_is_used_again_where_both_sides_keep_it() {
    for (version, option, expected) in [
        ("1.1", "", true),
        ("1.1", "connection: keep-alive\r\n", true),
        ("1.1", "Connection: Close\r\n", false),
        ("1.1", "connection: x-a, close\r\n", false),
        (
            "1.1",
            "connection: close\r\nconnection: keep-alive\r\n",
            false,
        ),
        ("1.0", "", false),
        ("1.0", "connection: Keep-Alive\r\n", true),
        ("1.0", "connection: keep-alive, close\r\n", false),
    ] {
        let text = format!("HTTP/{version} 200 OK\r\n{option}content-length: 2\r\n\r\nok");
        assert_eq!(whole(&text), ("ok".into(), expected), "{text:?}");
    }
}

#[test]
fn interim_answers_are_skipped_and_a_change_of_protocol_is_an_error() {
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    for interim in [
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n",
        // Not interim, but no more than that either: the end of an answer that was one line end too long.
        "\r\n\n\r\n",
    ] {
        assert_eq!(whole(&format!("{interim}{answer}")), ("ok".into(), true));
    }
    let many = "HTTP/1.1 100 Continue\r\n\r\n".repeat(17);
    refused(&format!("{many}{answer}"), "interim");
    refused(&format!("{}{answer}", "\r\n".repeat(9)), "invalid");
    refused(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n",
        "another protocol",
    );
}

#[test]
fn heads_are_bounded_and_read_strictly() {
    for head in [
        "HTTP/2 200 OK\r\n\r\n",
        "HTTP/1.2 200 OK\r\n\r\n",
        "ICY 200 OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 -20 OK\r\n\r\n",
        "HTTP/1.1 099 OK\r\n\r\n",
        "HTTP/1.1  200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nname : value\r\n\r\n",
        "HTTP/1.1 200 OK\r\nname\r\n\r\n",
        "HTTP/1.1 200 OK\r\n: value\r\n\r\n",
        "HTTP/1.1 200 OK\r\na: b\r\n folded\r\n\r\n",
        "HTTP/1.1 200 OK\r\na: b\rc\r\n\r\n",
        "HTTP/1.1 200 OK\r\na: b\0c\r\n\r\n",
        "HTTP/1.1 200 OK\r\na: b\x0bc\r\n\r\n",
        "HTTP/1.1 200 O\0K\r\n\r\n",
    ] {
        refused(head, "invalid");
    }
    refused("HTTP/1.1 200 OK\r\ncontent-le", "before the answer's head");
    refused("", "before the answer's head");
    let many = |count: usize| format!("HTTP/1.1 204 OK\r\n{}\r\n", "a: b\r\n".repeat(count));
    assert_eq!(headers(&many(100)).len(), 100);
    refused(&many(101), "more than 100 headers");
    let long = |length: usize| {
        let around = "HTTP/1.1 204 OK\r\na: \r\n\r\n".len();
        format!(
            "HTTP/1.1 204 OK\r\na: {}\r\n\r\n",
            "x".repeat(length - around)
        )
    };
    assert_eq!(headers(&long(64 << 10)).len(), 1);
    refused(&long((64 << 10) + 1), "larger than 65536 bytes");
    refused(&"x".repeat(70_000), "larger than 65536 bytes");
}

#[test]
fn heads_come_out_as_they_are() {
    let text = "HTTP/1.1 299 Rather fine\r\nX-One:  a b \r\nx-two:\r\nx-one: \u{fc}\r\ncontent-length: 0\r\n\r\n";
    let read = read(text).unwrap().answer;
    assert_eq!(read.status(), StatusCode::from_u16(299).unwrap());
    let reason = read.extensions().get::<hyper::ext::ReasonPhrase>();
    assert_eq!(reason.unwrap().as_bytes(), b"Rather fine");
    let ones: Vec<_> = read.headers().get_all("x-one").iter().collect();
    assert_eq!(ones, [&b"a b"[..], "\u{fc}".as_bytes()]);
    assert_eq!(read.headers()["x-two"], "");
}

fn chunked(rest: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{rest}")
}

#[test]
fn chunks_are_put_together() {
    for (chunks, expected) in [
        ("0\r\n\r\n", ""),
        ("5\r\nhello\r\n0\r\n\r\n", "hello"),
        ("000005\r\nhello\r\n1\r\n!\r\n00\r\n\r\n", "hello!"),
        (
            "a\r\n0123456789\r\nA;x\r\n0123456789\r\n0\r\n\r\n",
            "01234567890123456789",
        ),
        ("5 \t\r\nhello\r\n0 ; last\r\n\r\n", "hello"),
        ("5;name=\"a;b\";other\r\nhel\r\n\r\n0\r\n\r\n", "hel\r\n"),
        ("1\r\na\r\n0\r\nx-check: 1\r\nx-empty:\r\n\r\n", "a"),
    ] {
        assert_eq!(
            whole(&chunked(chunks)),
            (expected.into(), true),
            "{chunks:?}"
        );
    }
    assert_eq!(
        whole(&chunked("1\r\na\r\n0\r\n\r\nunasked")),
        ("a".into(), false)
    );
}

#[test]
fn small_chunks_that_come_together_go_on_together() {
    let small = "3\r\nabc\r\n".repeat(200) + "0\r\n\r\n";
    let read_once = read(&chunked(&small)).unwrap();
    assert_eq!(read_once.pieces, [600]);
    assert_eq!(
        read_once.answer.body().as_slice(),
        "abc".repeat(200).as_bytes()
    );
    // A large one is not moved.
    let large = format!(
        "3\r\nabc\r\nbb8\r\n{}\r\n2\r\nde\r\n0\r\n\r\n",
        "x".repeat(3_000)
    );
    assert_eq!(read(&chunked(&large)).unwrap().pieces, [3, 3_002]);
}

#[test]
fn what_came_before_a_bad_chunk_goes_first() {
    for (chunks, before, reason) in [
        ("", "", "closed in the middle"),
        ("5\r\nhel", "hel", "closed in the middle"),
        ("5\r\nhello\r\n", "hello", "closed in the middle"),
        ("5\r\nhello\r\n0\r\n", "hello", "closed in the middle"),
        ("\r\n", "", "chunk size"),
        ("x\r\n", "", "chunk size"),
        ("+5\r\nhello\r\n", "", "chunk size"),
        ("-5\r\nhello\r\n", "", "chunk size"),
        ("0x5\r\nhello\r\n", "", "chunk size"),
        (" 5\r\nhello\r\n", "", "chunk size"),
        ("5\nhello\r\n", "", "chunk size"),
        ("10000000000000000\r\n", "", "chunk size"),
        ("5 5\r\nhello\r\n", "", "chunk extension"),
        ("5\rhello\r\n", "", "chunk extension"),
        ("5;a\nhello\r\n", "", "chunk extension"),
        ("5;a\rb\r\nhello\r\n", "", "chunk extension"),
        ("5\r\nhello!\r\n", "hello", "does not end"),
        ("5\r\nhello\n0\r\n\r\n", "hello", "does not end"),
        ("5\r\nhello\r0\r\n\r\n", "hello", "does not end"),
        ("2\r\nab\r\n2\r\ncd\r\nzz\r\n", "abcd", "chunk size"),
        ("1\r\na\r\n0\r\nno header\r\n\r\n", "a", "trailer"),
        ("1\r\na\r\n0\r\na: b\n\r\n", "a", "trailer"),
        ("1\r\na\r\n0\r\na: b\rc\r\n\r\n", "a", "trailer"),
    ] {
        let (body, error) = fault(&chunked(chunks));
        assert_eq!(body.as_deref(), Some(before), "{chunks:?}");
        assert!(error.contains(reason), "{chunks:?}: {error}");
    }
    let largest = chunked("ffffffffffffffff\r\nabc");
    assert_eq!(fault(&largest).0.as_deref(), Some("abc"));
    let cut = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello";
    let (body, error) = fault(cut);
    assert_eq!(body.as_deref(), Some("hello"));
    assert!(error.contains("closed in the middle"), "{error}");
}

#[test]
fn what_is_not_passed_on_is_bounded() {
    let long = "x".repeat(5_000);
    for (chunks, reason) in [
        (format!("1;{long}\r\na\r\n0\r\n\r\n"), "longer than 4096"),
        (
            format!("1{}\r\na\r\n0\r\n\r\n", " ".repeat(5_000)),
            "longer than 4096",
        ),
        (
            format!("{}1\r\na\r\n0\r\n\r\n", "0".repeat(5_000)),
            "longer than 4096",
        ),
        (
            format!("0\r\n{}\r\n", format!("a: {long}\r\n").repeat(4)),
            "larger than 16384",
        ),
    ] {
        let (body, error) = fault(&chunked(&chunks));
        assert_eq!(body.as_deref(), Some(""));
        assert!(error.contains(reason), "{error}");
    }
    assert_eq!(
        body(&chunked(&format!(
            "1;{}\r\na\r\n0\r\n\r\n",
            "x".repeat(4_000)
        ))),
        "a"
    );
}
