//! The calls that are under way: counted for draining, listed for people.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Waker;

use ahash::AHashMap;
use facts::CallOpened;
use futures_util::task::AtomicWaker;
use kernel::{CallId, KeyId, Timestamp};
use parking_lot::Mutex;
use serde::Serialize;
use tokio::sync::Notify;

/// One call under way, as `/v1/debug/streams` shows it.
#[derive(Debug, Clone, Serialize)]
pub struct LiveCall {
    /// The call.
    pub id: CallId,
    /// The key used.
    pub key: KeyId,
    /// Surface.
    pub surface: &'static str,
    /// The model asked for.
    pub model: Arc<str>,
    /// The provider.
    pub provider: Arc<str>,
    /// Whether a stream was asked for.
    pub stream: bool,
    /// When it was admitted.
    pub started_at: Timestamp,
}

/// All calls under way.
#[derive(Debug, Default)]
pub struct Live {
    calls: Mutex<AHashMap<CallId, (LiveCall, Arc<AtomicWaker>)>>,
    draining: AtomicBool,
    cut: AtomicBool,
    changed: Notify,
}

impl Live {
    /// Enters a call until the token is dropped.
    #[must_use]
    pub fn enter(
        self: &Arc<Self>,
        opened: &CallOpened,
        provider: Arc<str>,
        model: Arc<str>,
    ) -> LiveToken {
        let call = LiveCall {
            id: opened.id,
            key: opened.key,
            surface: opened.surface.as_str(),
            model,
            provider,
            stream: opened.stream,
            started_at: opened.at,
        };
        let waker = Arc::new(AtomicWaker::new());
        self.calls.lock().insert(opened.id, (call, waker.clone()));
        LiveToken {
            live: self.clone(),
            id: opened.id,
            waker,
        }
    }

    /// The calls under way, oldest first, at most `limit`.
    #[must_use]
    pub fn list(&self, limit: usize) -> Vec<LiveCall> {
        let mut calls: Vec<LiveCall> = self
            .calls
            .lock()
            .values()
            .map(|(call, _)| call.clone())
            .collect();
        calls.sort_by_key(|call| call.id);
        calls.truncate(limit);
        calls
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.calls.lock().len()
    }

    /// How many calls there are, and how many of them are streams.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let calls = self.calls.lock();
        (
            calls.len(),
            calls.values().filter(|(call, _)| call.stream).count(),
        )
    }

    /// From now on no call is admitted.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::SeqCst);
    }

    /// The time to finish is over: every stream ends now, each in its own grammar.
    pub fn cut(&self) {
        self.drain();
        self.cut.store(true, Ordering::SeqCst);
        for (_, waker) in self.calls.lock().values() {
            waker.wake();
        }
    }

    /// Whether calls are no longer admitted.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Resolves when no call is under way.
    pub async fn idle(&self) {
        loop {
            let changed = self.changed.notified();
            if self.count() == 0 {
                return;
            }
            changed.await;
        }
    }
}

/// Keeps a call listed.
#[derive(Debug)]
pub struct LiveToken {
    live: Arc<Live>,
    id: CallId,
    waker: Arc<AtomicWaker>,
}

impl LiveToken {
    /// Whether the call must end now.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.live.cut.load(Ordering::SeqCst)
    }

    /// Whether the call must end now; if not, the task is woken when it must.
    #[must_use]
    pub fn must_end(&self, waker: &Waker) -> bool {
        self.waker.register(waker);
        self.live.cut.load(Ordering::SeqCst)
    }
}

impl Drop for LiveToken {
    fn drop(&mut self) {
        let mut calls = self.live.calls.lock();
        calls.remove(&self.id);
        let empty = calls.is_empty();
        drop(calls);
        if empty {
            self.live.changed.notify_waiters();
        }
    }
}
