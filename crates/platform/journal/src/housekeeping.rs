//! Forgetting: the checkpoint moves on, segments whose calls are all in the store go, and calls still open in them
//! are carried forward first, so that a long stream never holds old segments. Blocking; run off the runtime.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;

use kernel::CallId;

use crate::checkpoint;
use crate::error::JournalError;
use crate::frame::Sort;
use crate::handle::Shared;
use crate::log::Log;
use crate::segment::{Position, Span};

/// Facts carried forward under one lock.
const CARRIED_AT_ONCE: usize = 32;

/// What there is to forget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    Nothing,
    /// More is in the store than the checkpoint says: it costs time after a crash, and can wait.
    Checkpoint,
    /// A whole segment is in the store: its room may be wanted.
    Room,
}

/// Whether there may be something to forget.
pub(crate) fn due(shared: &Shared) -> Due {
    let mut log = shared.log.lock();
    // An end that is in memory alone: until it is in the store, its beginning must be found again after a stop.
    if log.waiting.has_stranded() {
        return Due::Nothing;
    }
    let end = log.end();
    log.waiting.settle_idle(end);
    let delivered = log.waiting.delivered;
    let ended = log.ended.front();
    if ended.is_some_and(|ended| ended.number < delivered.segment) {
        Due::Room
    } else if delivered != *shared.checkpoint.lock() {
        Due::Checkpoint
    } else {
        Due::Nothing
    }
}

/// Writes the checkpoint and removes what it makes superfluous.
pub(crate) fn tidy(shared: &Shared) -> Result<(), JournalError> {
    let dir = &shared.options.dir;
    let delivered = shared.log.lock().waiting.delivered;
    let written = *shared.checkpoint.lock();
    if written != delivered {
        checkpoint::write(dir, delivered)
            .map_err(JournalError::file("write the checkpoint in", dir))?;
        *shared.checkpoint.lock() = delivered;
    }
    loop {
        // Bound by itself, so that the lock is not held in the loop.
        let removable = removable(&shared.log.lock(), delivered);
        let Some(number) = removable else {
            return Ok(());
        };
        carry_forward(shared, number)?;
        let path = shared.log.lock().path(number);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(JournalError::file("remove", path)(error));
            }
            _ => {}
        }
        let mut log = shared.log.lock();
        if let Some(gone) = log.ended.pop_front() {
            log.bytes -= gone.len;
        }
    }
}

/// The oldest segment, if its closed calls are in the store and carrying forward what is open in it pays: at least
/// half of what lies in ended segments must be superfluous, else many open calls would be copied again and again.
fn removable(log: &Log, delivered: Position) -> Option<u64> {
    let oldest = log.ended.front()?.number;
    if oldest >= delivered.segment {
        return None;
    }
    let (mut needed_there, mut needed) = (0, 0);
    for open in log.open.values() {
        for span in [Some(open.opened), open.progress].into_iter().flatten() {
            needed += span.bytes;
            needed_there += u64::from(span.segment == oldest) * span.bytes;
        }
    }
    let ended = log.bytes - log.current.len;
    (needed_there == 0 || ended >= 2 * needed).then_some(oldest)
}

/// Writes the facts of calls that are still open and lie in segment `number` once more, at the end of the log.
fn carry_forward(shared: &Shared, number: u64) -> Result<(), JournalError> {
    let carried: Vec<(CallId, Sort, Span)> = {
        let log = shared.log.lock();
        log.open
            .iter()
            .flat_map(|(call, open)| {
                let progress = open.progress.map(|span| (*call, Sort::Progress, span));
                [Some((*call, Sort::Opened, open.opened)), progress]
            })
            .flatten()
            .filter(|(_, _, span)| span.segment == number)
            .collect()
    };
    if carried.is_empty() {
        return Ok(());
    }
    let path = shared.log.lock().path(number);
    let file = File::open(&path).map_err(JournalError::file("open", &path))?;
    for chunk in carried.chunks(CARRIED_AT_ONCE) {
        let frames = chunk
            .iter()
            .map(|(call, sort, span)| read(&file, *span).map(|frame| (*call, *sort, *span, frame)))
            .collect::<io::Result<Vec<_>>>()
            .map_err(JournalError::file("read", &path))?;
        let mut log = shared.log.lock();
        for (call, sort, span, frame) in frames {
            // It may have ended, or gone on, in the meantime.
            let still = log.open.get(&call).is_some_and(|open| match sort {
                Sort::Opened => open.opened == span,
                Sort::Progress => open.progress == Some(span),
                Sort::Closed => false,
            });
            if still {
                let carried = log.write(&frame).inspect_err(|_| shared.mark_dirty())?;
                log.note(sort, call, carried);
            }
        }
    }
    // The old copy goes next: the new one must not be lost with the power.
    crate::sync::sync(shared);
    match &shared.log.lock().disk_error {
        Some(error) => Err(JournalError::Disk(error.clone())),
        None => Ok(()),
    }
}

fn read(file: &File, span: Span) -> io::Result<Vec<u8>> {
    let mut frame = vec![0; usize::try_from(span.bytes).unwrap_or(0)];
    file.read_exact_at(&mut frame, span.offset)?;
    Ok(frame)
}
