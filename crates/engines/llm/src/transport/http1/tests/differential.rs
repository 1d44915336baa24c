//! Answers of all kinds, cut anywhere, read by hyper's client and by ours: both say the same. What ours takes of a
//! spoiled answer hyper's takes too; ours is the stricter one.

use std::sync::LazyLock;

use http::{HeaderName, Method, Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::ext::ReasonPhrase;
use hyper_util::rt::TokioIo;
use proptest::collection::vec;
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Runtime;

use super::super::replay::replay;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let builder = &mut tokio::runtime::Builder::new_current_thread();
    builder.build().unwrap()
});

#[derive(Debug, PartialEq, Eq)]
struct Seen {
    status: u16,
    reason: Option<Vec<u8>>,
    headers: Vec<(HeaderName, Vec<u8>)>,
    body: Vec<u8>,
}

impl Seen {
    fn of(answer: &Response<Vec<u8>>) -> Self {
        let reason = answer.extensions().get::<ReasonPhrase>();
        let pairs = answer.headers().iter();
        let mut headers: Vec<_> = pairs
            .map(|(n, v)| (n.clone(), v.as_bytes().to_vec()))
            .collect();
        headers.sort_by(|a, b| a.0.as_str().cmp(b.0.as_str()));
        Self {
            status: answer.status().as_u16(),
            reason: reason.map(|reason| reason.as_bytes().to_vec()),
            headers,
            body: answer.body().clone(),
        }
    }
}

/// `None` where the answer is no whole one.
fn by_ours(method: Method, pieces: &[&[u8]]) -> Option<Seen> {
    let read = replay(method, pieces).ok()?;
    read.end.is_ok().then(|| Seen::of(&read.answer))
}

fn by_hyper(method: Method, bytes: &[u8]) -> Option<Seen> {
    RUNTIME.block_on(async {
        let (near, mut far) = tokio::io::duplex(1 << 20);
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(near))
            .await
            .ok()?;
        let request = Request::builder()
            .method(method)
            .body(Empty::<bytes::Bytes>::new());
        let serve = async {
            // The request first: an answer to nothing is an error.
            let _ = far.read(&mut [0; 1024]).await;
            let _ = far.write_all(bytes).await;
            drop(far);
        };
        let ask = async {
            let (head, body) = sender
                .send_request(request.unwrap())
                .await
                .ok()?
                .into_parts();
            let body = body.collect().await.ok()?.to_bytes().to_vec();
            Some(Seen::of(&Response::from_parts(head, body)))
        };
        let (seen, _, ()) = tokio::join!(ask, connection, serve);
        seen
    })
}

#[derive(Debug, Clone)]
enum Framing {
    Length,
    Chunks(Vec<usize>, bool),
    Close,
}

prop_compose! {
    fn answers()(
        interim in prop::sample::select(vec!["", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\na: b\r\n\r\n"]),
        version in prop::sample::select(vec!["1.1", "1.0"]),
        status in prop::sample::select(vec!["200 OK", "201", "204 No Content", "206 Some", "304 Not Modified", "404 Not Found", "429 ", "503 Over there"]),
        headers in vec(("[a-zA-Z][a-zA-Z0-9_-]{0,11}", "[!-~]([ -~\t]{0,20}[!-~])?"), 0..12),
        line in prop::sample::select(vec!["\r\n", "\n"]),
        framing in prop_oneof![
            Just(Framing::Length),
            Just(Framing::Close),
            (vec(1_usize..3_000, 1..12), any::<bool>()).prop_map(|(sizes, extended)| Framing::Chunks(sizes, extended)),
        ],
        body in prop_oneof![vec(any::<u8>(), 0..200), vec(any::<u8>(), 0..20_000)],
    ) -> Vec<u8> {
        let chunks = matches!(framing, Framing::Chunks(..));
        let version = if chunks { "1.1" } else { version };
        let mut text = format!("{interim}HTTP/{version} {status}{line}");
        for (name, value) in &headers {
            let reserved = ["content-length", "transfer-encoding", "connection"];
            if !reserved.contains(&name.to_ascii_lowercase().as_str()) {
                text += &format!("{name}: {value}{line}");
            }
        }
        match &framing {
            Framing::Length => text += &format!("Content-Length: {}{line}", body.len()),
            Framing::Chunks(..) => text += &format!("Transfer-Encoding: chunked{line}"),
            Framing::Close => {}
        }
        let mut bytes = (text + line).into_bytes();
        if status.starts_with("204") || status.starts_with("304") {
            return bytes;
        }
        let Framing::Chunks(sizes, extended) = &framing else {
            return [bytes, body].concat();
        };
        let mut left = body.as_slice();
        for size in sizes.iter().cycle() {
            let (chunk, rest) = left.split_at((*size).min(left.len()));
            let extension = if *extended && size % 2 == 0 { ";a=\"b\"" } else { "" };
            bytes.extend(format!("{:x}{extension}\r\n", chunk.len()).bytes());
            left = rest;
            if chunk.is_empty() {
                break;
            }
            bytes.extend(chunk);
            bytes.extend(b"\r\n");
        }
        bytes.extend(if *extended { &b"x-sum: 1\r\n\r\n"[..] } else { b"\r\n" });
        bytes
    }
}

/// Cuts bytes at these places.
fn cut<'a>(bytes: &'a [u8], cuts: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    cuts.windows(2)
        .map(|ends| &bytes[ends[0]..ends[1]])
        .collect()
}

proptest! {
    #[test]
    fn whole_answers_are_read_alike(
        bytes in answers(),
        cuts in vec(any::<prop::sample::Index>(), 0..20),
        to_head in prop::bool::weighted(0.1),
    ) {
        let method = if to_head { Method::HEAD } else { Method::GET };
        let ours = by_ours(method.clone(), &cut(&bytes, &cuts));
        prop_assert!(ours.is_some());
        prop_assert_eq!(ours, by_hyper(method, &bytes));
    }

    #[test]
    fn nothing_is_taken_of_a_spoiled_answer_that_hyper_does_not_take(
        mut bytes in answers(),
        cuts in vec(any::<prop::sample::Index>(), 0..4),
        spoiled in vec((any::<prop::sample::Index>(), prop::sample::select(b"\r\n\0 :;,0a5\x80".to_vec())), 1..4),
        kept in any::<prop::sample::Index>(),
        truncate in any::<bool>(),
    ) {
        let head = bytes.len().min(400);
        for (at, byte) in spoiled {
            bytes[at.index(head)] = byte;
        }
        if truncate {
            bytes.truncate(kept.index(bytes.len()));
        }
        if let Some(ours) = by_ours(Method::GET, &cut(&bytes, &cuts)) {
            let hyper = by_hyper(Method::GET, &bytes);
            prop_assert_eq!(Some(ours), hyper);
        }
    }
}
