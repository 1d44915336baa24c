//! What the command line does without a running server: on the data folder itself, which it locks meanwhile.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use config::Sources;
use guard::{BudgetSpec, Limits};
use identity::{ADMIN_KEY_FILE, FirstStart, Identity, IdentityError, KeyChange};
use kernel::{Clock, KeyId, SystemClock, Timestamp};
use serde::{Deserialize, Deserializer};
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

    /// What `GET /v1/keys/{id}` answers, but for how its limits stand: only a server that runs counts those.
    pub async fn show(&self, id: &str) -> Result<Value, OfflineError> {
        let id: KeyId = id.parse()?;
        let key = self.identity.get(&self.identity.machine(), id).await?;
        let mut view = self.view(id).await?;
        // What it is and may do is worth showing also where what it has spent cannot be read now.
        if let Ok(used) = self.identity.state(&key).await {
            let budgets = view["budgets"].as_array_mut().into_iter().flatten();
            for (row, state) in budgets.zip(&used.budgets) {
                row["spent_usd"] = state.spent.to_string().into();
                row["spent_nano_usd"] = state.spent.0.into();
            }
        }
        Ok(view)
    }

    /// Changes a key by the fields of `PATCH /v1/keys/{id}`, and answers as it does.
    pub async fn change(&self, id: &str, fields: &Value) -> Result<Value, OfflineError> {
        let id: KeyId = id.parse()?;
        let change = read(fields)?;
        self.identity
            .update(&self.identity.machine(), id, change.into())
            .await?;
        self.view(id).await
    }

    /// A key as it is listed.
    async fn view(&self, id: KeyId) -> Result<Value, OfflineError> {
        let id = id.to_string();
        let mut cursor: Option<String> = None;
        loop {
            let mut page = self.list(true, cursor.as_deref()).await?;
            let mut rows = page["data"].as_array_mut().into_iter().flatten();
            let found = rows.find(|row| row["id"] == id).map(Value::take);
            if let Some(found) = found {
                return Ok(found);
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return Err(IdentityError::KeyNotFound(id).into()),
            }
        }
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

/// The fields of `PATCH /v1/keys/{id}`; what is left out stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Changes {
    name: Option<String>,
    scopes: Option<Vec<String>>,
    models: Option<Vec<String>>,
    #[serde(default, deserialize_with = "present")]
    limits: Option<Option<Limits>>,
    budgets: Option<Vec<BudgetSpec>>,
    tags: Option<BTreeMap<String, String>>,
    #[serde(default, deserialize_with = "present")]
    expires_at: Option<Option<Timestamp>>,
    capture: Option<bool>,
}

/// Reads the fields as the route does, so that a mistake is told in the same words.
fn read(fields: &Value) -> Result<Changes, IdentityError> {
    let invalid = |field: String, reason: String| IdentityError::InvalidField { field, reason };
    let tree = config::tree::from_json(fields.to_string().as_bytes())
        .map_err(|fault| invalid("body".to_owned(), fault.to_string()))?;
    config::reader::read(&tree).map_err(|mistake| invalid(mistake.field(), mistake.message()))
}

/// Tells `null` from a field that is left out.
fn present<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}

impl From<Changes> for KeyChange {
    fn from(changes: Changes) -> Self {
        Self {
            name: changes.name,
            scopes: changes.scopes,
            models: changes.models,
            limits: changes.limits,
            budgets: changes.budgets,
            tags: changes.tags,
            capture: changes.capture,
            expires_at: changes.expires_at,
        }
    }
}
