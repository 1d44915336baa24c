//! Closed calls that the store does not have yet, in the order of the log: as many in memory as the bounds allow,
//! the rest in the files, from where they are read again.

use std::collections::VecDeque;

use kernel::Timestamp;

use crate::segment::{Position, Span};
use crate::sink::Delivery;

/// Calls held in memory.
const MAX_HELD: usize = 20_000;
/// Bytes of JSON held in memory.
const MAX_HELD_BYTES: usize = 32 << 20;

/// See the module.
#[derive(Default)]
pub(crate) struct Waiting {
    held: VecDeque<(Delivery, Position)>,
    held_bytes: usize,
    unread: Option<Unread>,
    /// Could not be written to the disk: delivered before all others.
    stranded: VecDeque<Delivery>,
    /// Everything before is in the store.
    pub(crate) delivered: Position,
    /// Calls closed in the log, and of those in the store; only the difference and later comparisons mean anything.
    pub(crate) count: Count,
    pub(crate) count_delivered: Count,
}

/// Calls closed: written ones in the order of the log, and stranded ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Count {
    pub(crate) written: u64,
    pub(crate) stranded: u64,
}

impl Count {
    /// Whether all that `target` counts is counted here.
    pub(crate) const fn reaches(self, target: Self) -> bool {
        self.written >= target.written && self.stranded >= target.stranded
    }
}

/// A stretch of the log whose closed calls are not in memory.
#[derive(Debug, Clone, Copy)]
struct Unread {
    from: Position,
    /// Calls behind this are held in memory. `None`: it reaches to the end of the log and comes after what is held.
    until: Option<Position>,
    since: Timestamp,
}

/// What to deliver next.
pub(crate) struct Batch {
    pub(crate) source: Source,
    /// Empty when it has to be read from the files.
    pub(crate) calls: Vec<Delivery>,
}

/// Where a batch came from, which decides what its delivery means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Stranded,
    Held,
    Files { from: Position, until: Position },
}

/// When a call ended.
pub(crate) fn ended_at(delivery: &Delivery) -> Timestamp {
    let call = &delivery.call;
    Timestamp(
        call.started_at
            .micros()
            .saturating_add(i64::try_from(call.duration_us).unwrap_or(i64::MAX)),
    )
}

impl Waiting {
    /// Takes up what an earlier process left: `count` closed calls from `from` to the end of the log.
    pub(crate) fn resume(&mut self, from: Position, count: u64, since: Timestamp) {
        self.delivered = from;
        self.count.written += count;
        if count > 0 {
            self.unread = Some(Unread {
                from,
                until: None,
                since,
            });
        }
    }

    /// A closed call was written.
    pub(crate) fn push(&mut self, delivery: Delivery, span: Span) {
        self.count.written += 1;
        let start = Position {
            segment: span.segment,
            offset: span.offset,
        };
        let end = Position {
            segment: span.segment,
            offset: span.offset + span.bytes,
        };
        let bytes = delivery.json.len();
        let over = self.held.len() >= MAX_HELD || self.held_bytes + bytes > MAX_HELD_BYTES;
        match &mut self.unread {
            Some(Unread { until: None, .. }) => {}
            // Held ones come after the stretch that is being read: let the files have them too.
            Some(unread) if over => {
                unread.until = None;
                self.held.clear();
                self.held_bytes = 0;
            }
            None if over => {
                self.unread = Some(Unread {
                    from: start,
                    until: None,
                    since: ended_at(&delivery),
                });
            }
            _ => {
                self.held_bytes += bytes;
                self.held.push_back((delivery, end));
            }
        }
    }

    /// A closed call could not be written.
    pub(crate) fn strand(&mut self, delivery: Delivery) {
        self.count.stranded += 1;
        self.stranded.push_back(delivery);
    }

    /// What comes next, at most `limit` calls; it stays here until [`Self::settle`]. `end` is the end of the log.
    pub(crate) fn next(&mut self, limit: usize, end: Position) -> Option<Batch> {
        if !self.stranded.is_empty() {
            return Some(Batch {
                source: Source::Stranded,
                calls: self.stranded.iter().take(limit).cloned().collect(),
            });
        }
        if let Some(unread) = &mut self.unread {
            if unread.until.is_none() && self.held.is_empty() {
                unread.until = Some(end);
            }
            if let Some(until) = unread.until {
                return Some(Batch {
                    source: Source::Files {
                        from: unread.from,
                        until,
                    },
                    calls: Vec::new(),
                });
            }
        }
        let calls: Vec<Delivery> = self
            .held
            .iter()
            .take(limit)
            .map(|(delivery, _)| delivery.clone())
            .collect();
        (!calls.is_empty()).then_some(Batch {
            source: Source::Held,
            calls,
        })
    }

    /// The next `count` calls of `source` are in the store; `read_to` is how far a batch from the files was read.
    pub(crate) fn settle(&mut self, source: Source, count: usize, read_to: Position) {
        match source {
            Source::Stranded => {
                self.count_delivered.stranded += count as u64;
                self.stranded.drain(..count.min(self.stranded.len()));
            }
            Source::Held => {
                self.count_delivered.written += count as u64;
                for (delivery, end) in self.held.drain(..count.min(self.held.len())) {
                    self.held_bytes -= delivery.json.len();
                    self.delivered = end;
                }
            }
            Source::Files { .. } => {
                self.count_delivered.written += count as u64;
                self.delivered = read_to;
                if let Some(unread) = &mut self.unread {
                    unread.from = read_to;
                    if unread.until.is_some_and(|until| read_to >= until) {
                        self.unread = None;
                    }
                }
            }
        }
    }

    /// With nothing waiting, the whole log up to `end` is delivered.
    pub(crate) fn settle_idle(&mut self, end: Position) {
        if self.held.is_empty() && self.unread.is_none() {
            self.delivered = end;
        }
    }

    /// Whether there are ends that could not be written.
    pub(crate) fn has_stranded(&self) -> bool {
        !self.stranded.is_empty()
    }

    /// Calls held in memory, ready at once.
    pub(crate) fn ready(&self) -> usize {
        self.held.len()
    }

    /// Calls that the store does not have yet.
    pub(crate) fn pending(&self) -> u64 {
        (self.count.written - self.count_delivered.written)
            + (self.count.stranded - self.count_delivered.stranded)
    }

    /// When the oldest of them ended; of those left by an earlier process, when they were found.
    pub(crate) fn oldest(&self) -> Option<Timestamp> {
        let stranded = self.stranded.front().map(ended_at);
        let held = self.held.front().map(|(delivery, _)| ended_at(delivery));
        let unread = self.unread.as_ref().map(|unread| unread.since);
        [stranded, held, unread].into_iter().flatten().min()
    }
}
