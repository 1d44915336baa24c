//! The room on both databases, with a clock that stands still and a made-up record of spending.

mod callers;
mod first_start;
mod http;
mod keys;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use guard::Caller;
use kernel::{ExposeSecret, KeyId, Nano, SecretString, TestClock, Timestamp};
use parking_lot::Mutex;
use store::Store;
use store::changes::Feed;
use web::{AuthError, Authenticate};

use crate::first_start::{AdminKey, FirstStart};
use crate::service::{Actor, Deps, Identity, MadeKey};
use crate::{BoxError, CallerSettings, IdentityError, LimitSettings, NewKey, SpentReader};

pub(crate) const SECRET: &str = "a secret of the tests";

/// A record of spending that says what it is told to.
#[derive(Default)]
pub(crate) struct Spending {
    pub by_key: Mutex<BTreeMap<KeyId, i64>>,
    pub asked: AtomicUsize,
    /// Calls that have ended are still on their way.
    pub behind: AtomicBool,
}

impl Spending {
    pub fn set_behind(&self, behind: bool) {
        self.behind.store(behind, Ordering::SeqCst);
    }
}

#[async_trait]
impl SpentReader for Spending {
    async fn settled(&self) -> bool {
        !self.behind.load(Ordering::SeqCst)
    }

    async fn spent(&self, key: KeyId, _: Timestamp, _: &[String]) -> Result<Nano, BoxError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Ok(Nano(self.by_key.lock().get(&key).copied().unwrap_or(0)))
    }
}

/// The room over one store, and all that a test turns.
pub(crate) struct Bench {
    pub store: Store,
    pub clock: TestClock,
    pub spending: Arc<Spending>,
    pub folder: tempfile::TempDir,
    pub room: Identity,
    pub admin: AdminKey,
    _guard: store::testing::Guard,
}

impl Bench {
    /// One for each database.
    pub async fn all() -> Vec<Self> {
        let mut benches = Vec::new();
        for (_, store, guard) in store::testing::migrated(crate::migrations).await {
            let folder = tempfile::tempdir().unwrap();
            let clock = TestClock::at(Timestamp::parse("2026-11-21T12:00:00Z").unwrap());
            let spending = Arc::new(Spending::default());
            let deps = deps(&store, &clock, &spending, SECRET);
            let (room, admin) = Identity::open(deps, Some(&start(folder.path(), None)))
                .await
                .unwrap();
            benches.push(Self {
                store,
                clock,
                spending,
                folder,
                room,
                admin: admin.unwrap(),
                _guard: guard,
            });
        }
        benches
    }

    /// The same store opened once more, as another process would.
    pub async fn replica(&self) -> Identity {
        self.open(SECRET, None).await.unwrap().0
    }

    pub async fn open(
        &self,
        secret: &str,
        admin_key: Option<&str>,
    ) -> Result<(Identity, Option<AdminKey>), IdentityError> {
        let deps = deps(&self.store, &self.clock, &self.spending, secret);
        Identity::open(deps, Some(&start(self.folder.path(), admin_key))).await
    }

    pub async fn make(&self, new: NewKey) -> MadeKey {
        self.room.create(&self.room.machine(), new).await.unwrap()
    }

    pub async fn make_named(&self, name: &str) -> MadeKey {
        self.make(named(name)).await
    }

    pub fn admin_secret(&self) -> &str {
        self.admin.made.as_ref().unwrap().expose_secret()
    }

    pub fn clock_now(&self) -> Timestamp {
        kernel::Clock::now(&self.clock)
    }

    pub fn machine(&self) -> Actor {
        self.room.machine()
    }

    /// A feed that looks when it is told to.
    pub async fn feed(&self) -> Feed {
        Feed::start(&self.store, Duration::from_secs(3_600))
            .await
            .unwrap()
    }
}

fn deps(store: &Store, clock: &TestClock, spending: &Arc<Spending>, secret: &str) -> Deps {
    Deps {
        store: store.clone(),
        clock: Arc::new(clock.clone()),
        spent: Arc::clone(spending) as Arc<dyn SpentReader>,
        secret: SecretString::from(secret),
        limits: LimitSettings::default(),
        callers: CallerSettings::default(),
    }
}

fn start(folder: &std::path::Path, admin_key: Option<&str>) -> FirstStart {
    FirstStart {
        data_dir: folder.to_owned(),
        admin_key: admin_key.map(SecretString::from),
    }
}

pub(crate) fn named(name: &str) -> NewKey {
    NewKey {
        name: name.into(),
        ..NewKey::default()
    }
}

pub(crate) async fn caller(
    room: &Identity,
    secret: &SecretString,
) -> Result<Arc<Caller>, AuthError> {
    room.authenticate(secret.expose_secret()).await
}
