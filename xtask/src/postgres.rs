//! A private PostgreSQL for one run of the tests: its own folder, a free port, trust on the loopback, no durability.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::{program, tools};

/// The system account that runs the server when we are the superuser, which PostgreSQL refuses to be.
const ACCOUNT: &str = "postgres";

/// A running server; stopped and removed when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    dir: PathBuf,
    url: String,
}

impl Server {
    /// Makes a cluster and starts it.
    pub fn start() -> Result<Self> {
        let dir = std::env::temp_dir().join(format!("switchyard-postgres-{}", std::process::id()));
        std::fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
        if program::is_root() {
            program::quiet(program::command("chown").arg(ACCOUNT).arg(&dir))?;
        }
        let data = dir.join("data");
        program::quiet(
            as_account(&dir, "initdb")?
                .args([
                    "--username=switchyard",
                    "--auth=trust",
                    "--encoding=UTF8",
                    "--locale=C",
                ])
                .args(["--no-sync", "-D"])
                .arg(&data),
        )?;
        let port = free_port()?;
        let mut server = as_account(&dir, "postgres")?;
        server
            .arg("-D")
            .arg(&data)
            .stderr(Stdio::piped())
            .stdout(Stdio::null());
        for setting in [
            format!("port={port}"),
            "listen_addresses=127.0.0.1".to_owned(),
            "unix_socket_directories=".to_owned(),
            "fsync=off".to_owned(),
            "synchronous_commit=off".to_owned(),
            "full_page_writes=off".to_owned(),
            "max_connections=400".to_owned(),
            "shared_buffers=64MB".to_owned(),
        ] {
            server.args(["-c", &setting]);
        }
        let mut child = server.spawn().context("cannot start postgres")?;
        let ready = wait_ready(&mut child, &dir.join("log"));
        let server = Self {
            child,
            dir,
            url: format!("postgres://switchyard@127.0.0.1:{port}/postgres"),
        };
        ready.map(|()| server)
    }

    /// Where tests reach it, with the right to make databases.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let stopped = as_account(&self.dir, "pg_ctl").and_then(|mut pg_ctl| {
            program::quiet(
                pg_ctl
                    .args(["stop", "-m", "immediate", "-D"])
                    .arg(self.dir.join("data")),
            )
        });
        if stopped.is_err() {
            self.child.kill().ok();
        }
        self.child.wait().ok();
        std::fs::remove_dir_all(&self.dir).ok();
    }
}

fn as_account(dir: &Path, name: &str) -> Result<Command> {
    let Some(path) = program::find(name, &tools::folders()) else {
        bail!("{name} is missing: install PostgreSQL (Debian package postgresql)");
    };
    let mut command = if program::is_root() {
        let mut setpriv = program::command("setpriv");
        setpriv.args([
            "--reuid",
            ACCOUNT,
            "--regid",
            ACCOUNT,
            "--clear-groups",
            "--",
        ]);
        setpriv.arg(path);
        setpriv
    } else {
        program::command(path)
    };
    command.current_dir(dir).env_remove("PGDATA");
    Ok(command)
}

/// Reads the server's log until it serves; the rest goes on into a file.
fn wait_ready(child: &mut Child, log: &Path) -> Result<()> {
    let stderr = child.stderr.take().context("the server has no log")?;
    let mut lines = BufReader::new(stderr).lines();
    let mut seen = String::new();
    for line in lines.by_ref() {
        let line = line?;
        seen.push_str(&line);
        seen.push('\n');
        if line.contains("ready to accept connections") {
            let mut file = File::create(log).context("cannot write the server's log")?;
            std::thread::spawn(move || {
                for line in lines.map_while(Result::ok) {
                    writeln!(file, "{line}").ok();
                }
            });
            return Ok(());
        }
    }
    bail!("postgres ended before it served:\n{seen}")
}

/// A port that nobody listens on now.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_serves_and_leaves_nothing_behind() {
        if program::find("initdb", &tools::folders()).is_none() {
            println!("left out: PostgreSQL is not installed");
            return;
        }
        let server = Server::start().unwrap();
        let dir = server.dir.clone();
        let psql = program::find("psql", &tools::folders()).unwrap();
        let answer =
            program::capture(program::command(psql).args([server.url(), "-Atc", "select 41 + 1"]));
        assert_eq!(answer.unwrap().trim(), "42");
        drop(server);
        assert!(!dir.exists());
    }
}
