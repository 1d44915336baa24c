//! PostgreSQL's own tools: where they are and how they are called.

use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::PostgresError;
use super::process::as_server_user;

/// The folder with `initdb`, `postgres`, `psql` and `pg_isready`.
#[derive(Debug, Clone)]
pub(super) struct Binaries(PathBuf);

impl Binaries {
    /// On PATH, else the newest that the system's packages installed.
    pub(super) fn find() -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
        for root in ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"] {
            let mut versions: Vec<PathBuf> = std::fs::read_dir(root)
                .into_iter()
                .flatten()
                .filter_map(|entry| entry.ok().map(|entry| entry.path().join("bin")))
                .collect();
            versions.sort_by_key(|folder| std::cmp::Reverse(version(folder)));
            folders.extend(versions);
        }
        folders.push("/usr/local/pgsql/bin".into());
        let complete = |folder: &PathBuf| {
            ["initdb", "postgres", "psql", "pg_isready"]
                .iter()
                .all(|tool| folder.join(tool).is_file())
        };
        folders.into_iter().find(complete).map(Self)
    }

    pub(super) fn tool(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(super) async fn initdb(&self, home: &Path) -> Result<(), PostgresError> {
        let mut command = Command::new(self.tool("initdb"));
        command
            .arg("--pgdata")
            .arg(home.join("data"))
            .args(["--username=switchyard", "--auth=trust", "--encoding=UTF8"])
            .args(["--locale=C", "--no-sync", "--no-instructions"])
            .current_dir(home);
        as_server_user(command.as_std_mut());
        run("initdb", command).await
    }

    pub(super) async fn psql(&self, url: &str, statement: &str) -> Result<(), PostgresError> {
        let mut command = Command::new(self.tool("psql"));
        command
            .args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"])
            .args(["--dbname", url, "--command", statement]);
        run("psql", command).await
    }

    pub(super) async fn is_ready(&self, port: u16) -> bool {
        let mut command = Command::new(self.tool("pg_isready"));
        command
            .args(["--quiet", "--host=127.0.0.1"])
            .arg(format!("--port={port}"));
        run("pg_isready", command).await.is_ok()
    }
}

fn version(folder: &Path) -> u32 {
    let name = folder.parent().and_then(Path::file_name);
    let name = name.map(|name| name.to_string_lossy().into_owned());
    let digits = name.unwrap_or_default();
    let digits = digits.trim_start_matches("postgresql@");
    digits.parse().unwrap_or(0)
}

async fn run(tool: &'static str, mut command: Command) -> Result<(), PostgresError> {
    command.stdin(std::process::Stdio::null());
    let output = command.output().await?;
    if output.status.success() {
        return Ok(());
    }
    Err(PostgresError::Tool {
        tool,
        output: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}
