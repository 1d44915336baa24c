//! The way off the hot path: a bounded queue and the task that writes what is in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use object_store::local::LocalFileSystem;
use object_store::{ObjectStoreExt, PutPayload};
use tokio::sync::{mpsc, oneshot};

use crate::{BlobError, Key, Payload};

/// Either a payload, or somebody who wants to know when all before are written.
enum Entry {
    Write(Key, Payload),
    Flush(oneshot::Sender<()>),
}

/// The queue's near end.
pub(crate) struct Queue {
    entries: mpsc::Sender<Entry>,
    /// Bytes that wait.
    waiting: Arc<AtomicUsize>,
    max_bytes: usize,
    dropped: Arc<AtomicU64>,
}

impl Queue {
    /// Starts the writing task; it ends when the queue is dropped and empty.
    pub(crate) fn start(store: Arc<LocalFileSystem>, max_entries: usize, max_bytes: usize) -> Self {
        let (entries, mut taken) = mpsc::channel(max_entries.max(1));
        let waiting = Arc::new(AtomicUsize::new(0));
        let dropped = Arc::new(AtomicU64::new(0));
        let (left, lost) = (Arc::clone(&waiting), Arc::clone(&dropped));
        tokio::spawn(async move {
            while let Some(entry) = taken.recv().await {
                match entry {
                    Entry::Flush(done) => {
                        // Nobody waiting any more is no error.
                        let _gone = done.send(());
                    }
                    Entry::Write(key, payload) => {
                        let size = payload.size();
                        if let Err(error) = write(&store, key, payload).await {
                            lost.fetch_add(1, Ordering::Relaxed);
                            tracing::warn!(call = %key.call, %error, "a captured payload was not kept");
                        }
                        left.fetch_sub(size, Ordering::Relaxed);
                    }
                }
            }
        });
        Self {
            entries,
            waiting,
            max_bytes,
            dropped,
        }
    }

    /// Queues a payload, or drops and counts it where the queue is full.
    pub(crate) fn offer(&self, key: Key, payload: Payload) -> bool {
        let size = payload.size();
        let before = self.waiting.fetch_add(size, Ordering::Relaxed);
        let fits = before + size <= self.max_bytes
            && self.entries.try_send(Entry::Write(key, payload)).is_ok();
        if !fits {
            self.waiting.fetch_sub(size, Ordering::Relaxed);
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        fits
    }

    pub(crate) async fn flush(&self) {
        let (done, written) = oneshot::channel();
        if self.entries.send(Entry::Flush(done)).await.is_ok() {
            // The task answers all that it takes.
            let _answered = written.await;
        }
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

async fn write(store: &LocalFileSystem, key: Key, payload: Payload) -> Result<(), BlobError> {
    let packed = tokio::task::spawn_blocking(move || payload.pack())
        .await
        .map_err(|error| BlobError::Damaged(std::io::Error::other(error)))??;
    store.put(&key.path(), PutPayload::from(packed)).await?;
    Ok(())
}
