//! Checks Amazon's Signature Version 4 on a request as it came over the wire, by the published steps.

use chrono::{NaiveDateTime, Utc};
use ring::{digest, hmac};

use crate::provider::Recorded;

/// Who may call, and for what the signature must be.
#[derive(Debug, Clone)]
pub struct Keys {
    /// The access key's id.
    pub id: String,
    /// Its secret.
    pub secret: String,
    /// The token of a temporary key.
    pub session_token: Option<String>,
    /// The region that must be signed for.
    pub region: String,
    /// The service that must be signed for.
    pub service: String,
}

/// Why a signature does not hold.
pub type Refusal = (&'static str, String);

/// Checks the signature, its time and its scope.
pub fn check(keys: &Keys, request: &Recorded) -> Result<(), Refusal> {
    let broken = |what: &str| ("IncompleteSignatureException", what.to_owned());
    let header = |name: &str| request.header(name).ok_or_else(|| broken(name));
    let authorization = header("authorization")?;
    let rest = authorization
        .strip_prefix("AWS4-HMAC-SHA256 ")
        .ok_or_else(|| broken("algorithm"))?;
    let part = |name: &str| {
        rest.split(", ")
            .find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
            .ok_or_else(|| broken(name))
    };
    let (credential, names, told) = (
        part("Credential")?,
        part("SignedHeaders")?,
        part("Signature")?,
    );
    let date = header("x-amz-date")?;
    let day = date.get(..8).ok_or_else(|| broken("x-amz-date"))?;
    let scope = format!("{day}/{}/{}/aws4_request", keys.region, keys.service);
    if credential != format!("{}/{scope}", keys.id) {
        let told = format!("the credential {credential} is not {}/{scope}", keys.id);
        return Err(("UnrecognizedClientException", told));
    }
    fresh(date)?;
    if request.header("x-amz-security-token") != keys.session_token.as_deref() {
        return Err((
            "UnrecognizedClientException",
            "the session token".to_owned(),
        ));
    }
    let canonical = canonical(request, names)?;
    let to_sign = format!(
        "AWS4-HMAC-SHA256\n{date}\n{scope}\n{}",
        sha256(canonical.as_bytes())
    );
    let key = mac(format!("AWS4{}", keys.secret).as_bytes(), day.as_bytes());
    let key = mac(key.as_ref(), keys.region.as_bytes());
    let key = mac(key.as_ref(), keys.service.as_bytes());
    let key = mac(key.as_ref(), b"aws4_request");
    if hex(mac(key.as_ref(), to_sign.as_bytes()).as_ref()) == told {
        return Ok(());
    }
    let words = "The request signature we calculated does not match the signature you provided.";
    Err((
        "InvalidSignatureException",
        format!("{words}\n\nThe Canonical String for this request should have been\n'{canonical}'"),
    ))
}

fn fresh(date: &str) -> Result<(), Refusal> {
    let at = NaiveDateTime::parse_from_str(date, "%Y%m%dT%H%M%SZ");
    let at = at.map_err(|error| ("IncompleteSignatureException", error.to_string()))?;
    let age = (Utc::now().naive_utc() - at).num_seconds().abs();
    if age > 900 {
        let told = format!("Signature expired: {date} is {age} s away");
        return Err(("InvalidSignatureException", told));
    }
    Ok(())
}

fn canonical(request: &Recorded, names: &str) -> Result<String, Refusal> {
    let broken = |what: String| ("IncompleteSignatureException", what);
    let listed: Vec<&str> = names.split(';').collect();
    let mut sorted = listed.clone();
    sorted.sort_unstable();
    sorted.dedup();
    if sorted != listed {
        return Err(broken(format!(
            "the signed headers {names} are not in order"
        )));
    }
    // What Amazon asks to be signed must be.
    let needed = request
        .headers
        .iter()
        .map(|(name, _)| name.to_ascii_lowercase());
    for name in needed.filter(|name| name == "host" || name.starts_with("x-amz-")) {
        if !listed.contains(&name.as_str()) {
            return Err(broken(format!("the header {name} is not signed")));
        }
    }
    let mut lines = String::new();
    for name in &listed {
        let values: Vec<String> = request
            .headers
            .iter()
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| single_spaced(&String::from_utf8_lossy(value)))
            .collect();
        if values.is_empty() {
            return Err(broken(format!("the signed header {name} is not there")));
        }
        lines += &format!("{name}:{}\n", values.join(","));
    }
    let (path, query) = request
        .target
        .split_once('?')
        .unwrap_or((&request.target, ""));
    let mut pairs: Vec<String> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            if pair.contains('=') {
                pair.to_owned()
            } else {
                format!("{pair}=")
            }
        })
        .collect();
    pairs.sort_unstable();
    let segments: Vec<String> = path.split('/').map(escaped).collect();
    Ok(format!(
        "{}\n{}\n{}\n{lines}\n{names}\n{}",
        request.method,
        segments.join("/"),
        pairs.join("&"),
        sha256(&request.body),
    ))
}

fn single_spaced(value: &str) -> String {
    let mut out = value.trim().to_owned();
    while out.contains("  ") {
        out = out.replace("  ", " ");
    }
    out
}

/// A segment of the path as it came, escaped once more.
fn escaped(segment: &str) -> String {
    segment
        .bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

fn mac(key: &[u8], data: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), data)
}

fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
