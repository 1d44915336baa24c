//! A poller of the change sequence and its subscribers. It reads; it decides nothing.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use sea_orm::{ConnectionTrait, Statement};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Notify, broadcast, watch};

use crate::{Store, StoreError, within};

/// Notices held for a subscriber; one that falls further behind is told to reload everything.
const HELD: usize = 1_024;
/// How long the store may take for one look.
const ROUND_WAIT: Duration = Duration::from_secs(5);

#[derive(Clone)]
enum Notice {
    Changed(Arc<str>),
    All,
}

/// Polls the change sequence and tells subscribers. Cheap to clone; polling ends with the last clone.
#[derive(Clone)]
pub struct Feed {
    shared: Arc<Shared>,
    _poller: Arc<Poller>,
}

struct Shared {
    topics: Mutex<HashMap<String, broadcast::Sender<Notice>>>,
    nudge: Notify,
    /// Rounds asked for by [`Feed::refresh`].
    asked: AtomicU64,
    /// Of those, the rounds that are over.
    done: watch::Sender<u64>,
}

struct Poller(tokio::task::AbortHandle);

impl Drop for Poller {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Feed {
    /// Begins at the present end of the sequence and looks for more every `every`. Subscribe before you read what you
    /// keep, and nothing is missed.
    ///
    /// # Errors
    /// When the store cannot be read now. Later outages are waited out.
    pub async fn start(store: &Store, every: Duration) -> Result<Self, StoreError> {
        let position = head(store).await?;
        let shared = Arc::new(Shared {
            topics: Mutex::default(),
            nudge: Notify::new(),
            asked: AtomicU64::new(0),
            done: watch::Sender::new(0),
        });
        let task = tokio::spawn(poll(store.clone(), Arc::clone(&shared), position, every));
        Ok(Self {
            shared,
            _poller: Arc::new(Poller(task.abort_handle())),
        })
    }

    /// What changes in `topic` from now on.
    #[must_use]
    pub fn subscribe(&self, topic: &str) -> Subscription {
        let mut topics = self.shared.topics.lock();
        let sender = topics
            .entry(topic.to_owned())
            .or_insert_with(|| broadcast::Sender::new(HELD));
        Subscription(sender.subscribe())
    }

    /// Looks at once, without waiting for it: a notice that something changed hastens the feed.
    pub fn nudge(&self) {
        self.shared.nudge.notify_one();
    }

    /// Looks at once and returns when subscribers have been told (or the store did not answer).
    pub async fn refresh(&self) {
        let ticket = self.shared.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let mut done = self.shared.done.subscribe();
        self.nudge();
        // The sender lives in `shared`, so this cannot fail.
        let _closed = done.wait_for(|round| *round >= ticket).await;
    }
}

/// One subscriber's end; used like the receiver of a broadcast channel.
pub struct Subscription(broadcast::Receiver<Notice>);

impl Subscription {
    /// The next subject that changed.
    ///
    /// # Errors
    /// [`RecvError::Lagged`]: notices were lost or the sequence was cut; reload everything of the topic.
    /// [`RecvError::Closed`]: the feed is gone.
    pub async fn recv(&mut self) -> Result<String, RecvError> {
        match self.0.recv().await? {
            Notice::Changed(subject) => Ok(subject.as_ref().to_owned()),
            Notice::All => Err(RecvError::Lagged(0)),
        }
    }
}

async fn poll(store: Store, shared: Arc<Shared>, mut position: i64, every: Duration) {
    let mut reachable = true;
    loop {
        // Woken early or not, the round is the same.
        let _elapsed = tokio::time::timeout(every, shared.nudge.notified()).await;
        let ticket = shared.asked.load(Ordering::SeqCst);
        let round = round(&store, &shared, &mut position);
        match within(ROUND_WAIT, round).await {
            Ok(()) => {
                if !reachable {
                    tracing::info!("the change sequence can be read again");
                }
                reachable = true;
            }
            Err(error) => {
                if reachable {
                    tracing::warn!(%error, "the change sequence cannot be read; what is remembered stays in use");
                }
                reachable = false;
            }
        }
        shared.done.send_replace(ticket);
    }
}

/// What was changed behind a place. The bound stands in the text: SQLite plans a statement anew for each value that is
/// bound to a `LIMIT`.
const CHANGES: &str =
    "SELECT sequence, topic, subject FROM changes WHERE sequence > $1 ORDER BY sequence LIMIT 1000";

/// One look: the head alone, which is nearly always where it was, and only then at what changed.
async fn round(store: &Store, shared: &Shared, position: &mut i64) -> Result<(), StoreError> {
    let head = head(store).await?;
    if head < *position {
        // A store that was put back to an older state.
        shared.tell_all();
        *position = head;
    }
    while *position < head {
        let after = [(*position).into()];
        let statement = Statement::from_sql_and_values(store.backend(), CHANGES, after);
        let rows = store.read().query_all_raw(statement).await?;
        let first = match rows.first() {
            Some(row) => Some(row.try_get_by_index::<i64>(0)?),
            None => None,
        };
        if first != Some(*position + 1) {
            // Behind what is kept.
            shared.tell_all();
            *position = head;
        } else {
            for row in &rows {
                let topic: String = row.try_get_by_index(1)?;
                let subject: String = row.try_get_by_index(2)?;
                shared.tell(&topic, &subject);
                *position = row.try_get_by_index(0)?;
            }
        }
    }
    Ok(())
}

async fn head(store: &Store) -> Result<i64, StoreError> {
    let statement = Statement::from_string(
        store.backend(),
        "SELECT sequence FROM change_head WHERE id = 1",
    );
    let row = store
        .read()
        .query_one_raw(statement)
        .await?
        .ok_or(StoreError::Unreadable {
            what: "the row of change_head",
        })?;
    Ok(row.try_get_by_index(0)?)
}

impl Shared {
    fn tell(&self, topic: &str, subject: &str) {
        if let Some(sender) = self.topics.lock().get(topic) {
            // Nobody listening any more is no error.
            let _listeners = sender.send(Notice::Changed(subject.into()));
        }
    }

    fn tell_all(&self) {
        for sender in self.topics.lock().values() {
            let _listeners = sender.send(Notice::All);
        }
    }
}
