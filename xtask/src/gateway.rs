//! The product's own process as chores drive it: by its command line and its HTTP interface, nothing else.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::{postgres, program};

const READY_WITHIN: Duration = Duration::from_secs(20);

/// The administrator's key of every process started here.
pub const ADMIN_KEY: &str = "an-admin-key-for-chores-on-this-machine";

/// A running gateway on an empty data folder; stopped and removed when dropped.
#[derive(Debug)]
pub struct Gateway {
    child: Child,
    dir: PathBuf,
    address: String,
}

impl Gateway {
    /// Starts a binary and waits until it is ready.
    pub fn start(binary: &Path) -> Result<Self> {
        let dir = std::env::temp_dir().join(format!("switchyard-chore-{}", std::process::id()));
        std::fs::create_dir_all(&dir)?;
        let address = format!("127.0.0.1:{}", postgres::free_port()?);
        let log = std::fs::File::create(dir.join("log"))?;
        let child = program::command(binary)
            .current_dir(&dir)
            .args(["serve", "--listen", &address, "--data-dir"])
            .arg(dir.join("data"))
            .env("SWITCHYARD_ADMIN_KEY", ADMIN_KEY)
            .stdout(Stdio::from(log.try_clone()?))
            .stderr(Stdio::from(log))
            .spawn()
            .with_context(|| format!("cannot start {}", binary.display()))?;
        let mut gateway = Self {
            child,
            dir,
            address,
        };
        gateway.wait_ready()?;
        Ok(gateway)
    }

    /// `http://host:port`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What the process has written so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.join("log")).unwrap_or_default()
    }

    fn wait_ready(&mut self) -> Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < READY_WITHIN {
            if self
                .request("/health/ready")
                .is_ok_and(|(status, _)| status == 200)
            {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("the gateway ended with {status}:\n{}", self.log());
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
        bail!(
            "the gateway was not ready within {READY_WITHIN:?}:\n{}",
            self.log()
        )
    }

    /// HTTP/1.0, so that the answer ends with the connection and is never chunked.
    fn request(&self, path: &str) -> Result<(u16, String)> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        write!(
            stream,
            "GET {path} HTTP/1.0\r\nHost: {}\r\nAuthorization: Bearer {ADMIN_KEY}\r\n\r\n",
            self.address
        )?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let answer = String::from_utf8_lossy(&answer);
        let (head, body) = answer
            .split_once("\r\n\r\n")
            .context("the answer has no end of its head")?;
        let status = head
            .split_whitespace()
            .nth(1)
            .and_then(|status| status.parse().ok())
            .context("the answer has no status")?;
        Ok((status, body.to_owned()))
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // TERM first, so that a chore also exercises the drain.
        program::quiet(program::command("kill").arg(self.child.id().to_string())).ok();
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(10) {
            if !matches!(self.child.try_wait(), Ok(None)) {
                break;
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
        self.child.kill().ok();
        self.child.wait().ok();
        std::fs::remove_dir_all(&self.dir).ok();
    }
}
