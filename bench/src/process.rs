//! Child processes and what the kernel says of them: processor time of all their threads, memory.

mod ready;

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use nix::sys::time::TimeValLike;
use nix::time::ClockId;
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::load::{Options, Seen};
pub use ready::until_ready;

/// Starts a server of this program and reads the address that it prints.
pub async fn server(arguments: &[&str]) -> Result<(Child, String)> {
    server_under(&[], arguments).await
}

/// The same under another program, such as valgrind.
pub async fn server_under(wrapper: &[String], arguments: &[&str]) -> Result<(Child, String)> {
    let mut child = under(wrapper, &std::env::current_exe()?)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let stdout = child.stdout.take().context("no output")?;
    let address = BufReader::new(stdout)
        .lines()
        .next_line()
        .await?
        .context("the server ended before it printed its address")?;
    Ok((child, address))
}

/// Runs the load generator in a process of its own.
pub async fn load(options: &Options) -> Result<Seen> {
    let mut command = this_program()?;
    command.arg("load").args(options.arguments());
    let output = command
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await?;
    if !output.status.success() {
        bail!(
            "load on {}: {}",
            options.target,
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    serde_json::from_slice(&output.stdout).context("the load generator printed no result")
}

/// A program, or another one that runs it.
pub fn under(wrapper: &[String], program: &Path) -> Command {
    let Some((first, rest)) = wrapper.split_first() else {
        return Command::new(program);
    };
    let mut command = Command::new(first);
    command.args(rest).arg(program);
    command
}

fn this_program() -> Result<Command> {
    let path: PathBuf = std::env::current_exe()?;
    Ok(Command::new(path))
}

/// Nanoseconds of processor time that all threads of a process have used, user and system.
pub fn cpu_ns(pid: u32) -> Result<i64> {
    let pid = Pid::from_raw(i32::try_from(pid)?);
    let clock = ClockId::pid_cpu_clock_id(pid).context("no processor clock for that process")?;
    Ok(clock.now()?.num_nanoseconds())
}

/// Memory of a process in bytes: resident, and its proportional share.
#[derive(Debug, Clone, Copy, Default, serde::Serialize)]
pub struct Memory {
    /// Resident set size.
    pub rss: u64,
    /// Proportional set size: shared pages divided among those who share them.
    pub pss: u64,
}

/// The memory that a process holds now.
pub fn memory(pid: u32) -> Result<Memory> {
    let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let bytes = |key: &str| {
        rollup
            .lines()
            .find_map(|line| line.strip_prefix(key))
            .and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok())
            .map(|kibibytes| kibibytes * 1024)
            .with_context(|| format!("no {key} in smaps_rollup"))
    };
    Ok(Memory {
        rss: bytes("Rss:")?,
        pss: bytes("Pss:")?,
    })
}
