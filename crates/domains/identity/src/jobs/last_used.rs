//! Notes when keys were last used: each at most once in a while, away from the calls that used them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use kernel::KeyId;

use crate::callers::Counters;
use crate::service::Identity;
use crate::store as rows;

/// How often is looked for keys that were used.
const EVERY: Duration = Duration::from_secs(2);
/// Keys noted with one statement.
const BATCH: usize = 500;
/// How long the store may take for one batch.
const WAIT: Duration = Duration::from_secs(10);

/// Keys that were noted a short while ago and are left alone until then.
#[derive(Default)]
pub(super) struct LastUsed(VecDeque<(u64, Vec<Arc<Counters>>)>);

pub(super) async fn run(identity: Identity) {
    let mut noted = LastUsed::default();
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        noted.note(&identity).await;
        identity.0.callers.catch_up().await;
        identity.0.callers.evict_idle();
    }
}

impl LastUsed {
    pub(super) async fn note(&mut self, identity: &Identity) {
        let inner = &identity.0;
        let now_us = inner.clock.monotonic_us();
        while self.0.front().is_some_and(|(until, _)| *until <= now_us) {
            for key in self.0.pop_front().map(|it| it.1).unwrap_or_default() {
                key.rest();
            }
        }
        let used = inner.callers.take_used();
        let every = inner.callers.settings.last_used_every;
        let rest_us = u64::try_from(every.as_micros()).unwrap_or(u64::MAX);
        for batch in used.chunks(BATCH) {
            let ids: Vec<KeyId> = batch.iter().map(|key| key.id).collect();
            let at = inner.clock.now();
            let noting = rows::used(inner.store.write(), &ids, at);
            match store::within(WAIT, noting).await {
                Ok(()) => self.0.push_back((now_us + rest_us, batch.to_vec())),
                Err(error) => {
                    tracing::warn!(%error, "the last use of keys could not be noted yet");
                    inner.callers.put_back_used(batch.to_vec());
                }
            }
        }
    }
}
