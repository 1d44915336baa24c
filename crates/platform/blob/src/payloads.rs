//! The store of captured payloads.

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use kernel::Timestamp;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use crate::path::{ROOT, day, day_of};
use crate::payload::unpack;
use crate::queue::Queue;
use crate::{BlobError, Key, Payload};

/// Where payloads are kept, and how many may wait to be written.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder; made when missing.
    pub dir: PathBuf,
    /// Payloads that wait at most.
    pub max_waiting: usize,
    /// Bytes of payloads that wait at most.
    pub max_waiting_bytes: usize,
}

impl Options {
    /// The usual bounds: 256 payloads, 64 MiB.
    #[must_use]
    pub const fn new(dir: PathBuf) -> Self {
        Self {
            dir,
            max_waiting: 256,
            max_waiting_bytes: 64 << 20,
        }
    }
}

/// Captured payloads. Cheap to clone.
#[derive(Clone)]
pub struct Payloads {
    store: Arc<LocalFileSystem>,
    queue: Arc<Queue>,
}

impl Payloads {
    /// Opens the folder and starts the task that writes; call it within a tokio runtime.
    ///
    /// # Errors
    /// [`BlobError::Folder`] when the folder cannot be made.
    pub fn open(options: &Options) -> Result<Self, BlobError> {
        make_private(&options.dir).map_err(BlobError::Folder)?;
        let store = LocalFileSystem::new_with_prefix(&options.dir)?.with_automatic_cleanup(true);
        let store = Arc::new(store);
        let queue = Queue::start(
            Arc::clone(&store),
            options.max_waiting,
            options.max_waiting_bytes,
        );
        Ok(Self {
            store,
            queue: Arc::new(queue),
        })
    }

    /// Hands a payload over without waiting. False when too much waits already: it is dropped then, and counted.
    pub fn offer(&self, key: Key, payload: Payload) -> bool {
        self.queue.offer(key, payload)
    }

    /// Payloads dropped or not written since the start.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.queue.dropped()
    }

    /// Returns when everything handed over before is written.
    pub async fn flush(&self) {
        self.queue.flush().await;
    }

    /// The payload of a call as JSON text, `{"request", "response", "truncated"}`; a body that is not UTF-8 stands in
    /// base64 as `request_base64` or `response_base64`. `None` when none was captured, or it is gone.
    ///
    /// # Errors
    /// When the object store fails or the object is damaged.
    pub async fn read(&self, key: Key) -> Result<Option<Bytes>, BlobError> {
        match self.store.get(&key.path()).await {
            Ok(found) => unpack(&found.bytes().await?).map(Some),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes up to `limit` payloads of the days before that of `before`, oldest first within a tenant; says how many
    /// went. A day is deleted as a whole, so that none goes too early.
    ///
    /// # Errors
    /// When the object store fails; what was deleted before stays deleted.
    pub async fn delete_older_than(
        &self,
        before: Timestamp,
        limit: usize,
    ) -> Result<usize, BlobError> {
        let first_kept = day(before);
        let mut gone = 0;
        for org in self.folders(&Path::from(ROOT)).await? {
            for folder in self.folders(&org).await? {
                if day_of(&folder).is_none_or(|day| day >= first_kept.as_str()) {
                    continue;
                }
                let mut objects = self.store.list(Some(&folder));
                while gone < limit {
                    let Some(object) = objects.next().await else {
                        break;
                    };
                    self.store.delete(&object?.location).await?;
                    gone += 1;
                }
                if gone >= limit {
                    return Ok(gone);
                }
            }
        }
        Ok(gone)
    }

    /// The folders in a folder, in the order of their names.
    async fn folders(&self, of: &Path) -> Result<Vec<Path>, BlobError> {
        let mut folders = self
            .store
            .list_with_delimiter(Some(of))
            .await?
            .common_prefixes;
        folders.sort();
        Ok(folders)
    }
}

/// Payloads hold what people wrote: nobody else on the machine may read them.
fn make_private(dir: &FilePath) -> std::io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)?;
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700))
}

#[cfg(test)]
mod tests;
