//! Single flight: of many who ask the store the same, one asks and all hear the answer.

use std::future::Future;
use std::sync::Arc;

use ahash::AHashMap;
use crypto::Digest;
use guard::Caller;
use parking_lot::Mutex;
use tokio::sync::watch;
use web::AuthError;

/// Look-ups under way at once; who comes beyond is told to come back.
const MAX: usize = 256;

type Answer = Result<Arc<Caller>, AuthError>;
type Waiting = AHashMap<Digest, watch::Receiver<Option<Answer>>>;

#[derive(Debug, Default)]
pub(super) struct Flights(Arc<Mutex<Waiting>>);

impl Flights {
    /// Waits for the answer about a digest, asking where nobody has asked yet. The question is finished even if who
    /// began it leaves.
    pub async fn join<F>(&self, digest: Digest, ask: impl FnOnce() -> F) -> Answer
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        let mut answer = {
            let mut waiting = self.0.lock();
            match waiting.get(&digest) {
                Some(answer) => answer.clone(),
                None if waiting.len() >= MAX => return Err(AuthError::StoreUnavailable),
                None => {
                    let (tell, answer) = watch::channel(None);
                    waiting.insert(digest, answer.clone());
                    let landing = Landing(Arc::clone(&self.0), digest);
                    let ask = ask();
                    tokio::spawn(async move {
                        let answer = ask.await;
                        drop(landing);
                        tell.send_replace(Some(answer));
                    });
                    answer
                }
            }
        };
        let told = answer.wait_for(Option::is_some).await;
        match told.as_deref() {
            Ok(Some(answer)) => answer.clone(),
            _ => Err(AuthError::StoreUnavailable),
        }
    }
}

/// Takes the flight off the board however it ends.
struct Landing(Arc<Mutex<Waiting>>, Digest);

impl Drop for Landing {
    fn drop(&mut self) {
        self.0.lock().remove(&self.1);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn many_ask_once() {
        let flights = Arc::new(Flights::default());
        let asked = Arc::new(AtomicUsize::new(0));
        let gate = Arc::new(tokio::sync::Semaphore::new(0));
        let waiters: Vec<_> = (0..50)
            .map(|_| {
                let (flights, asked, gate) =
                    (Arc::clone(&flights), Arc::clone(&asked), Arc::clone(&gate));
                tokio::spawn(async move {
                    let ask = move || async move {
                        asked.fetch_add(1, Ordering::SeqCst);
                        let _open = gate.acquire().await;
                        Err(AuthError::Unknown)
                    };
                    flights.join([7; 32], ask).await.err()
                })
            })
            .collect();
        while asked.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        gate.add_permits(1);
        for waiter in waiters {
            assert_eq!(waiter.await.unwrap(), Some(AuthError::Unknown));
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        assert!(flights.0.lock().is_empty());
    }

    #[tokio::test]
    async fn a_crowd_of_different_unknown_keys_is_bounded() {
        let flights = Arc::new(Flights::default());
        for number in 0..MAX {
            let mut digest = [0; 32];
            digest[..8].copy_from_slice(&number.to_be_bytes());
            let flights = Arc::clone(&flights);
            tokio::spawn(async move { flights.join(digest, std::future::pending).await });
        }
        while flights.0.lock().len() < MAX {
            tokio::task::yield_now().await;
        }
        let refused = flights.join([255; 32], || async { Err(AuthError::Unknown) });
        assert_eq!(refused.await.err(), Some(AuthError::StoreUnavailable));
    }
}
