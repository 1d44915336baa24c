//! Between rows and keys.

use kernel::{KeyId, Timestamp};
use sea_orm::QueryResult;
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::StoreError;

use super::{KeptSecret, hex};
use crate::model::{Key, Role};

/// In the order in which [`read`] takes them.
pub(super) const COLUMNS: &str = "id, org, project, name, kind, display, scopes, models, limits, budgets, tags, capture, \
     created_at, created_by, updated_at, expires_at, revoked_at, last_used_at";
/// How many they are.
pub(super) const COUNT: usize = 18;

const fn unreadable(what: &'static str) -> StoreError {
    StoreError::Unreadable { what }
}

pub(super) fn json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| unreadable("a key that was to be written"))
}

fn from_json<T: DeserializeOwned>(text: &str, what: &'static str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| unreadable(what))
}

pub(super) fn read(row: &QueryResult) -> Result<Key, StoreError> {
    let text = |index: usize| row.try_get_by_index::<String>(index);
    let time = |index: usize| {
        row.try_get_by_index::<Option<i64>>(index)
            .map(|micros| micros.map(Timestamp))
    };
    let limits: Option<String> = row.try_get_by_index(8)?;
    let created_by: Option<String> = row.try_get_by_index(13)?;
    Ok(Key {
        id: text(0)?.parse().map_err(|_| unreadable("api_keys.id"))?,
        org: text(1)?.parse().map_err(|_| unreadable("api_keys.org"))?,
        project: text(2)?
            .parse()
            .map_err(|_| unreadable("api_keys.project"))?,
        name: text(3)?,
        role: Role::parse(&text(4)?).ok_or(unreadable("api_keys.kind"))?,
        display: text(5)?,
        scopes: from_json(&text(6)?, "api_keys.scopes")?,
        models: from_json(&text(7)?, "api_keys.models")?,
        limits: limits
            .map(|limits| from_json(&limits, "api_keys.limits"))
            .transpose()?,
        budgets: from_json(&text(9)?, "api_keys.budgets")?,
        tags: from_json(&text(10)?, "api_keys.tags")?,
        capture: row.try_get_by_index::<i64>(11)? != 0,
        created_at: Timestamp(row.try_get_by_index(12)?),
        created_by: created_by
            .map(|by| by.parse())
            .transpose()
            .map_err(|_| unreadable("api_keys.created_by"))?,
        updated_at: Timestamp(row.try_get_by_index(14)?),
        expires_at: time(15)?,
        revoked_at: time(16)?,
        last_used_at: time(17)?,
    })
}

pub(super) fn secret(row: &QueryResult) -> Result<(KeyId, KeptSecret), StoreError> {
    let key: String = row.try_get_by_index(0)?;
    let digest: String = row.try_get_by_index(1)?;
    let expires_at: Option<i64> = row.try_get_by_index(3)?;
    let kept = KeptSecret {
        digest: hex::digest(&digest).ok_or(unreadable("api_key_secrets.digest"))?,
        bare: row.try_get_by_index::<i64>(2)? != 0,
        expires_at: expires_at.map(Timestamp),
    };
    let key = key.parse().map_err(|_| unreadable("api_key_secrets.key"))?;
    Ok((key, kept))
}
