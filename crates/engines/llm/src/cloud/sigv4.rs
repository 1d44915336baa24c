//! Amazon's Signature Version 4 in a header. The request goes in as it leaves, so its path is encoded once more for the
//! signature, as every service but S3 wants it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use config::Secret;
use ring::{digest, hmac};

use super::encode::{encode, hex, unreserved};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// An access key.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    pub id: Secret,
    pub secret: Secret,
    pub session_token: Option<Secret>,
}

/// What is signed for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope<'a> {
    pub region: &'a str,
    pub service: &'a str,
}

/// What of a request is signed.
#[derive(Debug)]
pub(super) struct Signed<'a> {
    pub method: &'a str,
    /// As in the request line.
    pub path: &'a str,
    pub query: &'a str,
    /// In small letters; several values of one name in their order.
    pub headers: Vec<(&'a str, Cow<'a, str>)>,
    /// The body's SHA-256, in hexadecimal.
    pub payload: &'a str,
}

/// The value of `x-amz-date`.
pub(super) fn amz_date(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

/// A body's SHA-256 in hexadecimal.
pub(super) fn payload(body: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, body).as_ref())
}

/// The value of `Authorization`. `date` is that of `x-amz-date`, which must be among the headers.
pub(super) fn authorization(
    keys: &Keys,
    scope: Scope<'_>,
    date: &str,
    signed: &Signed<'_>,
) -> String {
    let (canonical, names) = canonical_request(signed);
    let day = date.get(..8).unwrap_or(date);
    let reach = format!("{day}/{}/{}/aws4_request", scope.region, scope.service);
    let hash = payload(canonical.as_bytes());
    let to_sign = format!("{ALGORITHM}\n{date}\n{reach}\n{hash}");
    let mut key = mac(format!("AWS4{}", keys.secret.expose()).as_bytes(), day);
    for part in [scope.region, scope.service, "aws4_request", &to_sign] {
        key = mac(key.as_ref(), part);
    }
    let (id, signature) = (keys.id.expose(), hex(key.as_ref()));
    format!("{ALGORITHM} Credential={id}/{reach}, SignedHeaders={names}, Signature={signature}")
}

fn mac(key: &[u8], text: &str) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes())
}

/// The canonical request and the names of its headers.
fn canonical_request(signed: &Signed<'_>) -> (String, String) {
    let mut headers: BTreeMap<&str, String> = BTreeMap::new();
    for (name, value) in &signed.headers {
        let value = value.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        headers
            .entry(name)
            .and_modify(|all| {
                all.push(',');
                all.push_str(&value);
            })
            .or_insert(value);
    }
    let names = headers.keys().copied().collect::<Vec<_>>().join(";");
    let lines: String = headers
        .iter()
        .map(|(name, value)| format!("{name}:{value}\n"))
        .collect();
    let path = match signed.path {
        "" => "/".to_owned(),
        path => encode(path.as_bytes(), |byte| unreserved(byte) || byte == b'/'),
    };
    let (method, query, payload) = (signed.method, canonical_query(signed.query), signed.payload);
    let canonical = format!("{method}\n{path}\n{query}\n{lines}\n{names}\n{payload}");
    (canonical, names)
}

fn canonical_query(query: &str) -> String {
    let once = |text: &str| encode(&decoded(text), unreserved);
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (once(name), once(value))
        })
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
}

fn decoded(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = after
            .first_chunk::<2>()
            .filter(|_| byte == b'%')
            .and_then(|two| std::str::from_utf8(two).ok())
            .and_then(|two| u8::from_str_radix(two, 16).ok());
        out.push(escaped.unwrap_or(byte));
        rest = if escaped.is_some() {
            &after[2..]
        } else {
            after
        };
    }
    out
}

#[cfg(test)]
mod tests;
