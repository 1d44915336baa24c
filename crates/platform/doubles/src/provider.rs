//! A stand-in for model providers on loopback: OpenAI chat, Responses and embeddings, Anthropic messages, and an echo for
//! all else. It records every request as it came over the wire and answers by script, faults included.

mod body;
pub mod faults;
mod line;
mod record;
pub mod reply;
mod routes;
pub mod script;
mod server;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

pub use record::{Ending, Recorded};
pub use reply::Reply;
pub use routes::Answer;
pub use script::{Cut, Gate, Script, Step};

use record::Log;
use routes::Routes;
use server::Shared;

/// A provider that listens until it is dropped.
pub struct Provider {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Mutex<Option<watch::Sender<bool>>>,
    authority: Option<crate::tls::Authority>,
}

impl Provider {
    /// Starts a provider on a free loopback port, HTTP/1 and HTTP/2 without TLS.
    pub async fn start() -> Self {
        Self::listen(None, None, None).await
    }

    /// Starts a provider with a certificate of its own authority ([`Self::authority_pem`]), ALPN `h2` and `http/1.1`.
    pub async fn start_tls() -> Self {
        Self::with_tls(None).await
    }

    /// The same, taking no more than so many requests at once on one HTTP/2 connection.
    pub async fn start_tls_with_streams(most: u32) -> Self {
        Self::with_tls(Some(most)).await
    }

    async fn with_tls(streams: Option<u32>) -> Self {
        let authority = crate::tls::Authority::new();
        let acceptor = TlsAcceptor::from(authority.server_config(&["localhost", "127.0.0.1"]));
        Self::listen(Some(acceptor), Some(authority), streams).await
    }

    /// Starts a provider with TLS that only serves clients with a certificate of its authority; gives such a
    /// certificate and its key beside it, as PEM.
    pub async fn start_tls_for_known_clients() -> (Self, (String, String)) {
        let authority = crate::tls::Authority::new();
        let config = authority.server_config_for_known_clients(&["localhost", "127.0.0.1"]);
        let client = authority.client_pem("gateway");
        let acceptor = TlsAcceptor::from(config);
        let provider = Self::listen(Some(acceptor), Some(authority), None).await;
        (provider, client)
    }

    async fn listen(
        tls: Option<TlsAcceptor>,
        authority: Option<crate::tls::Authority>,
        streams: Option<u32>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("loopback has a free port");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let provider = Self {
            address,
            shared: Arc::new(Shared {
                log: Arc::new(Log::new()),
                routes: Routes::default(),
                connections: AtomicUsize::new(0),
                tls,
                streams,
            }),
            stop: Mutex::new(None),
            authority,
        };
        provider.serve(listener);
        provider
    }

    fn serve(&self, listener: TcpListener) {
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(server::accept(listener, Arc::clone(&self.shared), stopped));
        *self.stop.lock() = Some(stop);
    }

    /// Stops listening and drops every connection: the next try is refused.
    pub fn stop(&self) {
        self.stop.lock().take();
    }

    /// Listens again on the same port after [`Self::stop`].
    pub async fn resume(&self) {
        let listener = TcpListener::bind(self.address).await;
        self.serve(listener.expect("the port is still free"));
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http(s)://127.0.0.1:PORT`, the base that Anthropic clients take.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.authority.is_some() {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://{}", self.address)
    }

    /// The same with `/v1`, the base that OpenAI clients take.
    #[must_use]
    pub fn openai_url(&self) -> String {
        format!("{}/v1", self.url())
    }

    /// The certificate of the authority behind a TLS provider, as PEM; empty without TLS.
    #[must_use]
    pub fn authority_pem(&self) -> String {
        let authority = self.authority.as_ref();
        authority.map_or_else(String::new, crate::tls::Authority::pem)
    }

    /// Answers every request on this path so from now on.
    pub fn on(&self, path: &str, answer: impl Into<Answer>) -> &Self {
        self.shared.routes.always(path, answer.into());
        self
    }

    /// Answers every request so whose path has no answer of its own.
    pub fn otherwise(&self, answer: impl Into<Answer>) -> &Self {
        self.shared.routes.otherwise(answer.into());
        self
    }

    /// Answers the next request on this path so; several queue up.
    pub fn next(&self, path: &str, answer: impl Into<Answer>) -> &Self {
        self.shared.routes.next(path, answer.into());
        self
    }

    /// Every request so far.
    #[must_use]
    pub fn requests(&self) -> Vec<Arc<Recorded>> {
        self.shared.log.requests()
    }

    /// How each request stands, in the same order.
    #[must_use]
    pub fn endings(&self) -> Vec<Ending> {
        self.shared.log.endings()
    }

    /// Connections taken so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Forgets all requests so far; none may be under way.
    pub fn forget(&self) {
        self.shared.log.clear();
    }

    /// Resolves with the requests once there are `count`.
    ///
    /// # Panics
    /// When they do not come in time; so do all waits here.
    pub async fn requests_at_least(&self, count: usize) -> Vec<Arc<Recorded>> {
        let what = format!("{count} requests to the provider");
        let log = &self.shared.log;
        log.until(&what, |endings| endings.len() >= count).await;
        log.requests()
    }

    /// Resolves with the first request that is meant, once it is there.
    pub async fn request(&self, meant: impl Fn(&Recorded) -> bool) -> Arc<Recorded> {
        let log = &self.shared.log;
        let find = || log.requests().into_iter().find(|request| meant(request));
        loop {
            let seen = log.requests().len();
            if let Some(found) = find() {
                return found;
            }
            self.requests_at_least(seen + 1).await;
        }
    }

    /// Resolves once the client of request `index` has left before the answer was whole.
    pub async fn closed(&self, index: usize) -> Ending {
        let what = format!("the client of request {index} to leave");
        let log = &self.shared.log;
        log.until(&what, |endings| {
            matches!(endings.get(index), Some(Ending::ClientLeft { .. }))
        })
        .await;
        log.endings()[index]
    }

    /// Resolves once request `index` has ended, however.
    pub async fn ended(&self, index: usize) -> Ending {
        let what = format!("request {index} to end");
        let log = &self.shared.log;
        log.until(&what, |endings| {
            endings.get(index).is_some_and(|end| *end != Ending::Open)
        })
        .await;
        log.endings()[index]
    }

    /// Resolves once nothing is under way any more.
    pub async fn idle(&self) {
        let log = &self.shared.log;
        log.until("every request to end", |endings| {
            endings.iter().all(|end| *end != Ending::Open)
        })
        .await;
    }
}

#[cfg(test)]
mod tests;
