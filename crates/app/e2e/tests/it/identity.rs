//! What the product may change on a request or an answer of the same protocol, and nothing else (invariant 1).

use doubles::provider::Recorded;

use crate::raw::Answer;

/// Request headers that may differ from those of a direct call.
const REQUEST: [&str; 8] = [
    "authorization",
    "x-api-key",
    "host",
    "content-length",
    "connection",
    "cookie",
    "accept-encoding",
    "te",
];

/// Answer headers that may differ from those of a direct call.
const ANSWER: [&str; 11] = [
    "set-cookie",
    "alt-svc",
    "strict-transport-security",
    "connection",
    "keep-alive",
    "transfer-encoding",
    "content-length",
    "request-id",
    "x-request-id",
    "date",
    // Ours, on streams: tells proxies between us and the caller not to hold events back.
    "x-accel-buffering",
];

fn differs(name: &str, list: &[&str]) -> bool {
    list.contains(&name) || name.starts_with("x-switchyard-")
}

/// Names and values that must be the same; order holds among those of one name.
pub fn request_headers(request: &Recorded) -> Vec<(String, String)> {
    let headers = request.headers.iter();
    let mut kept: Vec<(String, String)> = headers
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value).into_owned();
            (name.to_ascii_lowercase(), value)
        })
        .filter(|(name, _)| !differs(name, &REQUEST))
        .collect();
    kept.sort_by(|a, b| a.0.cmp(&b.0));
    kept
}

/// The same for an answer.
pub fn answer_headers(answer: &Answer) -> Vec<(String, String)> {
    let mut kept: Vec<(String, String)> = answer
        .headers
        .iter()
        .filter(|(name, _)| !differs(name, &ANSWER))
        .cloned()
        .collect();
    kept.sort_by(|a, b| a.0.cmp(&b.0));
    kept
}

/// Holds two recorded requests to be the same.
pub fn assert_same_request(direct: &Recorded, through: &Recorded) {
    assert_eq!(direct.method, through.method);
    assert_eq!(direct.target, through.target);
    assert_eq!(request_headers(direct), request_headers(through));
    assert!(
        direct.body == through.body,
        "the body differs: {} bytes direct, {} through",
        direct.body.len(),
        through.body.len()
    );
}

/// Characters of a route tag.
const TAG: usize = 18;

/// An answer's body without the route tags in its ids and its sealed contents.
pub fn untagged(body: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some(byte) = rest.first() {
        let behind_id = rest.starts_with(b"-sy1") && rest.get(4 + TAG) == Some(&b'"');
        let before_content = rest.starts_with(b"sy1.") && rest.get(4 + TAG) == Some(&b'.');
        let gone = if behind_id {
            4 + TAG
        } else if before_content && kept.last() == Some(&b'"') {
            5 + TAG
        } else {
            kept.push(*byte);
            1
        };
        rest = &rest[gone..];
    }
    kept
}

/// Holds two answers to be the same.
pub fn assert_same_answer(direct: &Answer, through: &Answer) {
    assert_eq!(direct.status, through.status);
    assert_eq!(answer_headers(direct), answer_headers(through));
    let body = untagged(&through.body);
    let at = direct.body.iter().zip(&body).position(|(a, b)| a != b);
    assert!(
        direct.body == body,
        "the body differs at {at:?}: {} bytes direct, {} through",
        direct.body.len(),
        body.len()
    );
    assert!(through.whole, "the answer broke off");
}
