//! What can be done with keys, for routes and for the command line alike.

mod keys;

use std::sync::Arc;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use crypto::SecretBox;
use facts::Act;
use guard::{BudgetState, Caller, LimitState, Limits};
use kernel::{Clock, Cursor, KeyId, OrgId, ProjectId, RequestId, Scopes, SecretString, Timestamp};
use sea_orm::ConnectionTrait;
use store::{Store, acts, changes};
use web::{AuthError, Authenticate};

use crate::callers::Callers;
use crate::config::{CallerSettings, LimitSettings};
use crate::error::IdentityError;
use crate::first_start::{self, AdminKey, FirstStart};
use crate::model::Key;
use crate::ports::SpentReader;
pub(crate) use keys::MAX_PAGE;

/// The topic of the change sequence under which changed keys are announced.
pub(crate) const TOPIC: &str = "keys";

/// What this room stands on.
pub struct Deps {
    /// The store, migrated.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What keys have spent.
    pub spent: Arc<dyn SpentReader>,
    /// `SECRET_KEY`, or what stands in for it ([`crypto::secret_key`]).
    pub secret: SecretString,
    /// The section `[limits]`.
    pub limits: LimitSettings,
    /// How callers are remembered.
    pub callers: CallerSettings,
}

/// Who acts. A maker can give no more than it holds, and sees its own organisation only.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The key it acts with; `None` for the command line on the machine itself.
    pub key: Option<KeyId>,
    /// The tenant.
    pub org: OrgId,
    /// The project of keys made without one.
    pub project: ProjectId,
    /// What it may do.
    pub scopes: Scopes,
    /// The request it acts by.
    pub request: Option<RequestId>,
}

impl Actor {
    /// The caller of a request.
    #[must_use]
    pub fn of(caller: &Caller, request: RequestId) -> Self {
        let principal = &caller.principal;
        Self {
            key: Some(principal.key),
            org: principal.org,
            project: principal.project,
            scopes: principal.scopes.clone(),
            request: Some(request),
        }
    }
}

/// Which keys to list, newest first.
#[derive(Debug, Clone, Default)]
pub struct KeyQuery {
    /// Of this project, by id or name.
    pub project: Option<String>,
    /// Revoked ones too.
    pub revoked: bool,
    /// Where the page before ended.
    pub cursor: Option<Cursor>,
    /// Rows of a page, at most 200.
    pub limit: usize,
}

/// A new key with its secret, which is told this once.
#[derive(Debug)]
pub struct MadeKey {
    /// The key.
    pub key: Key,
    /// Its secret.
    pub secret: SecretString,
}

/// A key with its new secret, which is told this once.
#[derive(Debug)]
pub struct Rotated {
    /// The key.
    pub key: Key,
    /// Its new secret.
    pub secret: SecretString,
    /// Until when earlier secrets hold.
    pub previous_expires_at: Timestamp,
}

/// How a key stands now.
#[derive(Debug, Clone)]
pub struct KeyUse {
    /// Each of its budgets.
    pub budgets: Vec<BudgetState>,
    /// Its limits.
    pub limits: LimitState,
}

/// The room. Cheap to clone.
#[derive(Clone)]
pub struct Identity(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub org: OrgId,
    pub project: ProjectId,
    pub pepper: crypto::Pepper,
    pub default_limits: Arc<ArcSwap<Limits>>,
    pub callers: Arc<Callers>,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity")
            .field("org", &self.0.org)
            .finish_non_exhaustive()
    }
}

impl Identity {
    /// Opens the room over a migrated store; the organisation, the project and the wrapped keys are made where they
    /// are missing. With `start` also the administrator's key: the second value says which it is.
    pub async fn open(
        deps: Deps,
        start: Option<&FirstStart>,
    ) -> Result<(Self, Option<AdminKey>), IdentityError> {
        let wrapping = SecretBox::of_secret(&deps.secret)?;
        let now = deps.clock.now();
        let ground = first_start::prepare(&deps.store, &wrapping, start, now).await?;
        let default_limits = Arc::new(ArcSwap::from_pointee(deps.limits.default));
        let callers = Callers::new(
            deps.store.clone(),
            Arc::clone(&deps.clock),
            deps.spent,
            ground.pepper.clone(),
            Arc::clone(&default_limits),
            deps.callers,
        );
        callers.reload_bare().await?;
        let inner = Inner {
            store: deps.store,
            clock: deps.clock,
            org: ground.org,
            project: ground.project,
            pepper: ground.pepper,
            default_limits,
            callers: Arc::new(callers),
        };
        Ok((Self(Arc::new(inner)), ground.admin))
    }

    /// A key for marks of one purpose, shared by every process on this store; it outlives a change of `SECRET_KEY`.
    #[must_use]
    pub fn marker(&self, purpose: &str) -> crypto::Marker {
        self.0.pepper.marker(purpose)
    }

    /// The command line on the machine itself: may do everything.
    #[must_use]
    pub fn machine(&self) -> Actor {
        Actor {
            key: None,
            org: self.0.org,
            project: self.0.project,
            scopes: Scopes::all(),
            request: None,
        }
    }

    /// The authenticator of all routes.
    #[must_use]
    pub fn authenticator(&self) -> Arc<dyn Authenticate> {
        Arc::new(self.clone())
    }

    /// Other settings from now on; keys that follow `limits.default` keep what was counted.
    pub fn reconfigure(&self, limits: LimitSettings) {
        self.0.default_limits.store(Arc::new(limits.default));
        self.0.callers.follow_default();
    }

    /// The limits of a key made without `limits`.
    #[must_use]
    pub fn default_limits(&self) -> Arc<Limits> {
        self.0.default_limits.load_full()
    }
}

#[async_trait]
impl Authenticate for Identity {
    fn known(&self, presented: &str) -> Option<Result<Arc<Caller>, AuthError>> {
        self.0.callers.known(presented)
    }

    async fn authenticate(&self, presented: &str) -> Result<Arc<Caller>, AuthError> {
        Callers::authenticate(&self.0.callers, presented).await
    }
}

/// Writes down an act on a key and announces the key, in the transaction of the act and last in it.
pub(crate) async fn act<C: ConnectionTrait>(
    conn: &C,
    key: &Key,
    actor: Option<&Actor>,
    action: &str,
    at: Timestamp,
    change: serde_json::Value,
) -> Result<(), IdentityError> {
    let act = Act {
        at,
        org: key.org,
        actor: actor.and_then(|actor| actor.key),
        request: actor.and_then(|actor| actor.request),
        action: action.to_owned(),
        target: key.id.to_string(),
        change,
    };
    acts::record(conn, &act).await?;
    changes::bump(conn, TOPIC, &key.id.to_string()).await?;
    Ok(())
}
