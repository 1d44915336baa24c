//! The server process of a private PostgreSQL. A small shell stands between: when this process ends, however it ends, the
//! pipe to the shell closes, and the shell stops the server and clears its folder.

use std::io::Write;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::PostgresError;
use super::binaries::Binaries;
use crate::patience;

/// How often a starting server is asked whether it is ready.
const ASK_EVERY: Duration = Duration::from_millis(25);

/// `keep` on its input means stopped for now; the end of its input means gone for good.
const KEEPER: &str = r#"
"$@" </dev/null >>"$PGLOG" 2>&1 &
server=$!
IFS= read -r word
kill -INT "$server" 2>/dev/null
wait "$server"
[ "$word" = keep ] || rm -rf "$PGHOME"
"#;

/// A running server.
pub(super) struct Process {
    keeper: Child,
}

impl Process {
    pub(super) fn spawn(
        binaries: &Binaries,
        data: &Path,
        port: u16,
    ) -> Result<Self, PostgresError> {
        let home = data.parent().unwrap_or(data);
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", KEEPER, "keeper"])
            .arg(binaries.tool("postgres"))
            .arg("-D")
            .arg(data)
            .env("PGLOG", home.join("server.log"))
            .env("PGHOME", home)
            .current_dir(home)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Its own group: an interrupt at the terminal reaches the tests, not the server.
            .process_group(0);
        for setting in [
            format!("port={port}"),
            "listen_addresses=127.0.0.1".to_owned(),
            "unix_socket_directories=".to_owned(),
            "max_connections=200".to_owned(),
            "shared_buffers=32MB".to_owned(),
            "fsync=off".to_owned(),
            "full_page_writes=off".to_owned(),
            "synchronous_commit=off".to_owned(),
            "autovacuum_naptime=10min".to_owned(),
        ] {
            command.arg("-c").arg(setting);
        }
        as_server_user(&mut command);
        Ok(Self {
            keeper: command.spawn()?,
        })
    }

    /// Resolves once it takes connections.
    pub(super) async fn ready(&self, binaries: &Binaries, port: u16) -> Result<(), PostgresError> {
        patience::expect("PostgreSQL to take connections", async {
            let mut ask = tokio::time::interval(ASK_EVERY);
            while !binaries.is_ready(port).await {
                ask.tick().await;
            }
        })
        .await;
        Ok(())
    }

    /// Stops the server and resolves when it is gone; its data stay.
    pub(super) async fn stop(mut self) {
        let stopped = tokio::task::spawn_blocking(move || {
            if let Some(mut input) = self.keeper.stdin.take() {
                // A keeper that is gone has nothing left to stop.
                let _ = input.write_all(b"keep\n");
            }
            self.keeper.wait()
        });
        let stopped = patience::expect("PostgreSQL to stop", stopped).await;
        drop(stopped);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Closing its input makes the keeper stop the server and clear the folder; a stopped one is reaped already.
        if self.keeper.stdin.take().is_some() {
            let _ = self.keeper.wait();
        }
    }
}

/// A folder that the server's user may write.
pub(super) fn make_home() -> Result<tempfile::TempDir, PostgresError> {
    let home = tempfile::Builder::new()
        .prefix("switchyard-postgres-")
        .tempdir()?;
    if let Some((user, group)) = server_user() {
        chown(home.path(), Some(user), Some(group))?;
    }
    Ok(home)
}

/// PostgreSQL refuses to run as root: it gets the user that its package made, else nobody.
pub(super) fn as_server_user(command: &mut Command) {
    if let Some((user, group)) = server_user() {
        command.uid(user).gid(group);
    }
}

fn server_user() -> Option<(u32, u32)> {
    let am_root = std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0);
    if !am_root {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let entry = |wanted: &str| {
        users.lines().find_map(|line| {
            let mut fields = line.split(':');
            let (name, _) = (fields.next()?, fields.next());
            let user = fields.next()?.parse().ok()?;
            let group = fields.next()?.parse().ok()?;
            (name == wanted).then_some((user, group))
        })
    };
    entry("postgres").or_else(|| entry("nobody"))
}
