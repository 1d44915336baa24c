//! Where CPU time goes, by thread: two readings of /proc with a pause between. Stacks are a debugger's business.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::Serialize;
use utoipa::ToSchema;

use super::Ops;
use crate::error::OpsError;

/// The unit of the kernel's thread times; 100 a second on every platform that we run on.
const TICK: Duration = Duration::from_millis(10);

/// CPU time of one thread.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ThreadTime {
    /// The thread's name.
    pub name: String,
    /// Its number.
    pub thread: u64,
    /// CPU time in the program, in milliseconds.
    pub user_ms: u64,
    /// CPU time in the kernel, in milliseconds.
    pub system_ms: u64,
    /// Share of one processor.
    pub share: f64,
}

/// CPU time of the process over a span of time.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CpuProfile {
    /// The span in milliseconds.
    pub span_ms: u64,
    /// CPU time of the whole process in the span, in milliseconds.
    pub cpu_ms: u64,
    /// Threads that used any, the busiest first.
    pub threads: Vec<ThreadTime>,
}

impl Ops {
    /// Watches the threads for `span`; one at a time.
    pub async fn cpu_profile(&self, span: Duration) -> Result<CpuProfile, OpsError> {
        let _one = self
            .profiling
            .try_lock()
            .map_err(|_| OpsError::ProfileRunning)?;
        let (started, cpu, before) = (Instant::now(), telemetry::process::cpu_time(), threads());
        tokio::time::sleep(span).await;
        let (elapsed, after) = (started.elapsed(), threads());
        let cpu = telemetry::process::cpu_time().saturating_sub(cpu);
        Ok(CpuProfile {
            span_ms: millis(elapsed),
            cpu_ms: millis(cpu),
            threads: difference(&before, after, elapsed),
        })
    }
}

impl Ops {
    /// The CPU time of every thread since the process started; shares are of the time since then.
    #[must_use]
    pub fn thread_times(&self) -> Vec<ThreadTime> {
        let uptime_us = self.deps.clock.now().since(self.started_at);
        let uptime = Duration::from_micros(u64::try_from(uptime_us).unwrap_or(0));
        difference(&BTreeMap::new(), threads(), uptime)
    }
}

/// User and system ticks of a thread, with its name.
type Ticks = (String, u64, u64);

fn threads() -> BTreeMap<u64, Ticks> {
    let tasks = std::fs::read_dir("/proc/self/task");
    tasks
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|task| {
            let id = task.file_name().to_str()?.parse().ok()?;
            let stat = std::fs::read_to_string(task.path().join("stat")).ok()?;
            Some((id, parse(&stat)?))
        })
        .collect()
}

/// Name and times of a `stat` line. The name may hold spaces and brackets: it ends at the last one.
fn parse(stat: &str) -> Option<Ticks> {
    let (name, rest) = stat.split_once('(')?.1.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let user = fields.next()?.parse().ok()?;
    let system = fields.next()?.parse().ok()?;
    Some((name.to_owned(), user, system))
}

fn difference(
    before: &BTreeMap<u64, Ticks>,
    after: BTreeMap<u64, Ticks>,
    elapsed: Duration,
) -> Vec<ThreadTime> {
    let ticks_ms = |ticks: u64| ticks.saturating_mul(millis(TICK));
    let mut rows: Vec<ThreadTime> = after
        .into_iter()
        .map(|(thread, (name, user, system))| {
            let (_, user_before, system_before) = before.get(&thread).cloned().unwrap_or_default();
            let user_ms = ticks_ms(user.saturating_sub(user_before));
            let system_ms = ticks_ms(system.saturating_sub(system_before));
            let used = Duration::from_millis(user_ms + system_ms);
            ThreadTime {
                name,
                thread,
                user_ms,
                system_ms,
                share: used.as_secs_f64() / elapsed.as_secs_f64().max(0.001),
            }
        })
        .filter(|row| row.user_ms + row.system_ms > 0)
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.user_ms + row.system_ms));
    rows
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stat_line_with_brackets_in_its_name_is_read() {
        let line = "77 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 21 22 0 0 20 0 4 0 1";
        assert_eq!(parse(line), Some(("a (b) c".to_owned(), 21, 22)));
    }

    #[test]
    fn the_busiest_thread_comes_first_and_resting_ones_are_left_out() {
        let named = |user, system| ("t".to_owned(), user, system);
        let before = BTreeMap::from([(1, named(5, 5)), (2, named(1, 1)), (3, named(0, 0))]);
        let after = BTreeMap::from([(1, named(5, 5)), (2, named(11, 1)), (3, named(40, 10))]);
        let rows = difference(&before, after, Duration::from_secs(1));
        let ids: Vec<u64> = rows.iter().map(|row| row.thread).collect();
        assert_eq!(ids, [3, 2]);
        assert_eq!((rows[0].user_ms, rows[0].system_ms), (400, 100));
        assert!((rows[0].share - 0.5).abs() < 1e-9);
    }
}
