//! Live reload: the settings file is read again when it changes or on a signal. A bad file changes nothing.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use config::Sources;
use gateway::Gateway;
use identity::Identity;

use crate::adapters::settings_view::View;
use crate::boot::lines;
use crate::settings;

/// How often the file's time and size are looked at. Notices of the file system hasten nothing that matters here and
/// miss files that are replaced by a link, as orchestrators do.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What a reload touches.
pub(crate) struct Reload {
    sources: Sources,
    gateway: Gateway,
    identity: Identity,
    view: View,
}

impl std::fmt::Debug for Reload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reload").finish_non_exhaustive()
    }
}

impl Reload {
    pub fn new(sources: Sources, gateway: Gateway, identity: Identity, view: View) -> Self {
        Self {
            sources,
            gateway,
            identity,
            view,
        }
    }

    /// Reads the settings and swaps what may change while serving. True when they hold.
    pub fn now(&self) -> bool {
        let loaded = match settings::load(&self.sources) {
            Ok(loaded) => loaded,
            Err(faults) => {
                tracing::error!(%faults, "the settings were not reloaded; those in force stay");
                return false;
            }
        };
        if let Err(faults) = self
            .gateway
            .reload(&loaded.settings.gateway(&self.sources.env))
        {
            tracing::error!(
                faults = lines(&faults),
                "the settings were not reloaded; those in force stay"
            );
            return false;
        }
        self.view.show(&loaded);
        self.identity.reconfigure(loaded.settings.limits);
        tracing::info!("settings reloaded");
        true
    }

    /// Follows the settings file for as long as the process lives.
    pub async fn follow_file(self: Arc<Self>) {
        let Some(file) = self.sources.file.clone() else {
            return;
        };
        let mut seen = stamp(&file).await;
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let now = stamp(&file).await;
            if now != seen && now.is_some() {
                seen = now;
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
