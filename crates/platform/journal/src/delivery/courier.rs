//! One batch after the other to the sink. A batch that fails is tried again smaller, down to one call; a call that
//! alone is refused while its follower is taken is set aside.

use std::sync::Arc;
use std::time::Duration;

use ahash::AHashSet;
use tokio::time::Instant;

use crate::handle::Shared;
use crate::housekeeping::{self, Due};
use crate::log::Source;
use crate::rejected;
use crate::segment::Position;
use crate::sink::{BoxError, Delivery, Sink};

use super::files;

/// How long the sink may take for one batch. Far more than it needs, for a store that fell silent is found out by this.
const SINK_WAIT: Duration = Duration::from_secs(15);
/// The pause after the first failure; doubled up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How often the checkpoint moves on. After a crash what is behind it comes again, and changes nothing.
const TIDY_EVERY: Duration = Duration::from_secs(5);
/// Failures in a row before a single call is suspected rather than the store.
const SUSPECT_AFTER: u32 = 12;

pub(crate) struct Courier<'a> {
    shared: &'a Arc<Shared>,
    sink: &'a dyn Sink,
    limit: usize,
    failures: u32,
    tidied: Instant,
}

/// How much was delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivered {
    /// Nothing waited.
    Nothing,
    /// Less than a whole batch waited.
    Rest,
    /// A whole batch; more may wait.
    Full,
}

/// Calls on their way, and what their arrival settles.
struct Load {
    source: Source,
    calls: Vec<Delivery>,
    count: usize,
    read_to: Position,
}

impl<'a> Courier<'a> {
    pub(crate) fn new(shared: &'a Arc<Shared>, sink: &'a dyn Sink) -> Self {
        Self {
            shared,
            sink,
            limit: shared.options.batch.max(1),
            failures: 0,
            tidied: Instant::now(),
        }
    }

    pub(crate) const fn is_failing(&self) -> bool {
        self.failures > 0
    }

    /// Delivers until less than a whole batch waited or one fails; says how long to pause then, if there will be anything
    /// to do. What comes meanwhile waits for the next round: a commit for each handful would cost more than the calls
    /// themselves.
    pub(crate) async fn drain(&mut self) -> Option<Duration> {
        loop {
            match self.deliver_batch().await {
                Ok(Delivered::Full) => {
                    self.tidy_in_time().await;
                }
                Ok(Delivered::Rest | Delivered::Nothing) => {
                    let tidy = self.tidy_in_time().await;
                    let more = self.shared.log.lock().waiting.pending() > 0;
                    return if more {
                        Some(self.shared.options.deliver_every)
                    } else {
                        tidy
                    };
                }
                Err(error) => {
                    self.note_failure(&error);
                    let doubled = FIRST_PAUSE * 2u32.saturating_pow(self.failures.min(8) - 1);
                    return Some(doubled.min(LONGEST_PAUSE));
                }
            }
        }
    }

    /// Delivers one batch.
    pub(crate) async fn deliver_batch(&mut self) -> Result<Delivered, BoxError> {
        let Some(load) = self.load(self.limit).await? else {
            return Ok(Delivered::Nothing);
        };
        let full = load.count >= self.limit || matches!(load.source, Source::Files { .. });
        match self.hand_over(&load.calls).await {
            Ok(()) => self.settle(&load),
            Err(error) if self.limit == 1 && self.failures >= SUSPECT_AFTER => {
                self.set_aside_if_alone(&load, error).await?;
            }
            Err(error) => {
                self.limit = (self.limit / 2).max(1);
                return Err(error);
            }
        }
        self.failures = 0;
        self.limit = (self.limit * 4).min(self.shared.options.batch.max(1));
        *self.shared.delivery_error.lock() = None;
        Ok(if full {
            Delivered::Full
        } else {
            Delivered::Rest
        })
    }

    /// The next calls; they stay in the log until settled.
    async fn load(&self, limit: usize) -> Result<Option<Load>, BoxError> {
        let batch = {
            let mut log = self.shared.log.lock();
            let end = log.end();
            log.waiting.next(limit, end)
        };
        let Some(batch) = batch else {
            return Ok(None);
        };
        let Source::Files { from, until } = batch.source else {
            return Ok(Some(Load {
                source: batch.source,
                count: batch.calls.len(),
                calls: batch.calls,
                read_to: Position::default(),
            }));
        };
        let shared = Arc::clone(self.shared);
        let stretch =
            tokio::task::spawn_blocking(move || files::read(&shared, from, until, limit)).await??;
        Ok(Some(Load {
            source: batch.source,
            calls: stretch.calls,
            count: stretch.count,
            read_to: stretch.read_to,
        }))
    }

    async fn hand_over(&self, calls: &[Delivery]) -> Result<(), BoxError> {
        if calls.is_empty() {
            return Ok(());
        }
        let mut seen = AHashSet::with_capacity(calls.len());
        if calls.iter().all(|delivery| seen.insert(delivery.call.id)) {
            return tokio::time::timeout(SINK_WAIT, self.sink.deliver(calls)).await?;
        }
        seen.clear();
        let once: Vec<Delivery> = calls
            .iter()
            .filter(|delivery| seen.insert(delivery.call.id))
            .cloned()
            .collect();
        tokio::time::timeout(SINK_WAIT, self.sink.deliver(&once)).await?
    }

    /// The calls of a load are in the store.
    fn settle(&self, load: &Load) {
        let count = {
            let mut log = self.shared.log.lock();
            log.waiting.settle(load.source, load.count, load.read_to);
            log.waiting.count_delivered
        };
        self.shared.delivered.send_replace(count);
    }

    /// Forgets when it is time to; says how long until the next time, if there is anything left to forget.
    async fn tidy_in_time(&mut self) -> Option<Duration> {
        let left = TIDY_EVERY.saturating_sub(self.tidied.elapsed());
        match housekeeping::due(self.shared) {
            Due::Nothing => return None,
            Due::Checkpoint if !left.is_zero() => return Some(left),
            Due::Checkpoint | Due::Room => self.tidy().await,
        }
        (housekeeping::due(self.shared) != Due::Nothing).then_some(TIDY_EVERY)
    }

    /// Forgets what is in the store. What is not forgotten now, for an error, is forgotten later.
    pub(crate) async fn tidy(&mut self) {
        if housekeeping::due(self.shared) == Due::Nothing {
            return;
        }
        self.tidied = Instant::now();
        let shared = Arc::clone(self.shared);
        match tokio::task::spawn_blocking(move || housekeeping::tidy(&shared)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(%error, "the journal's old segments could not be removed");
            }
            Err(error) => tracing::error!(%error, "tidying the journal broke off"),
        }
    }

    /// The call of `load` was refused again and again. If the one behind it is taken, the store works and the call
    /// is at fault.
    async fn set_aside_if_alone(&self, load: &Load, error: BoxError) -> Result<(), BoxError> {
        let two = self.load(2).await?;
        let follower = two
            .as_ref()
            .filter(|two| two.source == load.source)
            .and_then(|two| two.calls.get(1));
        let (Some(refused), Some(follower)) = (load.calls.first(), follower) else {
            return Err(error);
        };
        if self
            .hand_over(std::slice::from_ref(follower))
            .await
            .is_err()
        {
            return Err(error);
        }
        tracing::error!(call = %refused.call.id, %error, "the store refuses a call's record");
        rejected::set_aside(self.shared, &refused.json)?;
        self.settle(load);
        Ok(())
    }

    fn note_failure(&mut self, error: &BoxError) {
        if self.failures == 0 {
            tracing::warn!(%error, "the store did not take what the journal holds; it is tried again");
        }
        self.failures = self.failures.saturating_add(1);
        *self.shared.delivery_error.lock() = Some(error.to_string());
    }
}
