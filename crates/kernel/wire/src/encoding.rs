//! Bounded decoding of encoded bodies, so that an envelope or a usage can be read. It never encodes.

mod unpack;

pub use unpack::Unpacker;

use std::io::Read;

use bytes::Bytes;
use kernel::{Failure, Kind};

/// More layers than this are nonsense or an attack.
const MAX_LAYERS: usize = 4;
/// The largest window a zstd frame may ask for, as a power of two: 8 MiB, what RFC 9659 allows for this encoding.
const ZSTD_WINDOW_LOG: u32 = 23;

/// Why a body could not be decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodingError {
    /// An encoding that is not known here.
    #[error(
        "content-encoding {0:?} is not supported; send identity, gzip, deflate or zstd, at most four layers of them"
    )]
    Unsupported(String),
    /// The bytes are not what the header says.
    #[error("the body is no valid {0}; check content-encoding")]
    Corrupt(&'static str),
    /// Inflated, the body is over the bound.
    #[error("the decoded body is over {0} bytes; send less, or raise `gateway.max_body_bytes`")]
    TooLarge(usize),
}

impl Failure for EncodingError {
    fn kind(&self) -> Kind {
        match self {
            Self::Unsupported(_) => Kind::NotSupported,
            Self::Corrupt(_) => Kind::Invalid,
            Self::TooLarge(_) => Kind::TooLarge,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Unsupported(_) => "UNSUPPORTED_ENCODING",
            Self::Corrupt(_) => "INVALID_ENCODING",
            Self::TooLarge(_) => "BODY_TOO_LARGE",
        }
    }

    fn field(&self) -> Option<&str> {
        match self {
            Self::Unsupported(_) | Self::Corrupt(_) => Some("content-encoding"),
            Self::TooLarge(_) => None,
        }
    }
}

/// Undoes the encodings that the header lists, last one first. The result of every layer is at most `max_bytes`.
/// The same bytes come back when there is nothing to undo.
pub fn decode(
    content_encoding: &str,
    body: &Bytes,
    max_bytes: usize,
) -> Result<Bytes, EncodingError> {
    // Most bodies come as they are.
    if content_encoding == "identity" && body.len() <= max_bytes {
        return Ok(body.clone());
    }
    let layers: Vec<&str> = content_encoding
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("identity"))
        .collect();
    if layers.len() > MAX_LAYERS {
        return Err(unsupported(content_encoding));
    }
    let mut body = body.clone();
    for name in layers.iter().rev() {
        body = layer(name, &body, max_bytes)?;
    }
    if body.len() > max_bytes {
        return Err(EncodingError::TooLarge(max_bytes));
    }
    Ok(body)
}

fn unsupported(header: &str) -> EncodingError {
    EncodingError::Unsupported(header.chars().take(64).collect())
}

fn layer(name: &str, body: &[u8], max_bytes: usize) -> Result<Bytes, EncodingError> {
    if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") {
        inflate(
            "gzip",
            flate2::bufread::MultiGzDecoder::new(body),
            max_bytes,
        )
    } else if name.eq_ignore_ascii_case("deflate") {
        deflate(body, max_bytes)
    } else if name.eq_ignore_ascii_case("zstd") {
        let mut decoder = zstd::stream::read::Decoder::with_buffer(body)
            .map_err(|_| EncodingError::Corrupt("zstd"))?;
        decoder
            .window_log_max(ZSTD_WINDOW_LOG)
            .map_err(|_| EncodingError::Corrupt("zstd"))?;
        inflate("zstd", decoder, max_bytes)
    } else {
        Err(unsupported(name))
    }
}

/// `deflate` means a zlib stream, but some clients send a bare one.
fn deflate(body: &[u8], max_bytes: usize) -> Result<Bytes, EncodingError> {
    let zlib = body.first().is_some_and(|first| first & 0x0f == 8)
        && body.len() > 1
        && u16::from_be_bytes([body[0], body[1]]).is_multiple_of(31);
    if zlib {
        let mut decoder = flate2::bufread::ZlibDecoder::new(body);
        let out = inflate("deflate", &mut decoder, max_bytes)?;
        all_read(decoder.into_inner())?;
        Ok(out)
    } else {
        let mut decoder = flate2::bufread::DeflateDecoder::new(body);
        let out = inflate("deflate", &mut decoder, max_bytes)?;
        all_read(decoder.into_inner())?;
        Ok(out)
    }
}

/// Bytes behind the end of the stream would be seen by one reader and not by the next.
fn all_read(rest: &[u8]) -> Result<(), EncodingError> {
    if rest.is_empty() {
        Ok(())
    } else {
        Err(EncodingError::Corrupt("deflate"))
    }
}

fn inflate(
    name: &'static str,
    decoder: impl Read,
    max_bytes: usize,
) -> Result<Bytes, EncodingError> {
    let bound = u64::try_from(max_bytes).unwrap_or(u64::MAX);
    let mut out = Vec::new();
    decoder
        .take(bound.saturating_add(1))
        .read_to_end(&mut out)
        .map_err(|_| EncodingError::Corrupt(name))?;
    if out.len() > max_bytes {
        return Err(EncodingError::TooLarge(max_bytes));
    }
    Ok(Bytes::from(out))
}

#[cfg(test)]
mod tests;
