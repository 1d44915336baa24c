//! Use cases: each one transaction that changes, records and announces; then memory follows at once.

use std::time::Duration;

use crypto::{KeyKind, key};
use facts::Act;
use kernel::{ExposeSecret, KeyId, Page, ProjectId, Timestamp};
use sea_orm::ConnectionTrait;
use serde_json::json;
use store::{StoreError, acts};

use super::{Actor, Identity, KeyQuery, KeyUse, MadeKey, Rotated, act};
use crate::error::IdentityError;
use crate::model::{Key, KeyChange, NewKey, Role};
use crate::store::{self as rows, KeptSecret, ListKeys, tenancy};

/// Secrets of one key that may hold at once.
const MAX_SECRETS: usize = 8;
/// Overlap of a rotation at most.
const MAX_OVERLAP: Duration = Duration::from_secs(30 * 24 * 3_600);
/// Rows of a page at most.
pub(crate) const MAX_PAGE: usize = 200;

impl Identity {
    /// Makes a key. Its secret is told this once.
    pub async fn create(&self, actor: &Actor, new: NewKey) -> Result<MadeKey, IdentityError> {
        let now = self.0.clock.now();
        let new = new.check(&actor.scopes, now)?.into_inner();
        let secret = key::generate(KeyKind::Key);
        let transaction = self.0.store.begin().await?;
        let project = place(&transaction, actor, new.project.as_deref(), now).await?;
        let made = Key {
            id: KeyId::new(),
            org: actor.org,
            project,
            name: new.name,
            role: Role::Key,
            display: key::display(secret.expose_secret()),
            scopes: new.scopes.unwrap_or_default(),
            models: new.models,
            limits: new.limits,
            budgets: new.budgets,
            tags: new.tags,
            capture: new.capture,
            created_at: now,
            created_by: actor.key,
            updated_at: now,
            expires_at: new.expires_at,
            revoked_at: None,
            last_used_at: None,
        };
        rows::insert(&transaction, &made).await?;
        let kept = KeptSecret {
            digest: self.0.pepper.digest(secret.expose_secret()),
            bare: false,
            expires_at: None,
        };
        rows::add_secret(&transaction, made.id, &kept, now).await?;
        act(
            &transaction,
            &made,
            Some(actor),
            "key.create",
            now,
            told(&made),
        )
        .await?;
        transaction.commit().await.map_err(StoreError::from)?;
        Ok(MadeKey { key: made, secret })
    }

    /// One page of the actor's organisation, newest first.
    pub async fn list(&self, actor: &Actor, query: &KeyQuery) -> Result<Page<Key>, IdentityError> {
        let conn = self.0.store.read();
        let project = match query.project.as_deref() {
            None => None,
            Some(text) => Some(match text.parse() {
                Ok(id) => id,
                Err(_) => tenancy::find_project(conn, actor.org, text)
                    .await?
                    .ok_or_else(|| IdentityError::ProjectNotFound(text.to_owned()))?,
            }),
        };
        let after = match &query.cursor {
            None => None,
            Some(cursor) => Some(rows::position(cursor).ok_or_else(|| {
                IdentityError::query(
                    "cursor",
                    "hand back `next_cursor` of the page before as it is",
                )
            })?),
        };
        let list = ListKeys {
            org: actor.org,
            project,
            revoked: query.revoked,
            after,
            limit: query.limit.clamp(1, MAX_PAGE),
        };
        Ok(rows::list(conn, &list).await?)
    }

    /// One key.
    pub async fn get(&self, actor: &Actor, id: KeyId) -> Result<Key, IdentityError> {
        rows::find(self.0.store.read(), actor.org, id)
            .await?
            .ok_or_else(|| not_found(id))
    }

    /// How a key's budgets and limits stand.
    pub async fn state(&self, key: &Key) -> Result<KeyUse, IdentityError> {
        let counters = self.0.callers.counters(key).await?;
        Ok(KeyUse {
            budgets: counters.budgets.state(self.0.clock.now()),
            limits: counters.limits.state(self.0.clock.monotonic_us(), None),
        })
    }

    /// Changes a key; what it has counted and spent stays.
    pub async fn update(
        &self,
        actor: &Actor,
        id: KeyId,
        change: KeyChange,
    ) -> Result<Key, IdentityError> {
        let now = self.0.clock.now();
        let change = change.check(&actor.scopes, now)?.into_inner();
        let transaction = self.0.store.begin().await?;
        let mut key = rows::find_to_change(&transaction, actor.org, id)
            .await?
            .ok_or_else(|| not_found(id))?;
        changeable(&key, actor)?;
        let told = apply(&mut key, change);
        key.updated_at = now;
        rows::update(&transaction, &key).await?;
        act(&transaction, &key, Some(actor), "key.update", now, told).await?;
        transaction.commit().await.map_err(StoreError::from)?;
        self.0.callers.refresh(id).await;
        Ok(key)
    }

    /// Gives a key a new secret; earlier ones hold for `overlap` more, or as long as they would have anyway.
    pub async fn rotate(
        &self,
        actor: &Actor,
        id: KeyId,
        overlap: Duration,
    ) -> Result<Rotated, IdentityError> {
        if overlap > MAX_OVERLAP {
            return Err(IdentityError::field(
                "overlap_seconds",
                "must be at most 2592000 (30 days)",
            ));
        }
        let now = self.0.clock.now();
        let ends = now.plus(overlap);
        let transaction = self.0.store.begin().await?;
        let mut key = rows::find_to_change(&transaction, actor.org, id)
            .await?
            .ok_or_else(|| not_found(id))?;
        changeable(&key, actor)?;
        // Who rotates a key holds it: so it must hold no more than the actor.
        held(&key, actor)?;
        rows::end_secrets(&transaction, id, ends, now).await?;
        let live = rows::secrets(&transaction, &[id]).await?.len();
        if live >= MAX_SECRETS {
            return Err(IdentityError::TooManySecrets(id.to_string(), live));
        }
        let kind = match key.role {
            Role::Key => KeyKind::Key,
            Role::Admin => KeyKind::Admin,
        };
        let secret = key::generate(kind);
        let kept = KeptSecret {
            digest: self.0.pepper.digest(secret.expose_secret()),
            bare: false,
            expires_at: None,
        };
        rows::add_secret(&transaction, id, &kept, now).await?;
        key.display = key::display(secret.expose_secret());
        key.updated_at = now;
        rows::update(&transaction, &key).await?;
        let told = json!({ "overlap_seconds": overlap.as_secs() });
        act(&transaction, &key, Some(actor), "key.rotate", now, told).await?;
        transaction.commit().await.map_err(StoreError::from)?;
        self.0.callers.refresh(id).await;
        Ok(Rotated {
            key,
            secret,
            previous_expires_at: ends,
        })
    }

    /// Takes a key back, at once and for good. Of one that is revoked already nothing changes.
    pub async fn revoke(&self, actor: &Actor, id: KeyId) -> Result<Key, IdentityError> {
        let now = self.0.clock.now();
        let transaction = self.0.store.begin().await?;
        let mut key = rows::find_to_change(&transaction, actor.org, id)
            .await?
            .ok_or_else(|| not_found(id))?;
        if key.revoked_at.is_some() {
            return Ok(key);
        }
        changeable(&key, actor)?;
        key.revoked_at = Some(now);
        key.updated_at = now;
        rows::update(&transaction, &key).await?;
        act(
            &transaction,
            &key,
            Some(actor),
            "key.revoke",
            now,
            json!({}),
        )
        .await?;
        transaction.commit().await.map_err(StoreError::from)?;
        self.0.callers.refresh(id).await;
        Ok(key)
    }
}

fn not_found(id: KeyId) -> IdentityError {
    IdentityError::KeyNotFound(id.to_string())
}

/// A key of an administrator is touched by its equals only; a revoked one by nobody.
fn changeable(key: &Key, actor: &Actor) -> Result<(), IdentityError> {
    if key.revoked_at.is_some() {
        return Err(IdentityError::KeyRevoked(key.id.to_string()));
    }
    if key.role == Role::Admin && !actor.scopes.cover(&key.granted()) {
        return Err(IdentityError::Administrator(key.id.to_string()));
    }
    Ok(())
}

fn held(key: &Key, actor: &Actor) -> Result<(), IdentityError> {
    if actor.scopes.cover(&key.granted()) {
        return Ok(());
    }
    Err(IdentityError::ScopeNotHeld {
        missing: key.scopes.join(", "),
    })
}

/// The project that a new key belongs to.
async fn place<C: ConnectionTrait>(
    conn: &C,
    actor: &Actor,
    wanted: Option<&str>,
    now: Timestamp,
) -> Result<ProjectId, IdentityError> {
    let Some(wanted) = wanted else {
        return Ok(actor.project);
    };
    if let Ok(id) = wanted.parse() {
        return if tenancy::has_project(conn, actor.org, id).await? {
            Ok(id)
        } else {
            Err(IdentityError::ProjectNotFound(wanted.to_owned()))
        };
    }
    let (id, made) = tenancy::project_named(conn, actor.org, wanted, now).await?;
    if made {
        let act = Act {
            at: now,
            org: actor.org,
            actor: actor.key,
            request: actor.request,
            action: "project.create".into(),
            target: id.to_string(),
            change: json!({ "name": wanted }),
        };
        acts::record(conn, &act).await?;
    }
    Ok(id)
}

/// What the record says of a new key.
fn told(key: &Key) -> serde_json::Value {
    json!({
        "name": key.name,
        "project": key.project,
        "scopes": key.scopes,
        "models": key.models,
        "limits": key.limits,
        "budgets": key.budgets,
        "tags": key.tags,
        "capture": key.capture,
        "expires_at": key.expires_at,
    })
}

/// Changes the key and gives the fields that were asked for, with their new values.
fn apply(key: &mut Key, change: KeyChange) -> serde_json::Value {
    let mut told = serde_json::Map::new();
    macro_rules! take {
        ($($field:ident),*) => {
            $(if let Some(wanted) = change.$field {
                told.insert(stringify!($field).to_owned(), json!(wanted));
                key.$field = wanted;
            })*
        };
    }
    take!(
        name, scopes, models, limits, budgets, tags, capture, expires_at
    );
    told.into()
}
