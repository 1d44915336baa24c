//! What is held of keys follows their changes. One key that cannot be followed is let go, so that nobody goes on with what
//! it was, and keeps no other waiting.

use std::time::Duration;

use crypto::Digest;
use kernel::KeyId;
use sea_orm::DbErr;
use store::StoreError;

use super::load::{TRIES, caller};
use super::memory::NotKept;
use super::{Callers, Counters};
use crate::error::IdentityError;
use crate::model::{Key, Role};
use crate::store as rows;
use crate::store::KeptSecret;

/// Keys reloaded with one statement.
const BATCH: usize = 200;
/// Between two tries to reload while the store is away.
const RETRY: Duration = Duration::from_millis(500);

impl Callers {
    /// Follows a change that is committed: what is held of the key is brought up to date before this returns. With
    /// the store away it stays as it was, and the change sequence brings it up to date later.
    pub async fn refresh(&self, id: KeyId) {
        if let Err(error) = self.try_refresh(id).await {
            tracing::warn!(key.id = %id, %error, "a changed key could not be reloaded");
        }
    }

    /// Follows a change that was announced, waiting for the store as long as it takes.
    pub async fn follow(&self, id: KeyId) {
        while let Err(error) = self.try_refresh(id).await {
            tracing::warn!(key.id = %id, %error, "a changed key could not be reloaded yet");
            tokio::time::sleep(RETRY).await;
        }
    }

    /// Brings all keys held up to date: announcements were lost.
    pub async fn follow_all(&self) {
        self.misses.clear();
        let ids = self.memory.ids();
        for batch in ids.chunks(BATCH) {
            while let Err(error) = self.try_refresh_all(batch).await {
                tracing::warn!(%error, "keys could not be reloaded yet");
                tokio::time::sleep(RETRY).await;
            }
        }
        while let Err(error) = self.follow_bare().await {
            tracing::warn!(%error, "keys could not be reloaded yet");
            tokio::time::sleep(RETRY).await;
        }
    }

    async fn try_refresh(&self, id: KeyId) -> Result<(), IdentityError> {
        self.misses.clear();
        self.try_refresh_all(&[id]).await
    }

    async fn try_refresh_all(&self, ids: &[KeyId]) -> Result<(), IdentityError> {
        match self.refresh_held(ids).await {
            Err(error) if is_unreadable(&error) => {}
            done => return done,
        }
        // Each by itself: the row of one spoils the answer about all.
        for id in ids {
            match self.refresh_held(&[*id]).await {
                Err(error) if is_unreadable(&error) => {
                    if self.memory.forget_secrets(*id) {
                        tracing::error!(
                            key.id = %id, %error,
                            "a changed key cannot be read and is refused until it can; was it written by a newer version?"
                        );
                    }
                }
                done => done?,
            }
        }
        Ok(())
    }

    async fn refresh_held(&self, ids: &[KeyId]) -> Result<(), IdentityError> {
        let mut ids = ids.to_vec();
        for _ in 0..TRIES {
            let held: Vec<(KeyId, u64)> = ids
                .iter()
                .filter_map(|id| Some((*id, self.memory.note_change(*id)?)))
                .collect();
            if held.is_empty() {
                return Ok(());
            }
            ids = self.reload(&held).await?;
        }
        // Each of these changed again and again meanwhile, and every change is followed on its own.
        Ok(())
    }

    /// Reads keys anew; gives those that changed while they were read.
    async fn reload(&self, held: &[(KeyId, u64)]) -> Result<Vec<KeyId>, IdentityError> {
        let ids: Vec<KeyId> = held.iter().map(|(id, _)| *id).collect();
        let conn = self.store.read();
        let keys = rows::reload(conn, &ids).await?;
        let secrets = rows::secrets(conn, &ids).await?;
        let mut stale = Vec::new();
        for (id, epoch) in held {
            let key = keys.iter().find(|key| key.id == *id);
            let replaced = self.replace(*id, *epoch, key, &secrets).await;
            stale.extend(replaced.err().map(|_| *id));
        }
        if keys.iter().any(|key| key.role == Role::Admin) {
            self.follow_bare().await?;
        }
        Ok(stale)
    }

    /// Puts what was read of a key in the place of what is held of it.
    async fn replace(
        &self,
        id: KeyId,
        epoch: u64,
        key: Option<&Key>,
        secrets: &[(KeyId, KeptSecret)],
    ) -> Result<(), NotKept> {
        // Who was forgotten meanwhile is read anew when it is shown.
        let Some(counters) = self.memory.counters(id) else {
            return Ok(());
        };
        // No key is ever deleted; one that is gone from the store was put back to an older state with it. What a revoked
        // one has spent is not asked: nothing may stand between it and its end.
        let Some(key) = key.filter(|key| key.revoked_at.is_none()) else {
            return self
                .memory
                .replace(&counters, epoch, false, |_| {}, |_, _| None);
        };
        let spent = self
            .spent_of_new(key, &counters)
            .await
            .inspect_err(|error| {
                tracing::warn!(key.id = %id, %error, "a changed key is looked up anew when it is shown");
            })
            .ok();
        let (is_known, is_low) = (spent.is_some(), spent.as_ref().is_some_and(|it| !it.whole));
        let recount = |counters: &Counters| {
            counters.limits.reconfigure(&self.limits_of(key));
            if let Some(spent) = spent {
                let budgets = key.budgets.clone();
                counters.budgets.reconfigure(budgets, spent.windows);
            }
        };
        let fresh = |counters: &Counters, digest: &Digest| {
            let mut kept = secrets.iter().filter(|(owner, _)| *owner == id);
            let (_, secret) = kept.find(|(_, secret)| secret.digest == *digest)?;
            is_known.then(|| caller(key, counters, secret.expires_at))
        };
        let follows_default = key.limits.is_none();
        self.memory
            .replace(&counters, epoch, follows_default, recount, fresh)?;
        if is_low {
            self.owe(&counters);
        }
        Ok(())
    }

    /// Reads anew which secrets have no checksum. Where that cannot be read it stays as it was: it decides only who is
    /// looked up at all.
    async fn follow_bare(&self) -> Result<(), IdentityError> {
        match self.reload_bare().await {
            Err(error) if is_unreadable(&error) => {
                tracing::error!(%error, "secrets without a checksum cannot be read anew");
                Ok(())
            }
            done => done,
        }
    }
}

/// Whether asking again would give the same: the row is at fault, and the store well.
const fn is_unreadable(error: &IdentityError) -> bool {
    matches!(
        error,
        IdentityError::Store(StoreError::Unreadable { .. } | StoreError::Refused(DbErr::Type(_)))
    )
}
