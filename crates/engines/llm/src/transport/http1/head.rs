//! The head of an answer: found, bounded, parsed, and what it says about the body after it and about the connection.
//! Values stay slices of what was read. Folded lines are refused, and so is whatever two readers could understand in
//! two ways.

use std::mem::MaybeUninit;

use bytes::{Buf, Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use hyper::ext::ReasonPhrase;
use memchr::memchr_iter;

use super::body::Body;
use super::limits;
use crate::transport::ExchangeError;

/// An answer's head, read.
#[derive(Debug)]
pub struct Head {
    pub status: StatusCode,
    /// Where it is not the usual one.
    pub reason: Option<ReasonPhrase>,
    pub headers: HeaderMap,
    pub body: Body,
    /// Whether the connection may serve another request.
    pub reusable: bool,
}

/// Takes a head off a buffer that fills up piece by piece.
#[derive(Debug, Default)]
pub struct HeadReader {
    /// Searched already for the end.
    searched: usize,
    blank: usize,
    interim: usize,
}

impl HeadReader {
    /// The answer's head, once it is whole; interim answers before it are skipped. `bodiless` says that the request
    /// was one whose answer has no body (HEAD). `room` is a map whose memory the headers may take.
    pub fn take(
        &mut self,
        buffer: &mut BytesMut,
        bodiless: bool,
        room: &mut HeaderMap,
    ) -> Result<Option<Head>, ExchangeError> {
        loop {
            self.skip_blank(buffer)?;
            let Some(end) = end_of_head(buffer, self.searched) else {
                self.searched = buffer.len();
                if buffer.len() >= limits::HEAD_BYTES {
                    return Err(ExchangeError::HeadTooLarge);
                }
                return Ok(None);
            };
            if end > limits::HEAD_BYTES {
                return Err(ExchangeError::HeadTooLarge);
            }
            self.searched = 0;
            let text = buffer.split_to(end).freeze();
            if let Some(head) = parse(&text, bodiless, room)? {
                return Ok(Some(head));
            }
            self.interim += 1;
            if self.interim > limits::INTERIM {
                return Err(ExchangeError::TooManyInterim);
            }
        }
    }

    fn skip_blank(&mut self, buffer: &mut BytesMut) -> Result<(), ExchangeError> {
        loop {
            let length = match **buffer {
                [b'\n', ..] => 1,
                [b'\r', b'\n', ..] => 2,
                _ => return Ok(()),
            };
            buffer.advance(length);
            self.blank += length;
            if self.blank > limits::BLANK_BYTES {
                return Err(ExchangeError::Head(httparse::Error::NewLine));
            }
        }
    }
}

/// Where the empty line ends. Lines may end in a line feed alone, as the parser has it.
fn end_of_head(bytes: &[u8], searched: usize) -> Option<usize> {
    // The line end before the empty line may have come with what was searched already.
    let from = searched.saturating_sub(2);
    memchr_iter(b'\n', &bytes[from..]).find_map(|at| {
        let next = from + at + 1;
        match bytes[next..] {
            [b'\n', ..] => Some(next + 1),
            [b'\r', b'\n', ..] => Some(next + 2),
            _ => None,
        }
    })
}

/// `None` is an interim answer.
fn parse(
    text: &Bytes,
    bodiless: bool,
    room: &mut HeaderMap,
) -> Result<Option<Head>, ExchangeError> {
    let mut slots = [const { MaybeUninit::uninit() }; limits::HEADERS];
    let mut answer = httparse::Response::new(&mut []);
    let parsed = httparse::ParserConfig::default()
        .parse_response_with_uninit_headers(&mut answer, text, &mut slots)
        .map_err(|error| match error {
            httparse::Error::TooManyHeaders => ExchangeError::TooManyHeaders,
            error => ExchangeError::Head(error),
        })?;
    if parsed != httparse::Status::Complete(text.len()) {
        return Err(ExchangeError::Head(httparse::Error::NewLine));
    }
    let status = StatusCode::from_u16(answer.code.unwrap_or(0))
        .map_err(|_| ExchangeError::Head(httparse::Error::Status))?;
    if status == StatusCode::SWITCHING_PROTOCOLS {
        return Err(ExchangeError::Switched);
    }
    if status.is_informational() {
        return Ok(None);
    }

    let mut headers = std::mem::take(room);
    headers.clear();
    headers.reserve(answer.headers.len());
    let mut framing = Framing::default();
    for header in answer.headers.iter() {
        let name = HeaderName::from_bytes(header.name.as_bytes())
            .map_err(|_| ExchangeError::Head(httparse::Error::HeaderName))?;
        let value = HeaderValue::from_maybe_shared(text.slice_ref(header.value))
            .map_err(|_| ExchangeError::Head(httparse::Error::HeaderValue))?;
        framing.note(&name, header.value)?;
        headers.append(name, value);
    }
    let bodiless = bodiless || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let old = answer.version == Some(0);
    let (body, reusable) = framing.conclude(old, bodiless, &mut headers)?;
    let reason = answer
        .reason
        .filter(|reason| status.canonical_reason() != Some(*reason))
        .and_then(|reason| ReasonPhrase::try_from(reason.as_bytes()).ok());
    Ok(Some(Head {
        status,
        reason,
        headers,
        body,
        reusable,
    }))
}

/// What the headers say about the body's end and the connection.
#[derive(Debug, Default)]
struct Framing {
    length: Option<u64>,
    /// It is said more than once, or as a list.
    repeated: bool,
    chunked: bool,
    other_coding: bool,
    close: bool,
    keep_alive: bool,
}

impl Framing {
    fn note(&mut self, name: &HeaderName, value: &[u8]) -> Result<(), ExchangeError> {
        match *name {
            CONTENT_LENGTH => {
                self.repeated |= self.length.is_some() || value.contains(&b',');
                for length in value.split(|byte| *byte == b',') {
                    let length = number(length.trim_ascii()).ok_or(ExchangeError::ContentLength)?;
                    if self.length.is_some_and(|before| before != length) {
                        return Err(ExchangeError::ContentLength);
                    }
                    self.length = Some(length);
                }
            }
            TRANSFER_ENCODING => {
                let chunked = value.trim_ascii().eq_ignore_ascii_case(b"chunked");
                self.other_coding |= self.chunked || !chunked;
                self.chunked |= chunked;
            }
            CONNECTION => {
                for option in value.split(|byte| *byte == b',') {
                    let option = option.trim_ascii();
                    self.close |= option.eq_ignore_ascii_case(b"close");
                    self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The body, and whether the connection may be used again (RFC 9112, 6.3 and 9.3).
    fn conclude(
        self,
        old: bool,
        bodiless: bool,
        headers: &mut HeaderMap,
    ) -> Result<(Body, bool), ExchangeError> {
        let reusable = !self.close && (!old || self.keep_alive);
        let coded = self.chunked || self.other_coding;
        if coded && self.length.is_some() {
            // One of the two is wrong; nobody after us shall go by the other one.
            headers.remove(CONTENT_LENGTH);
        } else if self.repeated
            && let Some(length) = self.length
        {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        if bodiless {
            return Ok((Body::Done, reusable));
        }
        if coded {
            if old || self.other_coding {
                return Err(ExchangeError::TransferEncoding);
            }
            return Ok((Body::chunked(), reusable && self.length.is_none()));
        }
        Ok(match self.length {
            Some(length) => (Body::of_length(length), reusable),
            None => (Body::UntilClose, false),
        })
    }
}

/// Digits and nothing else.
fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}
