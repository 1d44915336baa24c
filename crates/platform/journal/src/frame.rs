//! Frames: the length, the CRC32 and the JSON of one fact. Writing one, and reading a file of them, damaged or not.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use facts::{CallClosed, CallOpened, CallProgress};
use kernel::CallId;
use serde::{Deserialize, Serialize};

/// Length and CRC32, both little endian.
const HEADER: usize = 8;
/// A larger body is no fact.
pub(crate) const MAX_BODY: usize = 4 << 20;
/// How every body begins; what a reader looks for behind damage.
const MARK: &[u8] = b"{\"fact\":\"";
/// Bytes read from the file at once.
const WINDOW: usize = 1 << 20;

/// A fact by reference, with the JSON form of [`facts::Fact`].
#[derive(Serialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub(crate) enum FactRef<'a> {
    Opened(&'a CallOpened),
    Progress(&'a CallProgress),
    Closed(&'a CallClosed),
}

/// What sort of fact a frame holds, and of which call: all that recovery needs of most.
#[derive(Debug, Deserialize)]
pub(crate) struct Head {
    pub(crate) fact: Sort,
    pub(crate) id: CallId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sort {
    Opened,
    Progress,
    Closed,
}

/// Writes the frame of a fact into `buffer`, replacing what it held.
pub(crate) fn encode(fact: &FactRef<'_>, buffer: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    buffer.clear();
    buffer.extend_from_slice(&[0; HEADER]);
    match fact {
        FactRef::Opened(fact) => facts::written::opened(fact, buffer),
        FactRef::Closed(fact) => facts::written::closed(fact, buffer),
        FactRef::Progress(_) => serde_json::to_writer(&mut *buffer, fact)?,
    }
    let (header, body) = buffer.split_at_mut(HEADER);
    // A body over the bound is refused by the caller, so the length fits.
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    header[..4].copy_from_slice(&length.to_le_bytes());
    header[4..].copy_from_slice(&crc32fast::hash(body).to_le_bytes());
    Ok(())
}

/// The JSON within a whole frame.
pub(crate) fn body(frame: &[u8]) -> &[u8] {
    frame.get(HEADER..).unwrap_or_default()
}

/// A frame found in a file.
pub(crate) struct Found<'a> {
    /// Where it begins.
    pub(crate) start: u64,
    /// Where the next one begins.
    pub(crate) end: u64,
    /// Its JSON.
    pub(crate) body: &'a [u8],
}

/// Reads the whole frames of a file, one by one, stepping over damage.
pub(crate) struct Reader {
    file: File,
    /// Nothing from here on is read.
    limit: u64,
    /// Where in the file the buffer begins.
    base: u64,
    buffer: Vec<u8>,
    /// Where in the buffer the next frame is expected.
    next: usize,
    /// Where the last whole frame ended.
    good: u64,
}

impl Reader {
    /// Reads from `start`, which must be the start of a frame, to `limit`.
    pub(crate) fn new(file: File, start: u64, limit: u64) -> Self {
        Self {
            file,
            limit,
            base: start,
            buffer: Vec::new(),
            next: 0,
            good: start,
        }
    }

    /// Where the last whole frame ended.
    pub(crate) const fn good(&self) -> u64 {
        self.good
    }

    /// The next whole frame; `None` when there is none before the limit.
    pub(crate) fn next(&mut self) -> io::Result<Option<Found<'_>>> {
        while self.fill(HEADER)? {
            let length = self.number(0) as usize;
            let crc = self.number(4);
            if length >= MARK.len() && length <= MAX_BODY && self.fill(HEADER + length)? {
                let body = self.next + HEADER..self.next + HEADER + length;
                if crc32fast::hash(&self.buffer[body.clone()]) == crc {
                    let start = self.base + self.next as u64;
                    self.next = body.end;
                    self.good = self.base + body.end as u64;
                    return Ok(Some(Found {
                        start,
                        end: self.good,
                        body: &self.buffer[body],
                    }));
                }
            }
            if !self.seek_mark()? {
                break;
            }
        }
        Ok(None)
    }

    /// The little-endian number at `at` within the header; the header is in the buffer.
    fn number(&self, at: usize) -> u32 {
        let mut bytes = [0; 4];
        bytes.copy_from_slice(&self.buffer[self.next + at..self.next + at + 4]);
        u32::from_le_bytes(bytes)
    }

    /// Moves to the next place behind this one where a frame may begin.
    fn seek_mark(&mut self) -> io::Result<bool> {
        let mut from = self.next + 1;
        loop {
            let found = self
                .buffer
                .get(from + HEADER..)
                .and_then(|rest| memchr::memmem::find(rest, MARK));
            if let Some(at) = found {
                self.next = from + at;
                return Ok(true);
            }
            // The mark may straddle the window's end.
            self.next = from.max(self.buffer.len().saturating_sub(HEADER + MARK.len()));
            if !self.fill(self.buffer.len() - self.next.min(self.buffer.len()) + 1)? {
                return Ok(false);
            }
            from = self.next;
        }
    }

    /// Makes sure that `count` bytes from the next place on are in the buffer; false when the file ends before.
    fn fill(&mut self, count: usize) -> io::Result<bool> {
        while self.buffer.len() < self.next + count {
            let read_to = self.base + self.buffer.len() as u64;
            if read_to >= self.limit {
                return Ok(false);
            }
            let consumed = self.next.min(self.buffer.len());
            self.buffer.drain(..consumed);
            self.base += consumed as u64;
            self.next -= consumed;
            let held = self.buffer.len();
            let room = usize::try_from(self.limit - read_to)
                .unwrap_or(WINDOW)
                .min(WINDOW);
            self.buffer.resize(held + room, 0);
            let read = self.file.read_at(&mut self.buffer[held..], read_to)?;
            self.buffer.truncate(held + read);
            if read == 0 {
                self.limit = read_to;
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
