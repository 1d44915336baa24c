//! The journal as calls and the process use it.

use std::cell::RefCell;
use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::Thread;

use facts::{CallClosed, Fact};
use kernel::Clock;
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

use crate::error::JournalError;
use crate::frame::{self, FactRef, MAX_BODY, Sort};
use crate::log::{Count, Log};
use crate::options::Options;
use crate::recovery::{self, Recovery};
use crate::segment::Position;
use crate::sink::{Delivery, Sink};
use crate::status::Status;
use crate::{delivery, sync};

/// A thread's buffer is given back when a fact made it larger than this.
const KEPT_BUFFER: usize = 64 << 10;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The journal. Cheap to clone; one per process and folder.
#[derive(Clone)]
pub struct Journal {
    shared: Arc<Shared>,
}

/// What the handle, the sync thread and the delivery task share.
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) log: Mutex<Log>,
    /// Written since the last sync began.
    pub(crate) dirty: AtomicBool,
    pub(crate) syncer: Mutex<Option<Thread>>,
    /// There is something to do where there was nothing: a first call waits, or a segment ended.
    pub(crate) work: Notify,
    /// A whole batch waits, or somebody waits for delivery.
    pub(crate) ready: Notify,
    /// Mirrors the log's own count for those who wait for it.
    pub(crate) delivered: watch::Sender<Count>,
    pub(crate) delivery_error: Mutex<Option<String>>,
    pub(crate) rejected: AtomicU64,
    /// As it was last written.
    pub(crate) checkpoint: Mutex<Position>,
    /// Holds the folder's lock until the journal is stopped.
    pub(crate) lock: File,
}

impl Journal {
    /// Opens the journal of a folder and takes up what an earlier process left: whole frames count, a torn tail is
    /// cut, calls that were open are closed as interrupted. Nothing is delivered before [`Self::start`].
    ///
    /// # Errors
    /// [`JournalError::Locked`] when another process uses the folder, [`JournalError::File`] when it cannot be used.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "every room is handed its clock like this"
    )]
    pub fn open(options: Options, clock: Arc<dyn Clock>) -> Result<(Self, Recovery), JournalError> {
        let (shared, recovery) = recovery::open(options, clock.as_ref())?;
        let journal = Self {
            shared: Arc::new(shared),
        };
        Ok((journal, recovery))
    }

    /// Appends a fact with one write; when this returns `Ok` the fact outlives the process. Never waits for a sync.
    ///
    /// Of a call that is `Opened` the end can always be written. `Progress` is left out, without an error, where only
    /// the room kept for ends is left.
    ///
    /// # Errors
    /// For `Opened`: [`JournalError::Full`], [`JournalError::Disk`], [`JournalError::TooLarge`]: refuse the call.
    /// For `Closed`: [`JournalError::Disk`]: it is kept in memory and delivered all the same.
    pub fn append(&self, fact: &Fact) -> Result<(), JournalError> {
        match fact {
            Fact::Opened(opened) => self.append_open(Sort::Opened, fact, &FactRef::Opened(opened)),
            Fact::Progress(progress) => {
                match self.append_open(Sort::Progress, fact, &FactRef::Progress(progress)) {
                    Err(JournalError::Full) => Ok(()),
                    written => written,
                }
            }
            Fact::Closed(closed) => self.append_closed(&Arc::new(closed.as_ref().clone())),
        }
    }

    /// As [`Self::append`] with `Fact::Closed`, without copying the record.
    ///
    /// # Errors
    /// [`JournalError::Disk`]: the fact is kept in memory and delivered all the same.
    pub fn append_closed(&self, call: &Arc<CallClosed>) -> Result<(), JournalError> {
        let fact = FactRef::Closed(call);
        let (written, held, pending) = with_frame(&fact, |frame| {
            // The writer makes valid UTF-8; the check is cheap, and a record is never lost over it.
            let json = match std::str::from_utf8(frame::body(frame)) {
                Ok(text) => text.into(),
                Err(_) => String::from_utf8_lossy(frame::body(frame)).into(),
            };
            let delivery = Delivery {
                call: Arc::clone(call),
                json,
            };
            let mut log = self.shared.log.lock();
            let written = if frame.len() > MAX_BODY {
                log.forget(call.id);
                log.waiting.strand(delivery);
                Err(JournalError::TooLarge { bytes: frame.len() })
            } else {
                log.close(delivery, frame)
            };
            Ok((written, log.waiting.ready(), log.waiting.pending()))
        })?;
        self.shared.mark_dirty();
        if pending == 1 {
            self.shared.work.notify_one();
        }
        if held >= self.shared.options.batch {
            self.shared.ready.notify_one();
        }
        written
    }

    fn append_open(
        &self,
        sort: Sort,
        fact: &Fact,
        by_reference: &FactRef<'_>,
    ) -> Result<(), JournalError> {
        let begun = with_frame(by_reference, |frame| {
            let mut log = self.shared.log.lock();
            log.append(sort, fact.call(), frame)?;
            Ok(log.current.len == frame.len() as u64)
        });
        // Also where the disk failed: the sync thread is the one that tries it again.
        if matches!(begun, Ok(_) | Err(JournalError::Disk(_))) {
            self.shared.mark_dirty();
        }
        if begun? {
            self.shared.work.notify_one();
        }
        Ok(())
    }

    /// Starts syncing and delivering; call it once, within a tokio runtime.
    pub fn start(&self, sink: Arc<dyn Sink>) -> Running {
        let (stop, stopped) = watch::channel(false);
        let syncer = sync::spawn(Arc::clone(&self.shared));
        let courier = tokio::spawn(delivery::run(Arc::clone(&self.shared), sink, stopped));
        Running {
            shared: Arc::clone(&self.shared),
            stop,
            syncer: Some(syncer),
            courier: Some(courier),
        }
    }

    /// How the journal stands.
    #[must_use]
    pub fn status(&self) -> Status {
        let last_delivery_error = self.shared.delivery_error.lock().clone();
        let log = self.shared.log.lock();
        Status {
            bytes: log.bytes,
            max_bytes: log.max_bytes(),
            segments: log.ended.len() + 1,
            open: log.open.len(),
            pending: log.waiting.pending(),
            oldest_pending: log.waiting.oldest(),
            full: log.is_full(),
            disk_error: log.disk_error.as_ref().map(ToString::to_string),
            last_delivery_error,
            rejected: self.shared.rejected.load(Ordering::Relaxed),
        }
    }

    /// Returns when every call closed before this was called is in the store. While the store is away, or nothing is
    /// started, that is never: bound the wait.
    pub async fn delivered(&self) {
        let target = self.shared.log.lock().waiting.count;
        let mut delivered = self.shared.delivered.subscribe();
        self.shared.ready.notify_one();
        // The sender lives in `shared`, so this cannot fail.
        let _closed = delivered.wait_for(|count| count.reaches(target)).await;
    }
}

impl Shared {
    /// Something was written, or could not be: the sync thread has work.
    pub(crate) fn mark_dirty(&self) {
        if !self.dirty.swap(true, Ordering::SeqCst)
            && let Some(thread) = self.syncer.lock().as_ref()
        {
            thread.unpark();
        }
    }
}

/// Encodes outside any lock, into this thread's own buffer.
fn with_frame<T>(
    fact: &FactRef<'_>,
    use_frame: impl FnOnce(&[u8]) -> Result<T, JournalError>,
) -> Result<T, JournalError> {
    BUFFER.with_borrow_mut(|buffer| {
        frame::encode(fact, buffer).map_err(|error| JournalError::Encode(Arc::new(error)))?;
        let used = use_frame(buffer);
        if buffer.capacity() > KEPT_BUFFER {
            *buffer = Vec::new();
        }
        used
    })
}

/// Syncing and delivery under way. Dropping it ends both without waiting.
#[must_use = "dropping it ends syncing and delivery"]
pub struct Running {
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    syncer: Option<sync::Syncer>,
    courier: Option<tokio::task::JoinHandle<()>>,
}

impl Running {
    /// Delivers what waits, if the store takes it within five seconds, syncs and ends. The rest is for the next start,
    /// which may come while somebody still holds a [`Journal`]: nothing may be appended to it any more.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        if let Some(courier) = self.courier.take()
            && let Err(error) = courier.await
        {
            tracing::error!(%error, "delivery ended out of order");
        }
        if let Some(syncer) = self.syncer.take() {
            // A failed join is logged by the thread's own panic message.
            let _joined = tokio::task::spawn_blocking(move || syncer.stop()).await;
        }
        if let Err(error) = self.shared.lock.unlock() {
            tracing::warn!(%error, "the folder of the journal stays locked until the process ends");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}
