//! Draining the journal of a process that does not come back, from any folder that holds one.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use kernel::Clock;

use crate::delivery::{Courier, Delivered};
use crate::error::JournalError;
use crate::handle::Shared;
use crate::options::Options;
use crate::recovery;
use crate::sink::Sink;
use crate::sync;

/// Batches that may fail in a row before a replay gives up.
const TRIES: u32 = 5;

/// What a replay moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReplayReport {
    /// Closed calls handed to the store, the interrupted ones among them.
    pub delivered: usize,
    /// Calls that were open and are recorded as interrupted.
    pub interrupted: usize,
    /// Records that cannot be read; they lie in `rejected.jsonl`.
    pub rejected: u64,
}

/// Moves everything that the journal in `dir` holds into `sink`. Running it again moves nothing twice.
///
/// # Errors
/// As [`crate::Journal::open`], and [`JournalError::Sink`] when the store refuses a batch five times in a row.
pub async fn replay(
    dir: &Path,
    sink: &dyn Sink,
    clock: &dyn Clock,
) -> Result<ReplayReport, JournalError> {
    if !dir.is_dir() {
        return Err(JournalError::file("open the folder", dir)(
            std::io::ErrorKind::NotFound.into(),
        ));
    }
    let (shared, found) = recovery::open(Options::new(dir.to_owned()), clock)?;
    let shared = Arc::new(shared);
    drain(&shared, sink).await?;
    sync::sync(&shared);
    Ok(ReplayReport {
        delivered: found.pending,
        interrupted: found.interrupted,
        rejected: shared.rejected.load(Ordering::Relaxed),
    })
}

async fn drain(shared: &Arc<Shared>, sink: &dyn Sink) -> Result<(), JournalError> {
    let mut courier = Courier::new(shared, sink);
    let mut failures = 0;
    loop {
        match courier.deliver_batch().await {
            Ok(Delivered::Full | Delivered::Rest) => failures = 0,
            Ok(Delivered::Nothing) => {
                courier.tidy().await;
                return Ok(());
            }
            Err(error) if failures + 1 == TRIES => {
                return Err(JournalError::Sink(Arc::new(error)));
            }
            Err(_) => {
                failures += 1;
                tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            }
        }
    }
}
