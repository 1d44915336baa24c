//! Digests that lately stood for no key that holds, so that guessing does not reach the store.

use std::time::Duration;

use ahash::AHashMap;
use crypto::Digest;
use parking_lot::Mutex;
use web::AuthError;

/// Misses remembered at once; past that all are forgotten, which costs look-ups but no memory.
const MAX: usize = 10_000;

#[derive(Debug)]
pub(super) struct Misses {
    keep_us: u64,
    until: Mutex<AHashMap<Digest, (u64, AuthError)>>,
}

impl Misses {
    pub fn new(keep: Duration) -> Self {
        Self {
            keep_us: u64::try_from(keep.as_micros()).unwrap_or(u64::MAX),
            until: Mutex::default(),
        }
    }

    pub fn add(&self, digest: Digest, why: AuthError, now_us: u64) {
        let mut until = self.until.lock();
        if until.len() >= MAX {
            until.retain(|_, (end, _)| *end > now_us);
        }
        if until.len() >= MAX {
            until.clear();
        }
        until.insert(digest, (now_us.saturating_add(self.keep_us), why));
    }

    pub fn get(&self, digest: &Digest, now_us: u64) -> Option<AuthError> {
        let mut until = self.until.lock();
        let (end, why) = *until.get(digest)?;
        if end > now_us {
            return Some(why);
        }
        until.remove(digest);
        None
    }

    /// A key has changed somewhere; any of these may hold now.
    pub fn clear(&self) {
        self.until.lock().clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_forgotten_in_time_and_bounded() {
        let misses = Misses::new(Duration::from_secs(5));
        misses.add([1; 32], AuthError::Revoked, 0);
        assert_eq!(misses.get(&[1; 32], 4_999_999), Some(AuthError::Revoked));
        assert_eq!(misses.get(&[1; 32], 5_000_000), None);
        for number in 0..25_000u64 {
            let mut digest = [0; 32];
            digest[..8].copy_from_slice(&number.to_be_bytes());
            misses.add(digest, AuthError::Unknown, 6_000_000);
        }
        assert!(misses.until.lock().len() <= MAX);
        misses.clear();
        assert_eq!(misses.get(&[1; 32], 6_000_000), None);
    }
}
