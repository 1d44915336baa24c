//! What the kernel says about this process. Where there is no /proc, most of it is absent.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;

use crate::metrics::Registry;
use crate::names;

/// Figures of the process.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ProcessFigures {
    /// Resident memory in bytes.
    pub resident_bytes: u64,
    /// The most it ever was, in bytes.
    pub peak_resident_bytes: u64,
    /// Its share of memory that is its own, in bytes.
    pub private_bytes: u64,
    /// Address space in bytes.
    pub virtual_bytes: u64,
    /// Threads.
    pub threads: u64,
    /// Open file descriptors.
    pub open_fds: u64,
    /// Bound of open file descriptors.
    pub max_fds: u64,
    /// CPU time, user and system, in seconds.
    pub cpu_seconds: f64,
}

/// CPU time of the whole process.
#[must_use]
pub fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or(0),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}

/// Reads the figures; a few small files of /proc.
#[must_use]
pub fn read() -> ProcessFigures {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let bytes = |key| field(&status, key).map_or(0, |kilobytes| kilobytes * 1024);
    ProcessFigures {
        resident_bytes: bytes("VmRSS:"),
        peak_resident_bytes: bytes("VmHWM:"),
        private_bytes: bytes("RssAnon:"),
        virtual_bytes: bytes("VmSize:"),
        threads: field(&status, "Threads:").unwrap_or(0),
        open_fds: std::fs::read_dir("/proc/self/fd").map_or(0, |entries| entries.count() as u64),
        max_fds: field(&limits, "Max open files").unwrap_or(0),
        cpu_seconds: cpu_time().as_secs_f64(),
    }
}

/// The first number behind a key.
fn field(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.starts_with(key))?;
    line[key.len()..].split_whitespace().next()?.parse().ok()
}

/// Makes the registry show this process and the version it was built from.
pub fn expose(registry: &Registry, version: &str) {
    registry
        .gauge(names::BUILD_INFO, &[("version", version)])
        .set(1.0);
    let started = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    registry
        .gauge(names::PROCESS_START, &[])
        .set(started.as_secs_f64());
    registry.collect("process", |registry| {
        let figures = read();
        #[expect(
            clippy::cast_precision_loss,
            reason = "gauges need no more than 52 bits"
        )]
        for (name, value) in [
            (names::PROCESS_MEMORY, figures.resident_bytes as f64),
            (names::PROCESS_FDS, figures.open_fds as f64),
            (names::PROCESS_MAX_FDS, figures.max_fds as f64),
            (names::PROCESS_THREADS, figures.threads as f64),
        ] {
            registry.gauge(name, &[]).set(value);
        }
        let cpu_ns = u64::try_from(cpu_time().as_nanos()).unwrap_or(u64::MAX);
        registry.counter(names::PROCESS_CPU, &[]).raise_to(cpu_ns);
    });
}
