//! The HTTP/2 connections of one thread. Each carries several calls at once, but what goes beyond its server's limit
//! would lie in a queue, unsent and unseen, until another call has ended. So calls are counted, and one that finds every
//! connection full has another opened.

use std::future::{Future as _, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use http::{Request, Response, Version};
use hyper::client::conn::http2;
use hyper_rustls::MaybeHttpsStream;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use super::answer::WireBody;
use super::connect::Stream;
use super::pool::{Failed, Sent};

/// So many calls go over one connection at once, even where its server takes more: one core serves a connection, and
/// what is lost with it should stay small. Also what is taken for the limit of a server that has not told its own.
const STREAMS: usize = 100;
/// So many connections a thread shares. Calls beyond what they hold wait on the least busy one.
const CONNECTIONS: usize = 64;

type Wire = http2::Connection<MaybeHttpsStream<Stream>, Sent, TokioExecutor>;

/// One connection.
#[derive(Debug)]
pub struct Shared {
    sender: http2::SendRequest<Sent>,
    /// Knows the server's limit. Its task owns it: a connection whose task has ended must not live on.
    wire: Weak<Mutex<Wire>>,
    /// Calls whose answers are not read to their ends. It goes up only under the lock of the list that this is in.
    in_flight: AtomicUsize,
    /// So many may be.
    limit: AtomicUsize,
    /// A call was answered, so that the server must have told its limit before.
    answered: AtomicBool,
    /// A request came back from it unsent.
    retired: AtomicBool,
    /// Sweeps since it was used.
    unused: AtomicU64,
}

impl Shared {
    /// Speaks HTTP/2 on a new connection, with a place on it for the first call.
    pub async fn begin(io: MaybeHttpsStream<Stream>) -> hyper::Result<Place> {
        let (sender, wire) = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .adaptive_window(true)
            .keep_alive_interval(Some(Duration::from_secs(30)))
            .handshake(io)
            .await?;
        let wire = Arc::new(Mutex::new(wire));
        let shared = Arc::new(Self {
            sender,
            wire: Arc::downgrade(&wire),
            in_flight: AtomicUsize::new(0),
            limit: AtomicUsize::new(STREAMS),
            answered: AtomicBool::new(false),
            retired: AtomicBool::new(false),
            unused: AtomicU64::new(0),
        });
        tokio::spawn(async move {
            let ended = poll_fn(|cx| Pin::new(&mut *wire.lock()).poll(cx)).await;
            if let Err(error) = ended {
                tracing::debug!(%error, "a shared connection to a provider ended");
            }
        });
        Ok(Place::on(&shared))
    }

    fn is_usable(&self) -> bool {
        !self.sender.is_closed() && !self.retired.load(Ordering::Relaxed)
    }

    fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    fn limit(&self) -> usize {
        // Asked again until the first answer, which may take minutes; what the last connection took is a fair guess
        // until the server speaks.
        if !self.answered.load(Ordering::Relaxed)
            && let Some(told) = self.told()
        {
            self.limit.fetch_min(told, Ordering::Relaxed);
        }
        self.limit.load(Ordering::Relaxed)
    }

    /// What the server takes, as far as it has said so.
    fn told(&self) -> Option<usize> {
        let wire = self.wire.upgrade()?;
        let told = wire.lock().current_max_send_streams();
        Some(told.min(STREAMS))
    }

    /// Asks again what the server takes.
    fn learn(&self) {
        if let Some(told) = self.told() {
            self.limit.store(told, Ordering::Relaxed);
        }
    }
}

/// One of the calls that a connection carries, until its answer is read or given up.
#[derive(Debug)]
pub struct Place(Arc<Shared>);

impl Place {
    fn on(shared: &Arc<Shared>) -> Self {
        shared.in_flight.fetch_add(1, Ordering::Relaxed);
        shared.unused.store(0, Ordering::Relaxed);
        Self(Arc::clone(shared))
    }

    /// Sends a request and waits for the head of its answer.
    pub async fn exchange(self, mut request: Request<Sent>) -> Result<Response<WireBody>, Failed> {
        *request.version_mut() = Version::HTTP_2;
        let mut sender = self.0.sender.clone();
        match sender.try_send_request(request).await {
            Ok(answer) => {
                if !self.0.answered.load(Ordering::Relaxed) {
                    self.0.learn();
                    self.0.answered.store(true, Ordering::Relaxed);
                }
                Ok(answer.map(|body| WireBody::shared(body, self)))
            }
            Err(mut failed) => {
                let Some(mut request) = failed.take_message() else {
                    return Err(Failed::Final(failed.into_error().into()));
                };
                // Whoever looks for a connection next must not find this one again.
                self.0.retired.store(true, Ordering::Relaxed);
                *request.version_mut() = Version::HTTP_11;
                Err(Failed::Unsent(failed.into_error().into(), request))
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The connections that a thread shares.
#[derive(Debug, Default)]
pub struct Sharing {
    state: Mutex<State>,
    opened: Notify,
}

#[derive(Debug, Default)]
struct State {
    open: Vec<Arc<Shared>>,
    /// Connections being opened.
    opening: usize,
    /// Calls that wait for them.
    waiting: usize,
}

/// How a call that found no place comes to one.
pub enum Admission<'a> {
    /// There is one after all.
    Place(Place),
    /// It opens a connection.
    Open(Opening<'a>),
    /// Those that are being opened will have one for it.
    Wait(Waiting<'a>),
}

impl Sharing {
    /// A place on the least busy connection that is not full.
    pub fn place(&self) -> Option<Place> {
        self.state.lock().place()
    }

    /// For a call that found no place. As many wait for a connection that is being opened as it will hold, so that a
    /// burst does not open one for each of its calls.
    pub fn admit(&self) -> Admission<'_> {
        let mut state = self.state.lock();
        if let Some(place) = state.place() {
            return Admission::Place(place);
        }
        let full = state.is_full();
        // Whoever opens one takes a place on it as well.
        let others = state.usual_limit().saturating_sub(1);
        if state.opening > 0 && (full || state.waiting < state.opening * others) {
            state.waiting += 1;
            return Admission::Wait(Waiting(self));
        }
        if full && let Some(least) = state.open.iter().min_by_key(|shared| shared.in_flight()) {
            return Admission::Place(Place::on(least));
        }
        state.opening += 1;
        Admission::Open(Opening(self))
    }

    /// For a connection that no call waits for: none while another one is being opened.
    pub fn open_ahead(&self) -> Option<Opening<'_>> {
        let mut state = self.state.lock();
        if state.opening > 0 || state.is_full() {
            return None;
        }
        state.opening += 1;
        Some(Opening(self))
    }

    /// Resolves when a connection has been opened, or could not be, after this was called.
    pub fn opened(&self) -> Notified<'_> {
        self.opened.notified()
    }

    /// From now on others find places on this connection too. One too many serves the call alone that it was opened for.
    pub fn add(&self, first: &Place) {
        let mut state = self.state.lock();
        if state.open.len() < CONNECTIONS {
            first.0.limit.store(state.usual_limit(), Ordering::Relaxed);
            state.open.push(Arc::clone(&first.0));
        }
    }

    /// Closes what was not used since so many sweeps, and says how many connections are left.
    pub fn sweep(&self, sweeps: u64) -> usize {
        let mut state = self.state.lock();
        state.open.retain(|shared| {
            if shared.in_flight() > 0 {
                shared.unused.store(0, Ordering::Relaxed);
                return shared.is_usable();
            }
            shared.is_usable() && shared.unused.fetch_add(1, Ordering::Relaxed) < sweeps
        });
        for shared in &state.open {
            // A server may change its mind.
            if shared.answered.load(Ordering::Relaxed) {
                shared.learn();
            }
        }
        state.open.len()
    }
}

impl State {
    fn place(&mut self) -> Option<Place> {
        self.open.retain(|shared| shared.is_usable());
        let busy = self.open.iter().map(|shared| (shared.in_flight(), shared));
        let free = busy.filter(|(in_flight, shared)| *in_flight < shared.limit());
        let least = free.min_by_key(|(in_flight, _)| *in_flight);
        least.map(|(_, shared)| Place::on(shared))
    }

    fn is_full(&self) -> bool {
        self.open.len() + self.opening >= CONNECTIONS
    }

    /// What a new connection can be expected to take.
    fn usual_limit(&self) -> usize {
        self.open.first().map_or(STREAMS, |shared| shared.limit())
    }
}

/// Somebody opens a connection; the others hear of it when this is dropped.
pub struct Opening<'a>(&'a Sharing);

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        self.0.state.lock().opening -= 1;
        self.0.opened.notify_waiters();
    }
}

/// Somebody waits for a connection.
pub struct Waiting<'a>(&'a Sharing);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.state.lock().waiting -= 1;
    }
}

#[cfg(test)]
mod tests;
