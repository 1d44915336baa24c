//! From settings to a serving process: opens what has to be open, in the order in which one needs the other.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use analytics::Analytics;
use config::{Faults, Sources};
use gateway::Gateway;
use guard::Breakers;
use identity::{FirstStart, Identity, IdentityError};
use journal::Journal;
use kernel::{Clock, SystemClock};
use llm::prices::PriceBook;
use store::{Store, StoreError, StoreOptions, StoreUrl};
use tokio::net::TcpListener;
use tokio::sync::watch;
use web::Cors;

use crate::adapters;
use crate::adapters::settings_view::View;
use crate::door;
use crate::front::Front;
use crate::reload::Reload;
use crate::router;
use crate::running::Running;
use crate::settings::{self, Settings};

/// How often the change sequence is read.
const CHANGES_EVERY: Duration = Duration::from_millis(500);

/// Why the product did not start.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    /// The settings have faults.
    #[error("the settings have faults:\n{0}")]
    Settings(Faults),
    /// Providers or models have faults.
    #[error("providers or models have faults:\n{0}")]
    Catalogue(String),
    /// The log level cannot be used.
    #[error("log.level: {0}")]
    Log(String),
    /// The price book is broken, which is our own fault.
    #[error("the bundled price book cannot be read: {0}")]
    Prices(String),
    /// The data folder cannot be used.
    #[error("the data folder {path} cannot be used: {reason}")]
    DataDir {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Another process has the data folder.
    #[error(
        "the data folder {0} is in use by another process; stop it, or choose another with --data-dir"
    )]
    Locked(PathBuf),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {reason}; choose another with --listen HOST:PORT or PORT")]
    Listen {
        /// Which.
        address: std::net::SocketAddr,
        /// Why.
        reason: std::io::Error,
    },
    /// The threads that serve connections.
    #[error("cannot start the threads that serve connections: {0}")]
    Threads(std::io::Error),
    /// The store does not answer.
    #[error("{place} cannot be reached: {reason}; {remedy}")]
    Unreachable {
        /// Which, without a password.
        place: String,
        /// Why.
        reason: String,
        /// What to look at.
        remedy: &'static str,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Keys.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The keys of the house.
    #[error(transparent)]
    Crypto(#[from] crypto::CryptoError),
    /// Captured payloads.
    #[error(transparent)]
    Blob(#[from] blob::BlobError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] journal::JournalError),
}

/// A start that has not happened yet.
pub struct Boot {
    sources: Sources,
    clock: Option<Arc<dyn Clock>>,
}

/// The rooms that both the server and the command line work with.
pub(crate) struct Rooms {
    pub store: Store,
    pub identity: Identity,
    pub admin: Option<identity::AdminKey>,
    pub analytics: Analytics,
    pub payloads: adapters::payloads::Payloads,
    pub journal: Journal,
    pub journal_dir: PathBuf,
    pub recovery: journal::Recovery,
    pub lock: File,
}

impl Boot {
    /// Prepares a start. A clock is given by tests only.
    #[must_use]
    pub fn new(sources: Sources, clock: Option<Arc<dyn Clock>>) -> Self {
        Self { sources, clock }
    }

    /// Starts everything and serves.
    pub async fn start(self) -> Result<Running, BootError> {
        choose_cryptography();
        let loaded = settings::load(&self.sources).map_err(BootError::Settings)?;
        let settings = &loaded.settings;
        let logs = telemetry::logs::init(&settings.log)
            .map_err(|error| BootError::Log(error.to_string()))?;
        let clock = self.clock.unwrap_or_else(|| clock(settings));
        let address = settings.listen();
        let listener = TcpListener::bind(address)
            .await
            .map_err(|reason| BootError::Listen { address, reason })?;
        let address = listener
            .local_addr()
            .map_err(|reason| BootError::Listen { address, reason })?;
        let rooms = open(settings, &clock, true).await?;
        if rooms.recovery.interrupted > 0 {
            tracing::warn!(
                calls = rooms.recovery.interrupted,
                "calls that were live when the process last died are recorded as interrupted"
            );
        }
        let prices = PriceBook::bundled().map_err(|error| BootError::Prices(error.to_string()))?;
        let breakers = Arc::new(Breakers::new(clock.clone()));
        let authenticate = rooms.identity.authenticator();
        let gateway = Gateway::new(
            gateway::Deps {
                clock: clock.clone(),
                journal: rooms.journal.clone(),
                authenticate: authenticate.clone(),
                payloads: Arc::new(rooms.payloads.clone()),
                breakers: breakers.clone(),
                prices: Arc::new(prices),
                marker: Arc::new(rooms.identity.marker("gateway route tag")),
            },
            &settings.gateway(&self.sources.env),
        )
        .map_err(|faults| BootError::Catalogue(lines(&faults)))?;
        let journal = rooms.journal.start(Arc::new(rooms.analytics.sink()));
        let feed = store::changes::Feed::start(&rooms.store, CHANGES_EVERY).await?;
        let keys = rooms.identity.start(&feed);
        let view = View::default();
        view.show(&loaded);
        let reload = Arc::new(Reload::new(
            self.sources,
            settings.clone(),
            gateway.clone(),
            rooms.identity.clone(),
            view.clone(),
        ));
        let (router, ops) = router::build(router::Parts {
            settings,
            view,
            rooms: &rooms,
            gateway: &gateway,
            breakers,
            logs,
            clock: clock.clone(),
        });
        let (stop, stopped) = watch::channel(false);
        let (give_up, given_up) = watch::channel(false);
        let front = Front {
            gateway: gateway.clone(),
            router,
            authenticate,
            cors: Arc::new(Cors::new(&settings.http.cors_origins)),
        };
        let (workers, threads) = door::start(
            door::count(settings.server.workers),
            &front,
            Duration::from_millis(settings.server.header_read_ms),
            &given_up,
        )
        .map_err(BootError::Threads)?;
        let door = tokio::spawn(door::accept(
            listener,
            workers,
            settings.server.max_connections,
            stopped,
        ));
        let background = vec![
            tokio::spawn(rooms.analytics.clone().keep_within_retention()),
            tokio::spawn(reload.clone().follow_file()),
            tokio::spawn(ops::jobs::watch(ops.clone())),
        ];
        ops.enter(ops::Phase::Serving);
        Ok(Running {
            address,
            new_admin_key: rooms.admin.and_then(|admin| admin.made),
            stop,
            give_up,
            door,
            workers: threads,
            live: gateway.live().clone(),
            drain: Duration::from_millis(settings.server.drain_ms),
            journal,
            keys,
            _feed: feed,
            background,
            ops,
            reload,
            _lock: rooms.lock,
        })
    }
}

/// One provider of cryptography for every TLS connection of this process; a second call changes nothing.
pub fn choose_cryptography() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

fn clock(settings: &Settings) -> Arc<dyn Clock> {
    match settings.debug.clock_start {
        Some(start) => {
            tracing::warn!(%start, "the clock is set by debug.clock_start");
            Arc::new(SystemClock::starting_at(start))
        }
        None => Arc::new(SystemClock::new()),
    }
}

/// Opens store, journal and rooms on the data folder. `first` also makes the admin key where there is none.
pub(crate) async fn open(
    settings: &Settings,
    clock: &Arc<dyn Clock>,
    first: bool,
) -> Result<Rooms, BootError> {
    let data_dir = &settings.server.data_dir;
    let lock = lock(data_dir)?;
    let wanted = store_options(settings)?;
    let store = Store::connect(&wanted)
        .await
        .map_err(|error| unreachable(&wanted.url, error))?;
    let migrations = store::migrations()
        .into_iter()
        .chain(identity::migrations())
        .chain(analytics::migrations())
        .collect();
    store.migrate(migrations).await?;
    let options = journal_options(settings);
    let journal_dir = options.dir.clone();
    let (journal, recovery) = Journal::open(options, clock.clone())?;
    let payloads = adapters::payloads::Payloads(blob::Payloads::open(&blob::Options::new(
        data_dir.join("payloads"),
    ))?);
    let analytics = Analytics::new(analytics::Deps {
        store: store.clone(),
        clock: clock.clone(),
        freshness: Arc::new(journal.clone()),
        payloads: Arc::new(payloads.clone()),
        config: settings.analytics.clone(),
        retention: settings.retention.clone(),
    });
    let given = settings
        .security
        .secret_key
        .as_ref()
        .map(config::Secret::to_secret_string);
    let (secret, _) = crypto::secret_key(given.as_ref(), data_dir)?;
    let start = FirstStart {
        data_dir: data_dir.clone(),
        admin_key: settings
            .security
            .admin_key
            .as_ref()
            .map(config::Secret::to_secret_string),
    };
    let (identity, admin) = Identity::open(
        identity::Deps {
            store: store.clone(),
            clock: clock.clone(),
            spent: Arc::new(adapters::spent::Spent(analytics.clone())),
            secret,
            limits: settings.limits.clone(),
            callers: identity::CallerSettings::default(),
        },
        first.then_some(&start),
    )
    .await?;
    Ok(Rooms {
        store,
        identity,
        admin,
        analytics,
        payloads,
        journal,
        journal_dir,
        recovery,
        lock,
    })
}

fn lock(data_dir: &Path) -> Result<File, BootError> {
    let fault = |reason: std::io::Error| BootError::DataDir {
        path: data_dir.to_owned(),
        reason: reason.to_string(),
    };
    std::fs::create_dir_all(data_dir).map_err(fault)?;
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(data_dir.join("lock"))
        .map_err(fault)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(BootError::Locked(data_dir.to_owned())),
        Err(std::fs::TryLockError::Error(reason)) => Err(fault(reason)),
    }
}

fn unreachable(url: &StoreUrl, error: StoreError) -> BootError {
    if !error.is_unavailable() {
        return error.into();
    }
    // Each cause repeats the words of the one below it.
    let mut cause: &dyn std::error::Error = &error;
    while let Some(below) = cause.source() {
        cause = below;
    }
    BootError::Unreachable {
        place: url.place(),
        reason: cause.to_string(),
        remedy: match url {
            StoreUrl::Sqlite(_) => {
                "check that the file is a SQLite store and that this user may write it and its folder"
            }
            StoreUrl::Postgres(_) => {
                "check database.url (DATABASE_URL), that the database runs, and that this machine may reach it"
            }
        },
    }
}

pub(crate) fn store_options(settings: &Settings) -> Result<StoreOptions, BootError> {
    let url = match &settings.database.url {
        None => StoreUrl::Sqlite(settings.server.data_dir.join("switchyard.db")),
        Some(url) => StoreUrl::parse(url.expose()).map_err(|error| BootError::DataDir {
            path: settings.server.data_dir.clone(),
            reason: error.to_string(),
        })?,
    };
    let mut options = StoreOptions::new(url);
    options.pool = settings.database.max_connections;
    options.connect_timeout = Duration::from_millis(settings.database.connect_ms);
    options.statement_timeout = Duration::from_millis(settings.database.statement_ms);
    Ok(options)
}

pub(crate) fn journal_options(settings: &Settings) -> journal::Options {
    let config = &settings.journal;
    let mut options = journal::Options::new(settings.server.data_dir.join("journal"));
    options.max_bytes = config.max_bytes;
    options.segment_bytes = config.segment_bytes;
    options.sync_every = Duration::from_millis(config.sync_ms);
    options.deliver_every = Duration::from_millis(config.deliver_ms);
    options
}

/// Faults, one a line.
pub(crate) fn lines<E: std::fmt::Display>(faults: &[E]) -> String {
    faults
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}
