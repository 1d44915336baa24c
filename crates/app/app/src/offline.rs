//! What the command line does without a running server: on the data folder itself, which it locks meanwhile.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use config::Sources;
use identity::{ADMIN_KEY_FILE, FirstStart, Identity, IdentityError};
use kernel::{Clock, KeyId, SystemClock};
use serde_json::Value;
use store::{Store, StoreUrl};

use crate::boot::{BootError, Rooms, choose_cryptography, open, store_options};
use crate::settings::{self, Settings};

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
    /// There is nothing to work on.
    #[error(
        "{0}; it must be the store of a gateway that was started before, or one that `switchyard keys create NAME` made"
    )]
    NoStore(String),
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

/// Opens the keys of the data folder; the admin key is made where there is none. Only with `make` is a store made where
/// there is none: a folder that was mistyped holds no key to look at.
pub async fn keys(sources: &Sources, make: bool) -> Result<Keys, OfflineError> {
    if !make {
        let loaded = settings::load(sources).map_err(BootError::Settings)?;
        if let Some(missing) = missing_store(&loaded.settings) {
            return Err(OfflineError::NoStore(missing));
        }
    }
    let rooms = rooms(sources).await?;
    Ok(Keys {
        identity: rooms.identity.clone(),
        _rooms: rooms,
    })
}

/// Whether the key in `admin.key` holds in the store; `None` where there is no such file, or it cannot be told. Changes
/// nothing, and may be asked beside a running server.
pub async fn admin_key_file_holds(settings: &Settings) -> Option<bool> {
    choose_cryptography();
    let data_dir = &settings.server.data_dir;
    let given = settings
        .security
        .secret_key
        .as_ref()
        .map(config::Secret::to_secret_string);
    // Neither store nor secret may be made by asking.
    let is_there = data_dir.join(ADMIN_KEY_FILE).exists()
        && missing_store(settings).is_none()
        && (given.is_some() || data_dir.join(crypto::SECRET_FILE).exists());
    if !is_there {
        return None;
    }
    let (secret, _) = crypto::secret_key(given.as_ref(), data_dir).ok()?;
    let store = Store::connect(&store_options(settings).ok()?).await.ok()?;
    let start = FirstStart {
        data_dir: data_dir.clone(),
        admin_key: None,
    };
    let holds = start
        .file_holds(&store, &secret, SystemClock::new().now())
        .await;
    store.close().await;
    holds.ok()
}

/// What is missing where the settings want a SQLite file and there is none.
fn missing_store(settings: &Settings) -> Option<String> {
    let StoreUrl::Sqlite(file) = store_options(settings).ok()?.url else {
        return None;
    };
    (!file.exists()).then(|| match &settings.database.url {
        None => format!(
            "the data folder {} holds no store; check --data-dir",
            settings.server.data_dir.display()
        ),
        Some(_) => format!(
            "there is no store in {}; check database.url (DATABASE_URL)",
            file.display()
        ),
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

    /// One key, as `GET /v1/keys/{id}` answers.
    pub async fn show(&self, id: &str) -> Result<Value, OfflineError> {
        Ok(self.identity.machine_show(id.parse()?).await?)
    }

    /// Changes a key by the fields of `PATCH /v1/keys/{id}`, and answers as it does.
    pub async fn change(&self, id: &str, fields: &Value) -> Result<Value, OfflineError> {
        Ok(self.identity.machine_change(id.parse()?, fields).await?)
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
