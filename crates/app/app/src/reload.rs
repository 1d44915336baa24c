//! Live reload: the settings file is read again when it changes or on a signal. A bad file changes nothing.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use config::Sources;
use gateway::Gateway;
use identity::Identity;
use telemetry::{Counter, names};

use crate::adapters::settings_view::View;
use crate::boot::lines;
use crate::settings::{self, Settings};

/// How often the file's time and size are looked at. Notices of the file system hasten nothing that matters here and
/// miss files that are replaced by a link, as orchestrators do.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The sections that a reload puts in force, each in [`Reload::now`]. All others are read at the start only.
const SECTIONS: &[&str] = &["gateway", "budgets", "providers", "models", "limits"];

/// What a reload touches.
pub(crate) struct Reload {
    sources: Sources,
    /// Those of the start.
    started: Settings,
    gateway: Gateway,
    identity: Identity,
    view: View,
    taken: Counter,
    refused: Counter,
}

impl std::fmt::Debug for Reload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reload").finish_non_exhaustive()
    }
}

impl Reload {
    pub fn new(
        sources: Sources,
        started: Settings,
        gateway: Gateway,
        identity: Identity,
        view: View,
    ) -> Self {
        let reloads =
            |result| telemetry::registry().counter(names::SETTINGS_RELOADS, &[("result", result)]);
        Self {
            sources,
            started,
            gateway,
            identity,
            view,
            taken: reloads("ok"),
            refused: reloads("refused"),
        }
    }

    /// Reads the settings and swaps what may change while serving. True when they hold.
    pub fn now(&self) -> bool {
        match self.take() {
            Ok(()) => {
                self.taken.add(1);
                tracing::info!("settings reloaded");
                true
            }
            Err(faults) => {
                self.refused.add(1);
                tracing::error!(
                    faults,
                    "the settings were not reloaded; those in force stay"
                );
                false
            }
        }
    }

    fn take(&self) -> Result<(), String> {
        let loaded = settings::load(&self.sources).map_err(|faults| faults.to_string())?;
        self.gateway
            .reload(&loaded.settings.gateway(&self.sources.env))
            .map_err(|faults| lines(&faults))?;
        let mut waiting = self.view.renew(&loaded, SECTIONS);
        // These are shown without their values, so that rows do not tell one from another.
        for (path, started, loaded) in secrets(&self.started, &loaded.settings) {
            if started != loaded {
                waiting.insert(path.to_owned());
            }
        }
        self.identity.reconfigure(loaded.settings.limits);
        if !waiting.is_empty() {
            let waiting: Vec<String> = waiting.into_iter().collect();
            tracing::warn!(
                settings = waiting.join(", "),
                "settings that are read at the start only were changed; restart to put them in force"
            );
        }
        Ok(())
    }

    /// Follows the settings file for as long as the process lives.
    pub async fn follow_file(self: Arc<Self>) {
        let Some(file) = self.sources.file.clone() else {
            return;
        };
        let mut seen = stamp(&file).await;
        let mut is_there = true;
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let now = stamp(&file).await;
            if now.is_none() && is_there {
                tracing::warn!(file = %file.display(), "the settings file is gone; the settings in force stay");
            }
            is_there = now.is_some();
            if now != seen {
                seen = now;
                if !is_there {
                    continue;
                }
                let this = self.clone();
                if let Err(error) = tokio::task::spawn_blocking(move || this.now()).await {
                    tracing::error!(%error, "the settings were not reloaded");
                }
            }
        }
    }
}

async fn stamp(file: &PathBuf) -> Option<(SystemTime, u64)> {
    let meta = tokio::fs::metadata(file).await.ok()?;
    Some((meta.modified().ok()?, meta.len()))
}

/// Path, value at the start and value now of each secret that is read at the start only.
fn secrets<'a>(
    started: &'a Settings,
    loaded: &'a Settings,
) -> [(&'static str, Option<&'a str>, Option<&'a str>); 3] {
    let value = |secret: &'a Option<config::Secret>| secret.as_ref().map(config::Secret::expose);
    [
        (
            "database.url",
            value(&started.database.url),
            value(&loaded.database.url),
        ),
        (
            "security.secret_key",
            value(&started.security.secret_key),
            value(&loaded.security.secret_key),
        ),
        (
            "security.admin_key",
            value(&started.security.admin_key),
            value(&loaded.security.admin_key),
        ),
    ]
}
