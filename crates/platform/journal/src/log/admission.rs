//! The bound: a call is admitted only while there is room for its end and for the ends of all that are open.

use kernel::CallId;

use super::{Log, OpenCall};
use crate::error::JournalError;
use crate::frame::{MAX_BODY, Sort};
use crate::segment::Span;

/// A call's end is its beginning's texts once more, and this much of counts, attempts and messages.
const END_BYTES: u64 = 4 << 10;
/// An `Opened` fact holds texts of the request; larger ones are refused so that their ends fit too.
const MAX_OPENED: usize = 256 << 10;

/// Room kept for an open call: its end, and its beginning carried forward once.
const fn reserve(opened_bytes: u64) -> u64 {
    END_BYTES + 2 * opened_bytes
}

impl Log {
    /// Whether a fact may be written. The end of a call always may.
    pub(super) fn admit(&self, sort: Sort, call: CallId, frame: &[u8]) -> Result<(), JournalError> {
        let limit = if sort == Sort::Opened {
            MAX_OPENED
        } else {
            MAX_BODY
        };
        if frame.len() > limit {
            return Err(JournalError::TooLarge { bytes: frame.len() });
        }
        let needed = match sort {
            Sort::Opened if !self.open.contains_key(&call) => reserve(frame.len() as u64),
            _ => 0,
        };
        if self.bytes + frame.len() as u64 + self.reserved + needed > self.max_bytes {
            return Err(JournalError::Full);
        }
        Ok(())
    }

    /// Whether a usual call would be refused for want of room.
    pub(crate) fn is_full(&self) -> bool {
        const USUAL: u64 = 1 << 10;
        self.bytes + USUAL + self.reserved + reserve(USUAL) > self.max_bytes
    }

    /// Remembers where a fact of an open call lies.
    pub(crate) fn note(&mut self, sort: Sort, call: CallId, span: Span) {
        match sort {
            Sort::Opened => {
                let new = OpenCall {
                    opened: span,
                    progress: None,
                };
                if let Some(open) = self.open.get_mut(&call) {
                    open.opened = span;
                } else {
                    self.open.insert(call, new);
                    self.reserved += reserve(span.bytes);
                }
            }
            Sort::Progress => {
                if let Some(open) = self.open.get_mut(&call) {
                    open.progress = Some(span);
                }
            }
            Sort::Closed => self.forget(call),
        }
    }

    /// The call has ended: its room is free.
    pub(crate) fn forget(&mut self, call: CallId) {
        if let Some(open) = self.open.remove(&call) {
            self.reserved -= reserve(open.opened.bytes);
        }
    }
}
