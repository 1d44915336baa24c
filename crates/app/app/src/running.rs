//! A started product: where it listens, and how it is told to stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use gateway::Live;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A running server.
pub struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) new_admin_key: Option<kernel::SecretString>,
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) give_up: watch::Sender<bool>,
    pub(crate) door: JoinHandle<()>,
    pub(crate) workers: crate::door::Workers,
    pub(crate) live: Arc<Live>,
    pub(crate) drain: Duration,
    pub(crate) journal: journal::Running,
    pub(crate) keys: identity::Running,
    pub(crate) _feed: store::changes::Feed,
    pub(crate) background: Vec<JoinHandle<()>>,
    pub(crate) ops: Arc<ops::Ops>,
    pub(crate) reload: Arc<crate::reload::Reload>,
    pub(crate) _lock: std::fs::File,
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The admin key, if this start made it.
    #[must_use]
    pub const fn new_admin_key(&self) -> Option<&kernel::SecretString> {
        self.new_admin_key.as_ref()
    }

    /// Reads the settings file again.
    pub fn reload(&self) {
        self.reload.now();
    }

    /// Stops: no new calls, live ones may finish within the time to drain, then each stream ends in its own grammar.
    pub async fn stop(self) {
        self.stop_or_hurry(std::future::pending()).await;
    }

    /// As [`Self::stop`]; once `hurry` resolves, the time to drain is over.
    pub async fn stop_or_hurry(self, hurry: impl Future<Output = ()>) {
        self.ops.enter(ops::Phase::Draining);
        // The door stays open meanwhile: whoever asks is told that this server goes down, and load balancers see it.
        self.live.drain();
        let is_idle = tokio::select! {
            () = self.live.idle() => true,
            () = tokio::time::sleep(self.drain) => false,
            () = hurry => false,
        };
        if !is_idle {
            tracing::warn!(
                calls = self.live.count(),
                "ending the calls that are still live"
            );
            self.live.cut();
            // The last events are on their way; whoever does not read them is not waited for.
            let _ = tokio::time::timeout(Duration::from_secs(2), self.live.idle()).await;
        }
        self.stop.send_replace(true);
        let give_up = self.give_up;
        let mut door = self.door;
        if tokio::time::timeout(Duration::from_secs(2), &mut door)
            .await
            .is_err()
        {
            give_up.send_replace(true);
            let _ = door.await;
        }
        for task in &self.background {
            task.abort();
        }
        self.keys.stop().await;
        self.journal.stop().await;
        self.workers.end().await;
    }
}
