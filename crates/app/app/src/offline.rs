//! What the command line does in this process while no server runs: keys and journals, on the store itself.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use config::Sources;
use guard::{BudgetSpec, Limits};
use identity::{Key, KeyQuery, NewKey};
use kernel::{Clock, Cursor, ExposeSecret, KeyId, SecretString, SystemClock, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::boot::{self, BootError, Rooms};
use crate::settings;

/// Rows of a page of keys.
const PAGE: usize = 200;

/// Keys, under the lock on the data folder. Fields and answers are those of `/v1/keys`.
pub struct Keys {
    rooms: Rooms,
    clock: Arc<dyn Clock>,
}

/// The fields of `POST /v1/keys`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    name: String,
    project: Option<String>,
    scopes: Option<Vec<String>>,
    #[serde(default)]
    models: Vec<String>,
    limits: Option<Limits>,
    #[serde(default)]
    budgets: Vec<BudgetSpec>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    #[serde(default)]
    capture: bool,
    expires_at: Option<Timestamp>,
}

/// Opens the rooms of a store that no server has open.
///
/// # Errors
/// [`BootError`]: every mistake in the settings, a data folder in use, a store that does not answer.
pub async fn keys(sources: &Sources) -> anyhow::Result<Keys> {
    let (rooms, clock) = rooms(sources).await?;
    Ok(Keys { rooms, clock })
}

/// Moves the calls in a journal's folder into the store, each once; says in words what was moved.
///
/// # Errors
/// As [`keys`], and when the folder is no journal or another process uses it.
pub async fn replay(sources: &Sources, dir: &Path) -> anyhow::Result<String> {
    // Opening the rooms opens this machine's own journal, whose folder nobody else may have open.
    let (rooms, clock) = rooms(sources).await?;
    let report = journal::replay(dir, &rooms.analytics.sink(), &*clock).await?;
    Ok(format!(
        "{} calls moved into the store, {} of them interrupted, {} records could not be read",
        report.delivered, report.interrupted, report.rejected
    ))
}

async fn rooms(sources: &Sources) -> anyhow::Result<(Rooms, Arc<dyn Clock>)> {
    let loaded = settings::load(sources).map_err(BootError::Settings)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let rooms = boot::open(&loaded.settings, &clock, true).await?;
    Ok((rooms, clock))
}

impl Keys {
    /// Makes a key; the answer holds its secret.
    ///
    /// # Errors
    /// When a field does not hold, or the store fails.
    pub async fn create(&self, fields: &Value) -> anyhow::Result<Value> {
        let fields = Fields::deserialize(fields)?;
        let new = NewKey {
            name: fields.name,
            project: fields.project,
            scopes: fields.scopes,
            models: fields.models,
            limits: fields.limits,
            budgets: fields.budgets,
            tags: fields.tags,
            capture: fields.capture,
            expires_at: fields.expires_at,
        };
        let identity = &self.rooms.identity;
        let made = identity.create(&identity.machine(), new).await?;
        Ok(with_secret(self.shown(&made.key), &made.secret))
    }

    /// A page of keys, newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list(&self, revoked: bool, cursor: Option<&str>) -> anyhow::Result<Value> {
        let query = KeyQuery {
            revoked,
            cursor: cursor.map(|cursor| Cursor(cursor.to_owned())),
            limit: PAGE,
            ..KeyQuery::default()
        };
        let identity = &self.rooms.identity;
        let page = identity.list(&identity.machine(), &query).await?;
        let page = page.map(|key| self.shown(&key));
        Ok(serde_json::to_value(page)?)
    }

    /// Gives a key a new secret; the answer holds it.
    ///
    /// # Errors
    /// When there is no such key, or the store fails.
    pub async fn rotate(&self, id: &str, overlap_seconds: u64) -> anyhow::Result<Value> {
        let identity = &self.rooms.identity;
        let overlap = Duration::from_secs(overlap_seconds);
        let rotated = identity
            .rotate(&identity.machine(), self::id(id)?, overlap)
            .await?;
        let mut shown = self.shown(&rotated.key);
        shown["previous_expires_at"] = json!(rotated.previous_expires_at);
        Ok(with_secret(shown, &rotated.secret))
    }

    /// Revokes a key.
    ///
    /// # Errors
    /// When there is no such key, or the store fails.
    pub async fn revoke(&self, id: &str) -> anyhow::Result<()> {
        let identity = &self.rooms.identity;
        identity.revoke(&identity.machine(), self::id(id)?).await?;
        Ok(())
    }

    fn shown(&self, key: &Key) -> Value {
        json!({
            "id": key.id,
            "name": key.name,
            "project": key.project,
            "status": key.status(self.clock.now()),
            "display": key.display,
            "scopes": key.scopes,
            "models": key.models,
            "tags": key.tags,
            "capture": key.capture,
            "created_at": key.created_at,
            "expires_at": key.expires_at,
            "revoked_at": key.revoked_at,
            "last_used_at": key.last_used_at,
        })
    }
}

fn with_secret(mut shown: Value, secret: &SecretString) -> Value {
    shown["key"] = secret.expose_secret().into();
    shown
}

fn id(text: &str) -> anyhow::Result<KeyId> {
    text.parse()
        .with_context(|| format!("{text:?} is no key id"))
}
