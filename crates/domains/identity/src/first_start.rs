//! The first start: the organisation, the project and the administrator's key that everything else is made with.

use std::path::{Path, PathBuf};

use crypto::{KeyKind, Pepper, SecretBox, key, private_file};
use kernel::{ExposeSecret, KeyId, OrgId, ProjectId, SecretString, Timestamp};
use sea_orm::{ConnectionTrait, TransactionTrait};
use store::{Store, StoreError};

use crate::error::IdentityError;
use crate::model::{Key, KeyStatus, Role};
use crate::service::act;
use crate::store::{self as rows, KeptSecret, tenancy};

/// Where the administrator's key is written, in the data directory.
pub const ADMIN_KEY_FILE: &str = "admin.key";
/// What `SWITCHYARD_ADMIN_KEY` needs at least.
pub const ADMIN_KEY_LEAST_CHARS: usize = 32;
/// The name of the first organisation and of its first project.
const DEFAULT: &str = "default";

/// What a start is given.
#[derive(Debug, Clone)]
pub struct FirstStart {
    /// Where `admin.key` goes.
    pub data_dir: PathBuf,
    /// `SWITCHYARD_ADMIN_KEY`: any text of 32 characters or more, in place of a made key.
    pub admin_key: Option<SecretString>,
}

impl FirstStart {
    /// Whether the key that stands in `admin.key` holds in this store; false where there is no file. Changes nothing.
    pub async fn file_holds(
        &self,
        store: &Store,
        secret: &SecretString,
        now: Timestamp,
    ) -> Result<bool, IdentityError> {
        let wrapping = SecretBox::of_secret(secret)?;
        // Reading the pepper makes one where there is none: that must not stay.
        let transaction = store.read().begin().await?;
        let pepper = crate::keyring::pepper(&transaction, &wrapping, now).await?;
        let holds = holds(&transaction, &pepper, &self.file(), now).await;
        transaction.rollback().await?;
        holds
    }

    fn file(&self) -> PathBuf {
        self.data_dir.join(ADMIN_KEY_FILE)
    }
}

/// The administrator's key after a start.
#[derive(Debug)]
pub struct AdminKey {
    /// Its id.
    pub id: KeyId,
    /// Its secret, where it was made now: print it once.
    pub made: Option<SecretString>,
    /// The file that it was written to, where it was made now.
    pub file: Option<PathBuf>,
}

/// What a start found or made.
pub(crate) struct Ground {
    pub org: OrgId,
    pub project: ProjectId,
    pub pepper: Pepper,
    /// `None` where no start was asked for, or the administrator's key was revoked for good.
    pub admin: Option<AdminKey>,
}

/// Finds or makes all that a store needs, in one transaction under one lock; run by every start, effective once.
pub(crate) async fn prepare(
    store: &Store,
    wrapping: &SecretBox,
    start: Option<&FirstStart>,
    now: Timestamp,
) -> Result<Ground, IdentityError> {
    let from_env = start.and_then(|start| start.admin_key.as_ref());
    if let Some(given) = from_env {
        long_enough(given)?;
    }
    let transaction = store.begin().await?;
    let org = tenancy::lock_org(&transaction, DEFAULT, now).await?;
    let (project, _) = tenancy::project_named(&transaction, org, DEFAULT, now).await?;
    let pepper = crate::keyring::pepper(&transaction, wrapping, now).await?;
    let place = Place {
        org,
        project,
        now,
        pepper: &pepper,
    };
    let mut ended = None;
    let admin = match (start, from_env) {
        (None, _) => None,
        (Some(start), Some(given)) => {
            let file = start.file();
            let held = holds(&transaction, &pepper, &file, now).await?;
            let admin = place.set(&transaction, given).await?;
            if held && !holds(&transaction, &pepper, &file, now).await? {
                ended = Some(file);
            }
            Some(admin)
        }
        (Some(start), None) => place.make(&transaction, start).await?,
    };
    transaction.commit().await.map_err(StoreError::from)?;
    if let Some(file) = ended {
        remove(&file);
    }
    Ok(Ground {
        org,
        project,
        pepper,
        admin,
    })
}

/// Whether the key in this file holds. Only files that held in this very store are ever removed: another may be the only
/// copy of the key of another store.
async fn holds<C: ConnectionTrait>(
    conn: &C,
    pepper: &Pepper,
    file: &Path,
    now: Timestamp,
) -> Result<bool, IdentityError> {
    // Compared and never used, so its mode does not matter here.
    let Ok(text) = std::fs::read_to_string(file) else {
        return Ok(false);
    };
    let found = rows::find_by_digest(conn, &pepper.digest(text.trim())).await?;
    Ok(found.is_some_and(|(key, end)| {
        key.status(now) == KeyStatus::Active && end.is_none_or(|end| end > now)
    }))
}

/// Takes the file away whose key was ended: whoever reads it would be refused.
fn remove(file: &Path) {
    match std::fs::remove_file(file) {
        Ok(()) => tracing::info!(
            file = %file.display(),
            "removed the file of the admin key that SWITCHYARD_ADMIN_KEY took the place of"
        ),
        Err(error) => tracing::warn!(
            file = %file.display(),
            %error,
            "the file of the admin key that SWITCHYARD_ADMIN_KEY took the place of cannot be removed; its key no longer holds"
        ),
    }
}

fn long_enough(given: &SecretString) -> Result<(), IdentityError> {
    let got = given.expose_secret().chars().count();
    if got < ADMIN_KEY_LEAST_CHARS {
        return Err(IdentityError::AdminKeyTooShort {
            got,
            least: ADMIN_KEY_LEAST_CHARS,
        });
    }
    Ok(())
}

struct Place<'a> {
    org: OrgId,
    project: ProjectId,
    now: Timestamp,
    pepper: &'a Pepper,
}

impl Place<'_> {
    /// Makes the key that the environment gives the one secret of the administrator.
    async fn set<C: ConnectionTrait>(
        &self,
        conn: &C,
        given: &SecretString,
    ) -> Result<AdminKey, IdentityError> {
        let text = given.expose_secret();
        let digest = self.pepper.digest(text);
        let admins = rows::find_admin(conn, self.org).await?;
        let known = admins.into_iter().find(|key| key.revoked_at.is_none());
        let holder = rows::find_by_digest(conn, &digest).await?;
        if let Some((holder, overlap)) = &holder {
            let same = known.as_ref().is_some_and(|known| known.id == holder.id);
            if !same {
                return Err(IdentityError::AdminKeyTaken);
            }
            if overlap.is_none() {
                return Ok(found(holder.id));
            }
        }
        let mut key = known.clone().unwrap_or_else(|| self.admin());
        key.display = key::display(text);
        if known.is_some() {
            rows::end_secrets(conn, key.id, self.now, self.now).await?;
            rows::update(conn, &key).await?;
        } else {
            rows::insert(conn, &key).await?;
        }
        self.keep(conn, &key, text).await?;
        let action = if known.is_some() {
            "key.rotate"
        } else {
            "key.create"
        };
        act(
            conn,
            &key,
            None,
            action,
            self.now,
            serde_json::json!({ "by": "SWITCHYARD_ADMIN_KEY" }),
        )
        .await?;
        Ok(found(key.id))
    }

    /// Makes the key and its file where there never was one.
    async fn make<C: ConnectionTrait>(
        &self,
        conn: &C,
        start: &FirstStart,
    ) -> Result<Option<AdminKey>, IdentityError> {
        let admins = rows::find_admin(conn, self.org).await?;
        if let Some(first) = admins.first() {
            let holds = admins.iter().find(|key| key.revoked_at.is_none());
            return Ok(holds.map(|key| found(key.id)).or_else(|| {
                tracing::warn!(key.id = %first.id, "the administrator's key is revoked; set SWITCHYARD_ADMIN_KEY for a new one");
                None
            }));
        }
        // The file goes first: a crash between the two leaves a file, whose key the next start takes up.
        let path = start.file();
        let left = private_file::read(&path)?.filter(|left| key::well_formed(left.expose_secret()));
        let secret = left.unwrap_or_else(|| key::generate(KeyKind::Admin));
        private_file::replace(&path, secret.expose_secret())?;
        let mut admin = self.admin();
        admin.display = key::display(secret.expose_secret());
        rows::insert(conn, &admin).await?;
        self.keep(conn, &admin, secret.expose_secret()).await?;
        act(
            conn,
            &admin,
            None,
            "key.create",
            self.now,
            serde_json::json!({ "by": "first start" }),
        )
        .await?;
        Ok(Some(AdminKey {
            id: admin.id,
            made: Some(secret),
            file: Some(path),
        }))
    }

    async fn keep<C: ConnectionTrait>(
        &self,
        conn: &C,
        key: &Key,
        text: &str,
    ) -> Result<(), IdentityError> {
        let secret = KeptSecret {
            digest: self.pepper.digest(text),
            bare: !key::well_formed(text),
            expires_at: None,
        };
        Ok(rows::add_secret(conn, key.id, &secret, self.now).await?)
    }

    /// Every scope and no limit, so that the tour needs one key.
    fn admin(&self) -> Key {
        Key {
            id: KeyId::new(),
            org: self.org,
            project: self.project,
            name: "admin".into(),
            role: Role::Admin,
            display: String::new(),
            scopes: vec!["*".into()],
            models: Vec::new(),
            limits: Some(guard::Limits::default()),
            budgets: Vec::new(),
            tags: std::collections::BTreeMap::new(),
            capture: false,
            created_at: self.now,
            created_by: None,
            updated_at: self.now,
            expires_at: None,
            revoked_at: None,
            last_used_at: None,
        }
    }
}

const fn found(id: KeyId) -> AdminKey {
    AdminKey {
        id,
        made: None,
        file: None,
    }
}
