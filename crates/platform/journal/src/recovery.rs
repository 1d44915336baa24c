//! Taking up what an earlier process left. Nothing here runs while calls do.

use std::collections::VecDeque;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

use ahash::{AHashMap, AHashSet};
use facts::{CallOpened, CallProgress};
use kernel::{CallId, Clock};
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

use crate::error::JournalError;
use crate::frame::{self, FactRef, Head, Reader, Sort};
use crate::handle::Shared;
use crate::log::{Ended, Log};
use crate::options::Options;
use crate::segment::{self, Position, Segment, Span};
use crate::sink::Delivery;
use crate::{checkpoint, interrupted};

/// What was found at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recovery {
    /// Closed calls that the store does not have yet, the interrupted ones among them.
    pub pending: usize,
    /// Calls that were open; they are closed as interrupted now.
    pub interrupted: usize,
}

/// What a reading of all segments finds.
#[derive(Default)]
struct Found {
    ended: VecDeque<Ended>,
    opened: AHashMap<CallId, Span>,
    /// Apart, because a beginning that was carried forward stands behind its progress.
    progress: AHashMap<CallId, Span>,
    closed: AHashSet<CallId>,
    /// Closed calls behind the checkpoint.
    pending: u64,
}

pub(crate) fn open(
    options: Options,
    clock: &dyn Clock,
) -> Result<(Shared, Recovery), JournalError> {
    let dir = options.dir.clone();
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&dir)
        .map_err(JournalError::file("make the folder", &dir))?;
    let lock = lock(&dir)?;
    let delivered = checkpoint::read(&dir);
    let numbers = segment::list(&dir).map_err(JournalError::file("list", &dir))?;
    let mut found = Found::default();
    for number in &numbers {
        scan(&dir, *number, delivered, &mut found)?;
    }
    // Beyond every number used, so that a position means one place for ever.
    let number = numbers.last().copied().max(Some(delivered.segment));
    let current = Segment::create(&dir, number.unwrap_or(0) + 1)
        .map_err(JournalError::file("make a segment in", &dir))?;
    segment::sync_dir(&dir).map_err(JournalError::file("sync", &dir))?;
    let mut log = Log::new(&options, current, std::mem::take(&mut found.ended));
    log.waiting.resume(delivered, found.pending, clock.now());
    let interrupted = close_open_calls(&mut log, &found)?;
    let recovery = Recovery {
        pending: usize::try_from(log.waiting.pending()).unwrap_or(usize::MAX),
        interrupted,
    };
    let shared = Shared {
        options,
        delivered: watch::Sender::new(log.waiting.count_delivered),
        log: Mutex::new(log),
        dirty: AtomicBool::new(true),
        syncer: Mutex::new(None),
        work: Notify::new(),
        ready: Notify::new(),
        delivery_error: Mutex::new(None),
        rejected: AtomicU64::new(0),
        checkpoint: Mutex::new(delivered),
        lock,
    };
    Ok((shared, recovery))
}

fn lock(dir: &Path) -> Result<File, JournalError> {
    let path = dir.join("lock");
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(JournalError::file("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(JournalError::Locked(dir.to_owned())),
        Err(TryLockError::Error(error)) => Err(JournalError::file("lock", path)(error)),
    }
}

/// Reads one segment; its torn tail, if it has one, is cut off.
fn scan(
    dir: &Path,
    number: u64,
    delivered: Position,
    found: &mut Found,
) -> Result<(), JournalError> {
    let path = segment::path(dir, number);
    let failed = || JournalError::file("read", &path);
    let file = File::options()
        .read(true)
        .write(true)
        .open(&path)
        .map_err(failed())?;
    let len = file.metadata().map_err(failed())?.len();
    let mut reader = Reader::new(file.try_clone().map_err(failed())?, 0, len);
    while let Some(frame) = reader.next().map_err(failed())? {
        let Ok(head) = serde_json::from_slice::<Head>(frame.body) else {
            tracing::warn!(
                segment = number,
                "a fact of a kind that this version does not know"
            );
            continue;
        };
        let span = Span {
            segment: number,
            offset: frame.start,
            bytes: frame.end - frame.start,
        };
        let end = Position {
            segment: number,
            offset: frame.end,
        };
        found.note(&head, span, end > delivered);
    }
    let good = reader.good();
    if good < len {
        tracing::warn!(
            segment = number,
            bytes = len - good,
            "cut a torn tail off the journal"
        );
        file.set_len(good).map_err(failed())?;
    }
    if good == 0 {
        // An earlier start that wrote nothing.
        return fs::remove_file(&path).map_err(failed());
    }
    found.ended.push_back(Ended { number, len: good });
    Ok(())
}

impl Found {
    fn note(&mut self, head: &Head, span: Span, is_pending: bool) {
        match head.fact {
            Sort::Closed => {
                self.opened.remove(&head.id);
                self.progress.remove(&head.id);
                self.closed.insert(head.id);
                self.pending += u64::from(is_pending);
            }
            _ if self.closed.contains(&head.id) => {}
            Sort::Opened => {
                self.opened.insert(head.id, span);
            }
            Sort::Progress => {
                self.progress.insert(head.id, span);
            }
        }
    }
}

/// Ends the calls that were open, oldest first.
fn close_open_calls(log: &mut Log, found: &Found) -> Result<usize, JournalError> {
    let mut open: Vec<(&CallId, &Span)> = found.opened.iter().collect();
    open.sort_unstable();
    let mut buffer = Vec::new();
    let mut count = 0;
    for (id, span) in open {
        let Some(opened) = read::<CallOpened>(log, *span)? else {
            tracing::error!(call = %id, "an open call's record cannot be read by this version");
            continue;
        };
        let progress = match found.progress.get(id) {
            Some(span) => read::<CallProgress>(log, *span)?,
            None => None,
        };
        let closed = Arc::new(interrupted::close(opened, progress.as_ref()));
        frame::encode(&FactRef::Closed(&closed), &mut buffer)
            .map_err(|error| JournalError::Encode(Arc::new(error)))?;
        let json = String::from_utf8_lossy(frame::body(&buffer)).into();
        if let Err(error) = log.close(Delivery { call: closed, json }, &buffer) {
            // A disk that fails from the start must not keep the process from starting: the record is in memory, and
            // its beginning in the file until it is delivered.
            tracing::error!(call = %id, %error, "the end of an interrupted call cannot be written");
        }
        count += 1;
    }
    Ok(count)
}

fn read<T: serde::de::DeserializeOwned>(log: &Log, span: Span) -> Result<Option<T>, JournalError> {
    let path = log.path(span.segment);
    let mut frame = vec![0; usize::try_from(span.bytes).unwrap_or(0)];
    File::open(&path)
        .and_then(|file| file.read_exact_at(&mut frame, span.offset))
        .map_err(JournalError::file("read", &path))?;
    Ok(serde_json::from_slice(frame::body(&frame)).ok())
}
