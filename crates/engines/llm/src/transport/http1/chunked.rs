//! A body in chunks. Small chunks that arrive together are moved together, so that whoever reads is called once for
//! each read and not once for each chunk. Lines end in CR LF here and in nothing else: a reader that takes less can be
//! told another length than the one before it.

use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderName, HeaderValue};
use memchr::{memchr, memchr2};

use super::limits;
use crate::transport::ExchangeError;

/// Moving so many bytes costs less than another piece does.
const SMALL: usize = 2 << 10;

/// Where a reader of chunks stands.
#[derive(Debug)]
pub struct Chunked(At);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Before the line with a chunk's size.
    Size,
    /// So far before the end of a chunk.
    Data(u64),
    /// Before the line end that closes a chunk.
    ChunkEnd,
    /// Behind so many bytes of trailers.
    Trailers(usize),
    Done,
}

/// One step: so many bytes were read, or more are needed.
type Step = Result<Option<usize>, ExchangeError>;

impl Chunked {
    pub const fn new() -> Self {
        Self(At::Size)
    }

    pub const fn is_done(&self) -> bool {
        matches!(self.0, At::Done)
    }

    /// The next piece of the buffer; `None` where the buffer holds none.
    pub fn take(&mut self, buffer: &mut BytesMut) -> Result<Option<Bytes>, ExchangeError> {
        // The piece so far lies at start..end, what comes behind `read` was not looked at.
        let (mut start, mut end, mut read) = (0, 0, 0);
        loop {
            let rest = &buffer[read..];
            if let At::Data(left) = self.0 {
                let here = usize::try_from(left).map_or(rest.len(), |left| left.min(rest.len()));
                if here == 0 {
                    break;
                }
                if end == 0 {
                    (start, end) = (read, read + here);
                } else if here <= SMALL {
                    buffer.copy_within(read..read + here, end);
                    end += here;
                } else {
                    break;
                }
                read += here;
                self.0 = match left - here as u64 {
                    0 => At::ChunkEnd,
                    left => At::Data(left),
                };
                continue;
            }
            match self.step(rest) {
                Ok(Some(length)) => read += length,
                Ok(None) => break,
                // What came before the fault goes first; the fault is met again.
                Err(_) if end > 0 => break,
                Err(error) => return Err(error),
            }
        }
        if end == 0 {
            buffer.advance(read);
            return Ok(None);
        }
        buffer.advance(start);
        let piece = buffer.split_to(end - start).freeze();
        buffer.advance(read - end);
        Ok(Some(piece))
    }

    /// Reads what stands between chunks.
    fn step(&mut self, rest: &[u8]) -> Step {
        match self.0 {
            At::Size => {
                let Some((size, length)) = size_line(rest)? else {
                    return Ok(None);
                };
                self.0 = match size {
                    0 => At::Trailers(0),
                    size => At::Data(size),
                };
                Ok(Some(length))
            }
            At::ChunkEnd => match rest {
                [b'\r', b'\n', ..] => {
                    self.0 = At::Size;
                    Ok(Some(2))
                }
                [] | [b'\r'] => Ok(None),
                _ => Err(ExchangeError::ChunkEnd),
            },
            At::Trailers(before) => {
                let length = memchr(b'\n', rest).map(|at| at + 1);
                let seen = before + length.unwrap_or(rest.len());
                if seen > limits::TRAILER_BYTES {
                    return Err(ExchangeError::TrailersTooLarge);
                }
                let Some(length) = length else {
                    return Ok(None);
                };
                self.0 = match rest[..length].strip_suffix(b"\r\n") {
                    Some([]) => At::Done,
                    Some(line) if is_header(line) => At::Trailers(seen),
                    _ => return Err(ExchangeError::Trailer),
                };
                Ok(Some(length))
            }
            At::Data(_) | At::Done => Ok(None),
        }
    }
}

/// A chunk's size and the length of the line that says it.
fn size_line(bytes: &[u8]) -> Result<Option<(u64, usize)>, ExchangeError> {
    let mut size = 0_u64;
    for (at, byte) in bytes.iter().enumerate() {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            b'A'..=b'F' => byte - b'A' + 10,
            b'\r' if at > 0 && bytes.get(at + 1) == Some(&b'\n') => {
                return Ok(Some((size, at + 2)));
            }
            b'\r' | b';' | b' ' | b'\t' if at > 0 => {
                return Ok(line_end(&bytes[at..])?.map(|length| (size, at + length)));
            }
            _ => return Err(ExchangeError::ChunkSize),
        };
        if size >> 60 != 0 {
            return Err(ExchangeError::ChunkSize);
        }
        if at >= limits::CHUNK_LINE_BYTES {
            return Err(ExchangeError::ChunkLineTooLong);
        }
        size = (size << 4) | u64::from(digit);
    }
    Ok(None)
}

/// The length of what follows a size: white space, extensions that nobody reads, the line's end.
fn line_end(bytes: &[u8]) -> Step {
    let ending = memchr2(b'\r', b'\n', bytes).unwrap_or(bytes.len());
    let (between, ending) = bytes.split_at(ending);
    let extension = between.iter().find(|byte| !matches!(byte, b' ' | b'\t'));
    if extension.is_some_and(|byte| *byte != b';') {
        return Err(ExchangeError::ChunkExtension);
    }
    if between.len() > limits::CHUNK_LINE_BYTES {
        return Err(ExchangeError::ChunkLineTooLong);
    }
    match ending {
        [b'\r', b'\n', ..] => Ok(Some(between.len() + 2)),
        [] | [b'\r'] => Ok(None),
        _ => Err(ExchangeError::ChunkExtension),
    }
}

fn is_header(line: &[u8]) -> bool {
    let Some(colon) = memchr(b':', line) else {
        return false;
    };
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    HeaderName::from_bytes(name).is_ok() && HeaderValue::from_bytes(value).is_ok()
}
