//! How a TestApp is put together: providers, settings, clock, database.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use kernel::Clock;

use crate::app::TestApp;

/// The admin key of every TestApp.
pub(crate) const ADMIN_KEY: &str = "test-admin-key-0123456789-0123456789-abcdef";

/// Collects what a TestApp starts with.
#[derive(Default)]
pub struct Builder {
    settings: String,
    env: BTreeMap<String, String>,
    clock: Option<Arc<dyn Clock>>,
    database: Option<String>,
    data_dir: Option<PathBuf>,
}

impl Builder {
    /// Adds a provider, as a `[[providers]]` entry would.
    #[must_use]
    pub fn provider(mut self, name: &str, kind: &str, base_url: &str) -> Self {
        let _ = write!(
            self.settings,
            "\n[[providers]]\nname = \"{name}\"\nkind = \"{kind}\"\nbase_url = \"{base_url}\"\napi_key = \"upstream-{name}\"\n"
        );
        self
    }

    /// Adds lines to the settings file. Tables of arrays go last; plain sections first.
    #[must_use]
    pub fn settings(mut self, lines: &str) -> Self {
        self.settings.push('\n');
        self.settings.push_str(lines);
        self
    }

    /// Sets a variable of the environment that the product sees.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Time that the test sets.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// PostgreSQL instead of SQLite.
    #[must_use]
    pub fn database(mut self, url: &str) -> Self {
        self.database = Some(url.to_owned());
        self
    }

    /// A folder that outlives this app, for restarts.
    #[must_use]
    pub fn data_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.data_dir = Some(path.into());
        self
    }

    /// Starts it on a free port.
    pub async fn start(self) -> TestApp {
        let scratch = tempfile::tempdir().expect("a temporary folder");
        let data_dir = self.data_dir.unwrap_or_else(|| scratch.path().join("data"));
        let file = scratch.path().join("switchyard.toml");
        std::fs::write(&file, &self.settings).expect("the settings file can be written");
        let mut env = BTreeMap::from(
            [
                ("SWITCHYARD_ADMIN_KEY", ADMIN_KEY),
                ("SECRET_KEY", "test-secret-key-0123456789-0123456789"),
                ("SWITCHYARD__SERVER__PORT", "0"),
                ("SWITCHYARD__SERVER__DRAIN_MS", "5000"),
                (
                    "SWITCHYARD__SERVER__DATA_DIR",
                    &data_dir.display().to_string(),
                ),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        // What the test sets goes before what every test has.
        env.extend(self.env);
        if let Some(url) = self.database {
            env.insert("DATABASE_URL".into(), url);
        }
        let sources = app::sources(Some(file.clone()), env, app::settings::no_flags());
        let running = app::Boot::new(sources, self.clock)
            .start()
            .await
            .expect("the product starts");
        TestApp::new(running, scratch, file, data_dir)
    }
}
