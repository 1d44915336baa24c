//! The thread that syncs what was written, and that tries a failing disk again. It never holds the log's lock while
//! it waits for the disk.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::handle::Shared;
use crate::segment::{self, Segment};

/// A failing disk is tried again this often.
const TRY_AGAIN: Duration = Duration::from_millis(250);
/// What must be writable before a disk counts as sound again.
static PROBE: [u8; 64 << 10] = [0; 64 << 10];

/// The thread's handle. Dropping it ends the thread without waiting.
pub(crate) struct Syncer {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

pub(crate) fn spawn(shared: Arc<Shared>) -> Syncer {
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let thread = std::thread::Builder::new()
        .name("journal-sync".to_owned())
        .spawn(move || run(&shared, &stopped));
    let thread = match thread {
        Ok(thread) => Some(thread),
        Err(error) => {
            tracing::error!(%error, "no thread for syncing the journal; the loss of power would lose what was not delivered");
            None
        }
    };
    Syncer { stop, thread }
}

impl Syncer {
    /// Syncs once more and ends.
    pub(crate) fn stop(mut self) {
        if let Some(thread) = self.end()
            && thread.join().is_err()
        {
            tracing::error!("the journal's sync thread panicked");
        }
    }

    fn end(&mut self) -> Option<JoinHandle<()>> {
        self.stop.store(true, Ordering::SeqCst);
        let thread = self.thread.take()?;
        thread.thread().unpark();
        Some(thread)
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        let _ended = self.end();
    }
}

fn run(shared: &Shared, stop: &AtomicBool) {
    *shared.syncer.lock() = Some(std::thread::current());
    while !stop.load(Ordering::SeqCst) {
        if shared.log.lock().disk_error.is_some() {
            pause(TRY_AGAIN, stop);
            repair(shared);
        } else if shared.dirty.load(Ordering::SeqCst) {
            pause(shared.options.sync_every, stop);
            sync(shared);
        } else {
            std::thread::park();
        }
    }
    *shared.syncer.lock() = None;
    sync(shared);
}

/// Waits, whatever unparks the thread, unless it is to end.
fn pause(time: Duration, stop: &AtomicBool) {
    let until = Instant::now() + time;
    while !stop.load(Ordering::SeqCst) {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        std::thread::park_timeout(left);
    }
}

/// Syncs all that was written before this call.
pub(crate) fn sync(shared: &Shared) {
    shared.dirty.store(false, Ordering::SeqCst);
    let (ended, current): (Vec<Arc<File>>, Arc<File>) = {
        let mut log = shared.log.lock();
        (
            std::mem::take(&mut log.unsynced),
            Arc::clone(&log.current.file),
        )
    };
    for file in &ended {
        if let Err(error) = file.sync_data() {
            // It is written no more, and what it holds is still in memory: only the loss of power could lose it.
            tracing::error!(%error, "an ended segment of the journal cannot be synced");
        }
    }
    let synced = current.sync_data().and_then(|()| {
        if ended.is_empty() {
            return Ok(());
        }
        segment::sync_dir(&shared.options.dir)
    });
    if let Err(error) = synced {
        // What the kernel could not write it may have dropped, so this segment is not trusted with more.
        shared.log.lock().fail(error);
    }
}

/// Goes on in a new segment once one can be written and synced.
fn repair(shared: &Shared) {
    let number = shared.log.lock().current.number + 1;
    match try_segment(shared, number) {
        Ok(segment) => {
            let mut log = shared.log.lock();
            log.begin(segment);
            log.disk_error = None;
            tracing::info!("the journal can be written again; calls are admitted");
        }
        Err(error) => tracing::debug!(%error, "the journal's disk still fails"),
    }
}

fn try_segment(shared: &Shared, number: u64) -> io::Result<Segment> {
    let dir = &shared.options.dir;
    // A try that failed half way leaves its file behind.
    match std::fs::remove_file(segment::path(dir, number)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let segment = Segment::create(dir, number)?;
    segment.file.write_all_at(&PROBE, 0)?;
    segment.file.sync_data()?;
    segment.file.set_len(0)?;
    segment::sync_dir(dir)?;
    Ok(segment)
}
