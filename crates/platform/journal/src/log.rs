//! The log in memory: the segment being written, the calls that are open, and the closed ones that wait for delivery.
//! One short lock guards it; nothing under that lock encodes, syncs or reads a file.

mod admission;
mod waiting;

use std::collections::VecDeque;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use ahash::AHashMap;
use kernel::CallId;

use crate::error::JournalError;
use crate::frame::Sort;
use crate::options::Options;
use crate::segment::{self, Position, Segment, Span};
use crate::sink::Delivery;
pub(crate) use waiting::{Count, Source, Waiting};

/// Where an open call's facts lie, for carrying them forward and for knowing what to keep room for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OpenCall {
    pub(crate) opened: Span,
    pub(crate) progress: Option<Span>,
}

/// A segment that is written no more.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ended {
    pub(crate) number: u64,
    pub(crate) len: u64,
}

/// What the lock guards.
pub(crate) struct Log {
    dir: PathBuf,
    max_bytes: u64,
    segment_limit: u64,
    pub(crate) current: Segment,
    /// In the order of writing.
    pub(crate) ended: VecDeque<Ended>,
    /// Ended but not yet synced to their end.
    pub(crate) unsynced: Vec<Arc<std::fs::File>>,
    /// Bytes of all segments.
    pub(crate) bytes: u64,
    pub(crate) open: AHashMap<CallId, OpenCall>,
    /// Room kept for the ends of open calls.
    reserved: u64,
    pub(crate) waiting: Waiting,
    /// Set when a write or sync failed; cleared when a new segment could be written and synced.
    pub(crate) disk_error: Option<Arc<io::Error>>,
}

impl Log {
    pub(crate) fn new(options: &Options, current: Segment, ended: VecDeque<Ended>) -> Self {
        let bytes = ended.iter().map(|segment| segment.len).sum();
        Self {
            dir: options.dir.clone(),
            max_bytes: options.max_bytes,
            segment_limit: options.segment_limit(),
            current,
            ended,
            unsynced: Vec::new(),
            bytes,
            open: AHashMap::new(),
            reserved: 0,
            waiting: Waiting::default(),
            disk_error: None,
        }
    }

    /// Where the next frame will end up.
    pub(crate) const fn end(&self) -> Position {
        Position {
            segment: self.current.number,
            offset: self.current.len,
        }
    }

    /// Appends the frame of an `Opened` or `Progress` fact.
    pub(crate) fn append(
        &mut self,
        sort: Sort,
        call: CallId,
        frame: &[u8],
    ) -> Result<(), JournalError> {
        self.admit(sort, call, frame)?;
        let span = self.write(frame)?;
        self.note(sort, call, span);
        Ok(())
    }

    /// Appends the frame of a `Closed` fact and queues it for delivery; on a failing disk it is still delivered.
    pub(crate) fn close(&mut self, delivery: Delivery, frame: &[u8]) -> Result<(), JournalError> {
        let written = self.write(frame);
        self.forget(delivery.call.id);
        match written {
            Ok(span) => {
                self.waiting.push(delivery, span);
                Ok(())
            }
            Err(error) => {
                self.waiting.strand(delivery);
                Err(error)
            }
        }
    }

    /// Writes a frame at the end of the current segment, beginning a new one where it is full.
    pub(crate) fn write(&mut self, frame: &[u8]) -> Result<Span, JournalError> {
        if let Some(error) = &self.disk_error {
            return Err(JournalError::Disk(Arc::clone(error)));
        }
        let written = self.try_write(frame);
        written.map_err(|error| self.fail(error))
    }

    fn try_write(&mut self, frame: &[u8]) -> io::Result<Span> {
        let bytes = frame.len() as u64;
        if self.current.len > 0 && self.current.len + bytes > self.segment_limit {
            let next = Segment::create(&self.dir, self.current.number + 1)?;
            self.begin(next);
        }
        // At a known place rather than at the file's end: what a failed write leaves behind is written over.
        self.current.file.write_all_at(frame, self.current.len)?;
        let span = Span {
            segment: self.current.number,
            offset: self.current.len,
            bytes,
        };
        self.current.len += bytes;
        self.bytes += bytes;
        Ok(span)
    }

    /// Ends the current segment and goes on in `next`.
    pub(crate) fn begin(&mut self, next: Segment) {
        let last = std::mem::replace(&mut self.current, next);
        self.ended.push_back(Ended {
            number: last.number,
            len: last.len,
        });
        self.unsynced.push(last.file);
    }

    /// Refuses new calls from now on.
    pub(crate) fn fail(&mut self, error: io::Error) -> JournalError {
        tracing::error!(%error, "the journal cannot be written; new calls are refused");
        // Whatever part of a frame went out; failing at that too changes nothing, for readers step over it.
        let _cut = self.current.file.set_len(self.current.len);
        let error = Arc::new(error);
        self.disk_error = Some(Arc::clone(&error));
        JournalError::Disk(error)
    }

    /// The path of a segment.
    pub(crate) fn path(&self, number: u64) -> PathBuf {
        segment::path(&self.dir, number)
    }

    pub(crate) const fn max_bytes(&self) -> u64 {
        self.max_bytes
    }
}
