//! Connections to one provider. An HTTP/1 connection is driven by the very task that reads its answer, so that no
//! piece of an answer costs a change of tasks; HTTP/2 connections are shared and driven by a task of their own.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use http::uri::{Authority, Scheme};
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::Full;
use hyper::client::conn::http2;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::Connection as _;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use parking_lot::Mutex;
use tokio::time::{Instant, timeout};
use tower::Service;

use super::answer::WireBody;
use super::connect::Connector;
use super::exchange::ExchangeError;
use super::http1::Connection;
use super::io::Io;
use super::lanes::Lanes;

/// How long an idle connection is kept.
const IDLE: Duration = Duration::from_secs(60);
/// How often idle connections are looked through.
const SWEEP: Duration = Duration::from_secs(15);
/// So many calls on connections of other threads make a thread open one of its own.
const BORROW: usize = 16;

type Sent = Full<Bytes>;
type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why no answer came.
#[derive(Debug)]
pub(super) enum SendError {
    /// No connection came about.
    Connect(BoxError),
    /// No connection came about in time.
    ConnectTimeout,
    /// The connection broke before the head of the answer.
    Exchange(ExchangeError),
}

/// An exchange that failed, and its request where no byte of it can have gone out.
type Failed = (ExchangeError, Option<Request<Sent>>);

/// All connections to one provider.
#[derive(Debug)]
pub(super) struct Pool {
    connector: HttpsConnector<Connector>,
    address: Uri,
    host: HeaderValue,
    connect_timeout: Duration,
    max_idle: usize,
    lanes: Lanes<Lane>,
    sweeping: AtomicBool,
    me: Weak<Self>,
}

/// What one thread keeps open. The runtime that opened a connection watches it, so its own thread uses it for the least.
#[derive(Debug, Default)]
struct Lane {
    idle: Mutex<Vec<(Instant, Box<Link>)>>,
    shared: Mutex<Option<http2::SendRequest<Sent>>>,
    /// Connections of others used since this lane last opened one of its own.
    borrowed: AtomicUsize,
}

/// One HTTP/1 connection.
#[derive(Debug)]
pub(super) struct Link {
    pub connection: Connection<Io>,
    /// A plain HTTP proxy stands at the other end and wants absolute addresses.
    absolute_form: bool,
    /// Whose it is.
    lane: usize,
}

enum Opened {
    Own(Box<Link>),
    Shared(http2::SendRequest<Sent>),
}

impl Pool {
    pub fn new(
        connector: HttpsConnector<Connector>,
        scheme: &Scheme,
        authority: &Authority,
        connect_timeout: Duration,
        max_idle: usize,
    ) -> Result<Arc<Self>, http::Error> {
        let address = Uri::builder()
            .scheme(scheme.clone())
            .authority(authority.clone())
            .path_and_query("/")
            .build()?;
        let default_port = matches!(
            (scheme.as_str(), authority.port_u16()),
            ("http", Some(80)) | ("https", Some(443))
        );
        let host = if default_port {
            authority.host()
        } else {
            authority.as_str()
        };
        let host = HeaderValue::from_str(host.rsplit('@').next().unwrap_or(host))?;
        Ok(Arc::new_cyclic(|me| Self {
            connector,
            address,
            host,
            connect_timeout,
            max_idle,
            lanes: Lanes::default(),
            sweeping: AtomicBool::new(false),
            me: me.clone(),
        }))
    }

    /// Sends a request whose address is absolute and waits for the head of the answer. A request that an idle
    /// connection did not take, because it was closed meanwhile, goes to another one.
    pub async fn send(&self, mut request: Request<Sent>) -> Result<Response<WireBody>, SendError> {
        if let Some(sender) = self.shared() {
            match exchange_shared(sender, request).await {
                Ok(answer) => return Ok(answer),
                Err((_, Some(unsent))) => request = unsent,
                Err((error, None)) => return Err(SendError::Exchange(error)),
            }
        }
        while let Some(link) = self.checkout() {
            match self.exchange(link, request).await {
                Ok(answer) => return Ok(answer),
                Err((_, Some(unsent))) => request = unsent,
                Err((error, None)) => return Err(SendError::Exchange(error)),
            }
        }
        // Rare and large: kept out of every call's own state.
        let sent = match Box::pin(self.open()).await? {
            Opened::Own(link) => self.exchange(link, request).await,
            Opened::Shared(sender) => exchange_shared(sender, request).await,
        };
        sent.map_err(|(error, _)| SendError::Exchange(error))
    }

    async fn open(&self) -> Result<Opened, SendError> {
        let mut connector = self.connector.clone();
        let io = timeout(self.connect_timeout, async {
            poll_fn(|cx| connector.poll_ready(cx)).await?;
            connector.call(self.address.clone()).await
        })
        .await
        .map_err(|_| SendError::ConnectTimeout)?
        .map_err(SendError::Connect)?;
        let connected = io.connected();
        if connected.is_negotiated_h2() {
            let (sender, connection) = http2::Builder::new(TokioExecutor::new())
                .timer(TokioTimer::new())
                .adaptive_window(true)
                .keep_alive_interval(Some(Duration::from_secs(30)))
                .handshake(io)
                .await
                .map_err(|error| SendError::Exchange(error.into()))?;
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "a shared connection to a provider ended");
                }
            });
            *self.lanes.own().1.shared.lock() = Some(sender.clone());
            return Ok(Opened::Shared(sender));
        }
        Ok(Opened::Own(Box::new(Link {
            connection: Connection::new(io.into()),
            absolute_form: connected.is_proxied(),
            lane: self.lanes.own().0,
        })))
    }

    /// The connection used last, if it is still open: the warmest one. This thread's own come first; another's is
    /// better than the time that opening one takes.
    fn checkout(&self) -> Option<Box<Link>> {
        let (own, lane) = self.lanes.own();
        for (number, from) in self.lanes.from(own) {
            while let Some((since, mut link)) = from.idle.lock().pop() {
                if since.elapsed() < IDLE && link.connection.is_open() {
                    if number != own {
                        self.borrowed(lane);
                    }
                    return Some(link);
                }
            }
        }
        None
    }

    /// A shared connection, from whichever thread.
    fn shared(&self) -> Option<http2::SendRequest<Sent>> {
        let (own, lane) = self.lanes.own();
        for (number, from) in self.lanes.from(own) {
            let sender = from.shared.lock().clone();
            if let Some(sender) = sender.filter(|sender| !sender.is_closed()) {
                if number != own {
                    self.borrowed(lane);
                }
                return Some(sender);
            }
        }
        None
    }

    /// A thread that goes on borrowing opens a connection of its own, while nobody waits for it.
    fn borrowed(&self, lane: &Lane) {
        if lane.borrowed.fetch_add(1, Ordering::Relaxed) + 1 < BORROW {
            return;
        }
        lane.borrowed.store(0, Ordering::Relaxed);
        let Some(pool) = self.me.upgrade() else {
            return;
        };
        tokio::spawn(async move {
            match pool.open().await {
                Ok(Opened::Own(link)) => pool.checkin(link),
                Ok(Opened::Shared(_)) => {}
                Err(error) => {
                    tracing::debug!(?error, "no further connection to a provider came about");
                }
            }
        });
    }

    /// Takes a connection that can serve another request.
    pub(super) fn checkin(&self, link: Box<Link>) {
        let mut idle = self.lanes.get(link.lane).idle.lock();
        if idle.len() < self.max_idle.div_ceil(self.lanes.count()) {
            idle.push((Instant::now(), link));
            drop(idle);
            self.sweep();
        }
    }

    /// Sees to it that idle connections are closed in time even if nobody asks again.
    fn sweep(&self) {
        if self.sweeping.swap(true, Ordering::SeqCst) {
            return;
        }
        let pool = self.me.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(SWEEP).await;
                let Some(pool) = pool.upgrade() else { return };
                // Said first: whoever hands one back from now on starts the next round of sweeps, if this is the last.
                pool.sweeping.store(false, Ordering::SeqCst);
                let mut left = 0;
                for (_, lane) in pool.lanes.from(0) {
                    let mut idle = lane.idle.lock();
                    idle.retain_mut(|(since, link)| {
                        since.elapsed() < IDLE && link.connection.is_open()
                    });
                    left += idle.len();
                }
                if left == 0 || pool.sweeping.swap(true, Ordering::SeqCst) {
                    return;
                }
            }
        });
    }

    async fn exchange(
        &self,
        mut link: Box<Link>,
        request: Request<Sent>,
    ) -> Result<Response<WireBody>, Failed> {
        let absolute_form = link.absolute_form;
        let connection = &mut link.connection;
        let (mut parts, body) = request.into_parts();
        let body = body.into_inner().unwrap_or_default();
        connection.begin(&parts, &self.host, absolute_form, body);
        let headers = &mut parts.headers;
        match poll_fn(|cx| connection.poll_head(cx, headers)).await {
            Ok(answer) => Ok(answer.map(|()| WireBody::own(link, self.me.clone()))),
            Err(error) => {
                let plain = connection.io().is_plain();
                let body = connection.take_untouched().filter(|_| plain);
                let unsent = body.map(|body| Request::from_parts(parts, Full::new(body)));
                Err((error, unsent))
            }
        }
    }
}

async fn exchange_shared(
    mut sender: http2::SendRequest<Sent>,
    mut request: Request<Sent>,
) -> Result<Response<WireBody>, Failed> {
    *request.version_mut() = http::Version::HTTP_2;
    match sender.try_send_request(request).await {
        Ok(answer) => Ok(answer.map(WireBody::shared)),
        Err(mut failed) => {
            let unsent = failed.take_message().map(|mut request| {
                *request.version_mut() = http::Version::HTTP_11;
                request
            });
            Err((failed.into_error().into(), unsent))
        }
    }
}
