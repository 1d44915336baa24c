//! What this room does by itself: follow the change sequence, note when keys were used, correct what was loaded too
//! early, make room in memory.

mod follow;
mod last_used;

use kernel::KeyId;
use store::changes::Feed;
use tokio::task::JoinHandle;

use crate::service::{Identity, TOPIC};
use last_used::LastUsed;

/// The jobs under way; dropping it ends them.
pub struct Running {
    identity: Identity,
    following: JoinHandle<()>,
    noting: JoinHandle<()>,
}

impl Identity {
    /// Starts the jobs of this room.
    #[must_use]
    pub fn start(&self, feed: &Feed) -> Running {
        // Subscribed before anything more is read, so that nothing is missed.
        let changes = feed.subscribe(TOPIC);
        Running {
            identity: self.clone(),
            following: tokio::spawn(follow::run(self.clone(), changes)),
            noting: tokio::spawn(last_used::run(self.clone())),
        }
    }
}

impl Running {
    /// Ends the jobs; what is not yet noted is.
    pub async fn stop(self) {
        self.following.abort();
        self.noting.abort();
        LastUsed::default().note(&self.identity).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.following.abort();
        self.noting.abort();
    }
}

/// Whether an announced subject is a key of ours.
fn subject(text: &str) -> Option<KeyId> {
    text.parse().ok()
}
