//! What a provider saw: each request as it came over the wire, and how it ended.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::patience;

/// One request as it arrived.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Its place in the order of arrival, from 0.
    pub index: usize,
    /// The connection it came on, from 0.
    pub connection: usize,
    /// When its last byte was read.
    pub at: Instant,
    /// The method.
    pub method: String,
    /// Path and query as sent.
    pub target: String,
    /// `HTTP/1.1` or `HTTP/2.0`.
    pub version: String,
    /// Names and values in order; on HTTP/1 with the casing as sent.
    pub headers: Vec<(String, Bytes)>,
    /// The body as sent, encodings included.
    pub body: Bytes,
    /// False when the client broke off in the middle of the body.
    pub complete: bool,
}

impl Recorded {
    /// The path without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The first header of this name, whatever its casing.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter();
        found
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .find_map(|(_, value)| std::str::from_utf8(value).ok())
    }

    /// The body as JSON; `Null` when it is none.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// How an exchange stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Still under way.
    Open,
    /// The answer was given whole.
    Answered,
    /// We cut the connection, as the script said.
    Cut,
    /// The client left before the answer was whole, at this moment, having been handed this many bytes of the body.
    ClientLeft {
        /// When.
        at: Instant,
        /// Bytes of the body handed to the connection before.
        sent: usize,
    },
}

#[derive(Debug, Default)]
struct Entries {
    requests: Vec<Arc<Recorded>>,
    endings: Vec<Ending>,
}

/// Everything a provider saw, and waits on it.
#[derive(Debug)]
pub(super) struct Log {
    entries: Mutex<Entries>,
    changes: watch::Sender<u64>,
}

impl Log {
    pub(super) fn new() -> Self {
        Self {
            entries: Mutex::default(),
            changes: watch::Sender::new(0),
        }
    }

    pub(super) fn add(&self, mut request: Recorded) -> Arc<Recorded> {
        let mut entries = self.entries.lock();
        request.index = entries.requests.len();
        let request = Arc::new(request);
        entries.requests.push(Arc::clone(&request));
        entries.endings.push(Ending::Open);
        drop(entries);
        self.changes.send_modify(|version| *version += 1);
        request
    }

    pub(super) fn end(&self, index: usize, ending: Ending) {
        if let Some(slot) = self.entries.lock().endings.get_mut(index) {
            *slot = ending;
        }
        self.changes.send_modify(|version| *version += 1);
    }

    pub(super) fn requests(&self) -> Vec<Arc<Recorded>> {
        self.entries.lock().requests.clone()
    }

    pub(super) fn endings(&self) -> Vec<Ending> {
        self.entries.lock().endings.clone()
    }

    /// Forgets what was seen so far; exchanges under way lose their place.
    pub(super) fn clear(&self) {
        *self.entries.lock() = Entries::default();
    }

    pub(super) async fn until(&self, what: &str, mut holds: impl FnMut(&[Ending]) -> bool) {
        let mut changes = self.changes.subscribe();
        patience::expect(what, async {
            loop {
                changes.borrow_and_update();
                if holds(&self.entries.lock().endings) {
                    return;
                }
                // The sender lives in `self`, so the channel cannot close under us.
                let _ = changes.changed().await;
            }
        })
        .await;
    }
}
