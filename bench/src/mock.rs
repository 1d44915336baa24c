//! A model provider that does nothing but answer, in whichever protocol it is asked: whole, or in chunks with a pause
//! between them. Below `/failing` it refuses everything at once.

mod body;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;

use crate::fixture::{self, Surface};
use crate::serve;
use body::{Answer, Chunks};

/// Where a provider stands that answers everything with 503.
pub const FAILING: &str = "/failing";

/// The answers, made once.
#[derive(Clone)]
struct Prepared {
    surface: Surface,
    whole: Bytes,
    chunks: Arc<[Bytes]>,
}

/// Serves until the process is ended.
pub async fn run() -> Result<()> {
    let all: Arc<[Prepared]> = Surface::ALL
        .into_iter()
        .map(|surface| Prepared {
            surface,
            whole: surface.answer(),
            chunks: surface.chunks().into(),
        })
        .collect();
    serve::serve(move |request: Request<Incoming>| {
        let all = Arc::clone(&all);
        async move { answer(request, &all).await }
    })
    .await
}

async fn answer(request: Request<Incoming>, all: &[Prepared]) -> Response<Answer> {
    let (head, body) = request.into_parts();
    let body = body
        .collect()
        .await
        .map(|body| body.to_bytes())
        .unwrap_or_default();
    let path = head.uri.path();
    if path.starts_with(FAILING) {
        return refused(StatusCode::SERVICE_UNAVAILABLE, "overloaded");
    }
    let asked = Surface::of_path(path);
    let Some(prepared) = all.iter().find(|one| Some(one.surface) == asked) else {
        return refused(StatusCode::NOT_FOUND, "no such path");
    };
    let pace = head
        .headers
        .get(fixture::PACE_HEADER)
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .map(Duration::from_micros);
    if path.ends_with(":streamGenerateContent") || wants_stream(&body) {
        let chunks = Chunks::new(Arc::clone(&prepared.chunks), pace);
        respond(StatusCode::OK, "text/event-stream", Answer::Chunks(chunks))
    } else {
        let whole = Answer::Whole(Some(prepared.whole.clone()));
        respond(StatusCode::OK, "application/json", whole)
    }
}

/// Whether the flag stands near the front or the end; a large prompt between them is not searched.
fn wants_stream(body: &[u8]) -> bool {
    const NEAR: usize = 400;
    let has = |part: &[u8]| {
        [&br#""stream":true"#[..], br#""stream": true"#]
            .iter()
            .any(|flag| part.windows(flag.len()).any(|window| window == *flag))
    };
    has(&body[..body.len().min(NEAR)]) || has(&body[body.len().saturating_sub(NEAR)..])
}

fn refused(status: StatusCode, words: &str) -> Response<Answer> {
    let body = format!(r#"{{"error":{{"message":"{words}","type":"server_error","code":null}}}}"#);
    let body = Answer::Whole(Some(Bytes::from(body)));
    respond(status, "application/json", body)
}

fn respond(status: StatusCode, kind: &'static str, answer: Answer) -> Response<Answer> {
    let mut response = Response::new(answer);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert("x-request-id", HeaderValue::from_static("req_bench"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_is_found_at_either_end_however_it_is_written() {
        assert!(wants_stream(&Surface::Chat.request("m", 50_000, true)));
        assert!(!wants_stream(&Surface::Chat.request("m", 50_000, false)));
        let late = format!(r#"{{"messages":["{}"],"stream": true}}"#, "x".repeat(2_000));
        assert!(wants_stream(late.as_bytes()));
    }
}
