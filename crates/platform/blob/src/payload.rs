//! A captured request and its answer, and the form they are kept in: one JSON object, compressed with zstd.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Serialize;

use crate::BlobError;

/// Fast, and still a fifth of a prompt's size.
const LEVEL: i32 = 3;
/// No payload is larger than this; what inflates further is no payload of ours.
const MAX_INFLATED: u64 = 256 << 20;

/// What went over the wire for one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// The decoded body of the request.
    pub request: Bytes,
    /// The body of the answer as delivered.
    pub response: Bytes,
    /// The answer was longer than what was kept of it.
    pub truncated: bool,
}

/// Text as a string, anything else in base64 under a name that says so.
#[derive(Serialize)]
struct Kept<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_base64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_base64: Option<String>,
    truncated: bool,
}

fn split(bytes: &[u8]) -> (Option<&str>, Option<String>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (Some(text), None),
        Err(_) => (None, Some(STANDARD.encode(bytes))),
    }
}

impl Payload {
    /// Bytes held in memory while it waits.
    pub(crate) fn size(&self) -> usize {
        self.request.len() + self.response.len()
    }

    /// The compressed JSON object.
    pub(crate) fn pack(&self) -> Result<Vec<u8>, BlobError> {
        let (request, request_base64) = split(&self.request);
        let (response, response_base64) = split(&self.response);
        let json = serde_json::to_vec(&Kept {
            request,
            request_base64,
            response,
            response_base64,
            truncated: self.truncated,
        })
        .map_err(BlobError::Encode)?;
        zstd::bulk::compress(&json, LEVEL).map_err(BlobError::Damaged)
    }
}

/// The JSON text of a packed payload.
pub(crate) fn unpack(packed: &[u8]) -> Result<Bytes, BlobError> {
    let mut json = Vec::new();
    zstd::Decoder::new(packed)
        .and_then(|decoder| decoder.take(MAX_INFLATED).read_to_end(&mut json))
        .map_err(BlobError::Damaged)?;
    Ok(json.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text_and_bytes_stay_bytes() {
        let payload = Payload {
            request: Bytes::from_static(br#"{"model":"sim/echo"}"#),
            response: Bytes::from_static(&[0xff, 0x00]),
            truncated: true,
        };
        let json = unpack(&payload.pack().unwrap()).unwrap();
        assert_eq!(
            serde_json::from_slice::<serde_json::Value>(&json).unwrap(),
            serde_json::json!({
                "request": "{\"model\":\"sim/echo\"}",
                "response_base64": "/wA=",
                "truncated": true,
            })
        );
        assert!(unpack(b"not zstd").is_err());
    }
}
