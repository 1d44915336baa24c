//! A log of what was admitted in the last 60 seconds, with its sum. It decides nothing.

use std::collections::VecDeque;

/// The window: one minute in microseconds.
pub(super) const WINDOW_US: u64 = 60_000_000;
/// Up to this many entries stand with their exact time.
const EXACT: usize = 4_096;
/// Beyond, entries share a slot of this width, counted at its end: they free up late by at most this, never early.
const GRAIN_US: u64 = 10_000;
/// A log that has emptied gives back more memory than this many entries take.
const KEEP: usize = 64;

#[derive(Debug)]
struct Entry {
    expires_us: u64,
    weight: u64,
}

/// A sliding log; at most `EXACT` + 6,001 entries of 16 bytes.
#[derive(Debug, Default)]
pub(super) struct Window {
    log: VecDeque<Entry>,
    /// The number of the entry at the front; numbers are never used twice.
    first: u64,
    total: u64,
}

impl Window {
    /// Forgets what has left the window.
    pub(super) fn prune(&mut self, now_us: u64) {
        while let Some(front) = self.log.front() {
            if front.expires_us > now_us {
                return;
            }
            self.total -= front.weight;
            self.log.pop_front();
            self.first += 1;
        }
        if self.log.capacity() > KEEP {
            self.log.shrink_to(0);
        }
    }

    /// The sum of all weights in the window.
    pub(super) const fn total(&self) -> u64 {
        self.total
    }

    /// Adds an entry and gives its number.
    pub(super) fn push(&mut self, now_us: u64, weight: u64) -> u64 {
        let crowded = self.log.len() >= EXACT;
        let exact = now_us.saturating_add(WINDOW_US);
        let mut expires_us = if crowded {
            exact.div_ceil(GRAIN_US).saturating_mul(GRAIN_US)
        } else {
            exact
        };
        self.total = self.total.saturating_add(weight);
        if let Some(back) = self.log.back_mut() {
            expires_us = expires_us.max(back.expires_us);
            if crowded && back.expires_us == expires_us {
                back.weight = back.weight.saturating_add(weight);
                return self.first + self.log.len() as u64 - 1;
            }
        }
        self.log.push_back(Entry { expires_us, weight });
        self.first + self.log.len() as u64 - 1
    }

    /// Takes weight out of an entry, where it is still in the window.
    pub(super) fn lessen(&mut self, number: u64, by: u64) {
        let entry = number
            .checked_sub(self.first)
            .and_then(|at| usize::try_from(at).ok())
            .and_then(|at| self.log.get_mut(at));
        if let Some(entry) = entry {
            let by = by.min(entry.weight);
            entry.weight -= by;
            self.total -= by;
        }
    }

    /// When the sum will have sunk to `target` if nothing is added; now, where it has already.
    pub(super) fn sinks_to(&self, target: u64, now_us: u64) -> u64 {
        let mut total = self.total;
        let mut at = now_us;
        for entry in &self.log {
            if total <= target {
                break;
            }
            total -= entry.weight.min(total);
            at = entry.expires_us;
        }
        at
    }

    /// When the window will be empty if nothing is added.
    pub(super) fn empty_at(&self, now_us: u64) -> u64 {
        self.log.back().map_or(now_us, |back| back.expires_us)
    }

    #[cfg(test)]
    pub(super) fn entries(&self) -> usize {
        self.log.len()
    }
}
