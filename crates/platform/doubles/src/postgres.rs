//! A private PostgreSQL for tests: made in a temporary folder, gone with the process that made it, stopped and started at
//! will. Where `SWITCHYARD_TEST_POSTGRES` names a server (an admin URL), [`shared`] uses that one instead.

mod binaries;
mod process;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use parking_lot::Mutex;
use tokio::sync::OnceCell;

use binaries::Binaries;
use process::Process;

/// The variable that names a server to use instead of a private one.
pub const SERVER_VARIABLE: &str = "SWITCHYARD_TEST_POSTGRES";

/// Why there is no PostgreSQL to test against.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// No server binaries are installed.
    #[error(
        "no PostgreSQL server found on PATH or below /usr/lib/postgresql: install one, or set {SERVER_VARIABLE} to an admin URL"
    )]
    NotInstalled,
    /// A tool of PostgreSQL ended badly.
    #[error("{tool} failed: {output}")]
    Tool {
        /// Which.
        tool: &'static str,
        /// What it said.
        output: String,
    },
    /// The system refused something.
    #[error("cannot run PostgreSQL: {0}")]
    System(#[from] std::io::Error),
}

/// A server that databases can be made on.
pub struct Postgres {
    binaries: Binaries,
    admin_url: String,
    /// Absent for a server that is not ours.
    private: Option<Private>,
    databases: AtomicU32,
}

struct Private {
    home: tempfile::TempDir,
    port: u16,
    running: Mutex<Option<Process>>,
}

static SHARED: OnceCell<Postgres> = OnceCell::const_new();

/// Whether tests can have a PostgreSQL here.
#[must_use]
pub fn available() -> bool {
    Binaries::find().is_some()
}

/// The server that all tests of this process share.
///
/// # Panics
/// When there is none to be had; the message says what to install.
pub async fn shared() -> &'static Postgres {
    let started = SHARED
        .get_or_try_init(|| async {
            match std::env::var(SERVER_VARIABLE) {
                Ok(url) if !url.is_empty() => Postgres::foreign(url),
                _ => Postgres::private().await,
            }
        })
        .await;
    match started {
        Ok(server) => server,
        Err(error) => panic!("{error}"),
    }
}

/// The URL of a fresh database on the shared server.
pub async fn database() -> String {
    shared().await.database().await
}

impl Postgres {
    /// A server of one's own, for tests that stop it.
    ///
    /// # Errors
    /// When PostgreSQL is not installed or does not start.
    pub async fn private() -> Result<Self, PostgresError> {
        let binaries = Binaries::find().ok_or(PostgresError::NotInstalled)?;
        let home = process::make_home()?;
        binaries.initdb(home.path()).await?;
        let port = free_port()?;
        let server = Self {
            binaries,
            admin_url: format!("postgres://switchyard@127.0.0.1:{port}/postgres"),
            private: Some(Private {
                home,
                port,
                running: Mutex::new(None),
            }),
            databases: AtomicU32::new(0),
        };
        server.launch().await?;
        Ok(server)
    }

    fn foreign(admin_url: String) -> Result<Self, PostgresError> {
        Ok(Self {
            binaries: Binaries::find().ok_or(PostgresError::NotInstalled)?,
            admin_url,
            private: None,
            databases: AtomicU32::new(0),
        })
    }

    async fn launch(&self) -> Result<(), PostgresError> {
        if let Some(private) = &self.private {
            let process = Process::spawn(&self.binaries, &data_folder(private), private.port)?;
            process.ready(&self.binaries, private.port).await?;
            *private.running.lock() = Some(process);
        }
        Ok(())
    }

    /// The URL of its administrator.
    #[must_use]
    pub fn admin_url(&self) -> &str {
        &self.admin_url
    }

    /// Makes a fresh database and returns its URL.
    ///
    /// # Panics
    /// When the server does not make it.
    pub async fn database(&self) -> String {
        let number = self.databases.fetch_add(1, Ordering::SeqCst);
        let nonce = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let nonce = nonce.map_or(0, |since| since.subsec_nanos());
        let name = format!("test_{}_{nonce}_{number}", std::process::id());
        let statement = format!("CREATE DATABASE {name}");
        if let Err(error) = self.binaries.psql(&self.admin_url, &statement).await {
            panic!("{error}");
        }
        with_database(&self.admin_url, &name)
    }

    /// Stops a private server as an administrator would: sessions are cut, data are kept.
    pub async fn stop(&self) {
        let running = self
            .private
            .as_ref()
            .and_then(|private| private.running.lock().take());
        if let Some(process) = running {
            process.stop().await;
        }
    }

    /// Starts a stopped private server again on the same port with the same data.
    ///
    /// # Panics
    /// When it does not come up.
    pub async fn start(&self) {
        if let Err(error) = self.launch().await {
            panic!("{error}");
        }
    }
}

fn data_folder(private: &Private) -> PathBuf {
    private.home.path().join("data")
}

fn free_port() -> std::io::Result<u16> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    Ok(listener.local_addr()?.port())
}

/// The same URL with another database name; query parameters stay.
fn with_database(url: &str, name: &str) -> String {
    let (base, query) = match url.split_once('?') {
        Some((base, query)) => (base, format!("?{query}")),
        None => (url, String::new()),
    };
    let authority_at = base.find("://").map_or(0, |at| at + 3);
    let path_at = base[authority_at..].find('/');
    let server = path_at.map_or(base, |at| &base[..authority_at + at]);
    format!("{server}/{name}{query}")
}

#[cfg(test)]
mod tests;
