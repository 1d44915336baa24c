//! Work in the background: looking at the parts that health depends on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::model::Finding;
use crate::service::{Ops, Seen, Watched};

/// How long the next look waits at most while a part is down: its return should show soon.
const WHILE_DOWN: Duration = Duration::from_secs(1);

/// Looks at every part again and again until the task is aborted; the first look happens at once.
pub async fn watch(ops: Arc<Ops>) {
    let every = Duration::from_millis(ops.deps.settings.probe_every_ms);
    loop {
        look(&ops).await;
        let down = ops.watched.iter().any(|watched| {
            let seen = watched.seen.read();
            matches!(
                seen.as_ref().map(|seen| &seen.finding),
                Some(Finding::Down(_))
            )
        });
        tokio::time::sleep(if down { every.min(WHILE_DOWN) } else { every }).await;
    }
}

/// Looks at every part once, one after the other, each bounded in time.
pub async fn look(ops: &Ops) {
    let bound = Duration::from_millis(ops.deps.settings.probe_timeout_ms);
    for watched in &ops.watched {
        let started = Instant::now();
        let finding = match tokio::time::timeout(bound, watched.probe.check()).await {
            Ok(finding) => finding,
            Err(_) => Finding::Down(format!("no answer within {} ms", bound.as_millis())),
        };
        keep(ops, watched, finding, started.elapsed());
    }
}

/// Keeps a finding; a change of state is worth a line.
fn keep(ops: &Ops, watched: &Watched, finding: Finding, took: Duration) {
    let at = ops.deps.clock.now();
    let mut seen = watched.seen.write();
    let same =
        |known: &Seen| std::mem::discriminant(&known.finding) == std::mem::discriminant(&finding);
    let since = match seen.as_ref() {
        Some(known) if same(known) => known.since,
        known => {
            tell(watched.probe.name(), &finding, known.is_none());
            at
        }
    };
    *seen = Some(Seen {
        finding,
        at,
        since,
        took,
    });
}

fn tell(part: &'static str, finding: &Finding, first: bool) {
    match finding {
        Finding::Up if first => {}
        Finding::Up => tracing::info!(part, "health: up again"),
        Finding::Degraded(why) => tracing::warn!(part, why, "health: degraded"),
        Finding::Down(why) => tracing::error!(part, why, "health: down"),
    }
}
