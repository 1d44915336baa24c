//! What the command line does without a running server: on the data folder itself, which it locks meanwhile.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use config::Sources;
use identity::{Identity, IdentityError};
use kernel::{Clock, KeyId, SystemClock};
use serde_json::Value;

use crate::boot::{BootError, Rooms, choose_cryptography, open};
use crate::settings;

/// Keys, worked on in this process.
pub struct Keys {
    identity: Identity,
    _rooms: Rooms,
}

/// Why an offline command failed.
#[derive(Debug, thiserror::Error)]
pub enum OfflineError {
    /// The data folder could not be opened.
    #[error(transparent)]
    Boot(#[from] BootError),
    /// The act was refused.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// No id.
    #[error(transparent)]
    Id(#[from] kernel::id::InvalidId),
    /// The journal could not be moved.
    #[error(transparent)]
    Journal(#[from] journal::JournalError),
}

/// Opens the keys of the data folder; the admin key is made where there is none.
pub async fn keys(sources: &Sources) -> Result<Keys, OfflineError> {
    let rooms = rooms(sources).await?;
    Ok(Keys {
        identity: rooms.identity.clone(),
        _rooms: rooms,
    })
}

/// Moves the journal of a machine that did not come back into this machine's store.
pub async fn replay(sources: &Sources, dir: &Path) -> Result<Replayed, OfflineError> {
    let rooms = rooms(sources).await?;
    let sink = rooms.analytics.sink();
    if same(dir, &rooms.journal_dir) {
        // The rooms stand on it, so it is open already.
        let running = rooms.journal.start(Arc::new(sink));
        rooms.journal.delivered().await;
        running.stop().await;
        return Ok(Replayed(journal::ReplayReport {
            delivered: rooms.recovery.pending,
            interrupted: rooms.recovery.interrupted,
            rejected: 0,
        }));
    }
    let clock = SystemClock::new();
    let report = journal::replay(dir, &sink, &clock).await?;
    Ok(Replayed(report))
}

fn same(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

async fn rooms(sources: &Sources) -> Result<Rooms, BootError> {
    choose_cryptography();
    let loaded = settings::load(sources).map_err(BootError::Settings)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    open(&loaded.settings, &clock, true).await
}

/// What a replay moved, in words.
#[derive(Debug)]
pub struct Replayed(journal::ReplayReport);

impl fmt::Display for Replayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = &self.0;
        write!(
            f,
            "{} calls stored, {} of them interrupted, {} records could not be read",
            report.delivered, report.interrupted, report.rejected
        )
    }
}

impl Keys {
    /// Makes a key from the fields of `POST /v1/keys`.
    pub async fn create(&self, fields: &Value) -> Result<Value, OfflineError> {
        Ok(self.identity.machine_create(fields.clone()).await?)
    }

    /// One page, as `GET /v1/keys` answers.
    pub async fn list(&self, revoked: bool, cursor: Option<&str>) -> Result<Value, OfflineError> {
        Ok(self.identity.machine_list(revoked, cursor).await?)
    }

    /// Gives a key a new secret.
    pub async fn rotate(&self, id: &str, overlap_seconds: u64) -> Result<Value, OfflineError> {
        let id: KeyId = id.parse()?;
        Ok(self
            .identity
            .machine_rotate(id, Duration::from_secs(overlap_seconds))
            .await?)
    }

    /// Revokes a key.
    pub async fn revoke(&self, id: &str) -> Result<(), OfflineError> {
        let id: KeyId = id.parse()?;
        Ok(self.identity.machine_revoke(id).await?)
    }
}
