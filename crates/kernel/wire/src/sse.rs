//! Server-sent events as bytes: where events end, and what they say. What they mean is the meter's work.

use std::borrow::Cow;
use std::ops::Range;

use bytes::{Bytes, BytesMut};
use kernel::{Failure, Kind};
use memchr::memchr2;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// An event grew over the bound before its end was seen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the upstream sent an event of more than {0} bytes; raise `gateway.max_event_bytes` to let it pass"
)]
pub struct EventTooLarge(pub usize);

impl Failure for EventTooLarge {
    fn kind(&self) -> Kind {
        Kind::Upstream
    }

    fn code(&self) -> &'static str {
        "UPSTREAM_EVENT_TOO_LARGE"
    }
}

/// Cuts a stream of chunks at event boundaries, whatever the chunks' own boundaries are. Every byte comes out once,
/// in order; each byte is looked at once.
#[derive(Debug)]
pub struct Splitter {
    max_event_bytes: usize,
    /// The beginning of an event whose end has not come.
    held: BytesMut,
    place: Place,
}

/// What the last byte seen was, as far as line ends go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Inside a line.
    InLine,
    /// At the start of a line, after a line feed (or at the very start).
    LineStart,
    /// At the start of a line, after a carriage return: a line feed now belongs to it.
    AfterCr,
    /// The same, and that line was blank: the event is over.
    AfterBlankCr,
}

impl Splitter {
    /// A splitter that holds at most `max_event_bytes` of an unfinished event.
    #[must_use]
    pub fn new(max_event_bytes: usize) -> Self {
        Self {
            max_event_bytes,
            held: BytesMut::new(),
            place: Place::LineStart,
        }
    }

    /// Takes a chunk and gives the bytes up to and including the last event boundary, if there is one now. The chunk
    /// itself comes back when it ends on a boundary and nothing was held.
    pub fn push(&mut self, chunk: Bytes) -> Result<Option<Bytes>, EventTooLarge> {
        if chunk.is_empty() {
            return Ok(None);
        }
        let boundary = self.last_boundary(&chunk);
        let Some(end) = boundary else {
            if self.held.len() + chunk.len() > self.max_event_bytes {
                self.held = BytesMut::new();
                return Err(EventTooLarge(self.max_event_bytes));
            }
            self.held.extend_from_slice(&chunk);
            return Ok(None);
        };
        let whole = if self.held.is_empty() {
            if end == chunk.len() {
                return Ok(Some(chunk));
            }
            chunk.slice(..end)
        } else {
            let mut held = std::mem::take(&mut self.held);
            held.extend_from_slice(&chunk[..end]);
            held.freeze()
        };
        self.held.extend_from_slice(&chunk[end..]);
        Ok(Some(whole))
    }

    /// Bytes of an unfinished event.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// The unfinished event, for a stream that ended without its last blank line.
    pub fn take_rest(&mut self) -> Bytes {
        self.place = Place::LineStart;
        std::mem::take(&mut self.held).freeze()
    }

    /// The end of the last boundary in the chunk. Moves `place` to the chunk's end.
    fn last_boundary(&mut self, chunk: &[u8]) -> Option<usize> {
        // Two line feeds in a row, or CRLF twice, end an event whatever stood before.
        if chunk.ends_with(b"\n\n") || chunk.ends_with(b"\r\n\r\n") {
            self.place = Place::LineStart;
            return Some(chunk.len());
        }
        let mut boundary = None;
        let mut at = 0;
        let mut place = self.place;
        while at < chunk.len() {
            if place == Place::InLine {
                match memchr2(b'\n', b'\r', &chunk[at..]) {
                    None => break,
                    Some(offset) => at += offset,
                }
            }
            let (next, ends) = match (chunk[at], place) {
                (b'\n', Place::InLine | Place::AfterCr) => (Place::LineStart, false),
                (b'\n', Place::LineStart | Place::AfterBlankCr) => (Place::LineStart, true),
                (b'\r', Place::InLine) => (Place::AfterCr, false),
                (b'\r', _) => (Place::AfterBlankCr, true),
                _ => (Place::InLine, false),
            };
            at += 1;
            place = next;
            if ends {
                boundary = Some(at);
            }
        }
        self.place = place;
        boundary
    }
}

/// One event of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event<'a> {
    /// Where it stands in the block, its blank line included. Blank lines before it belong to no event.
    pub range: Range<usize>,
    /// The value of its `event` field.
    pub name: Option<&'a [u8]>,
    /// Its `data` lines joined by line feeds; borrowed when there is but one.
    pub data: Cow<'a, [u8]>,
}

/// The events of a block of whole events. A last one without its blank line is given as it stands.
pub fn events(block: &[u8]) -> impl Iterator<Item = Event<'_>> {
    Events { block, at: 0 }
}

struct Events<'a> {
    block: &'a [u8],
    at: usize,
}

impl<'a> Events<'a> {
    /// The next line without its end, and where the one after it starts.
    fn line(&self) -> Option<(&'a [u8], usize)> {
        let rest = self.block.get(self.at..).filter(|rest| !rest.is_empty())?;
        Some(match memchr2(b'\n', b'\r', rest) {
            None => (rest, self.block.len()),
            Some(end) => {
                let crlf = rest[end] == b'\r' && rest.get(end + 1) == Some(&b'\n');
                (&rest[..end], self.at + end + 1 + usize::from(crlf))
            }
        })
    }
}

impl<'a> Iterator for Events<'a> {
    type Item = Event<'a>;

    fn next(&mut self) -> Option<Event<'a>> {
        let (mut line, mut next) = self.line()?;
        while line.is_empty() {
            self.at = next;
            (line, next) = self.line()?;
        }
        let start = self.at;
        let mut name = None;
        let mut data: Option<Cow<'a, [u8]>> = None;
        let mut line = line.strip_prefix(BOM).unwrap_or(line);
        loop {
            match field(line) {
                (b"data", value) => match &mut data {
                    None => data = Some(Cow::Borrowed(value)),
                    Some(lines) => {
                        let lines = lines.to_mut();
                        lines.push(b'\n');
                        lines.extend_from_slice(value);
                    }
                },
                (b"event", value) => name = Some(value),
                _ => {}
            }
            self.at = next;
            let Some((following, after)) = self.line() else {
                break;
            };
            next = after;
            if following.is_empty() {
                self.at = next;
                break;
            }
            line = following;
        }
        Some(Event {
            range: start..self.at,
            name,
            data: data.unwrap_or_default(),
        })
    }
}

/// A line's field name and value; a comment has an empty name.
fn field(line: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b':', line) {
        None => (line, b""),
        Some(colon) => {
            let value = &line[colon + 1..];
            (&line[..colon], value.strip_prefix(b" ").unwrap_or(value))
        }
    }
}

#[cfg(test)]
mod tests;
