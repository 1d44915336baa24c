//! Connections to one provider. An HTTP/1 connection is driven by the very task that reads its answer, so that no
//! piece of an answer costs a change of tasks; HTTP/2 connections are shared and driven by a task of their own.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use http::uri::{Authority, Scheme};
use http::{HeaderValue, Method, Request, Response, Uri};
use http_body_util::Full;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::Connection as _;
use parking_lot::Mutex;
use tokio::time::{Instant, timeout};
use tower::Service;

use super::answer::WireBody;
use super::connect::Connector;
use super::exchange::ExchangeError;
use super::http1::Connection;
use super::io::Io;
use super::lanes::Lanes;
use super::shared::{Admission, Place, Shared, Sharing};

/// How long an idle connection is kept.
const IDLE: Duration = Duration::from_secs(60);
/// How often idle connections are looked through.
const SWEEP: Duration = Duration::from_secs(15);
/// So many calls on connections of other threads make a thread open one of its own.
const BORROW: usize = 16;

pub(super) type Sent = Full<Bytes>;
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

/// An exchange that failed, and its request where it can be sent once more.
pub(super) enum Failed {
    /// No byte of the request can have gone out.
    Unsent(ExchangeError, Request<Sent>),
    /// The request may have been read, but it asks for nothing to be done, and no byte of an answer came.
    Harmless(ExchangeError, Request<Sent>),
    /// All else.
    Final(ExchangeError),
}

impl Failed {
    fn into_error(self) -> SendError {
        match self {
            Self::Unsent(error, _) | Self::Harmless(error, _) | Self::Final(error) => {
                SendError::Exchange(error)
            }
        }
    }
}

/// All connections to one provider.
#[derive(Debug)]
pub(super) struct Pool {
    connector: HttpsConnector<Connector>,
    address: Uri,
    host: HeaderValue,
    connect_timeout: Duration,
    max_idle: usize,
    lanes: Lanes<Lane>,
    /// The connection opened last speaks HTTP/2.
    multiplexed: AtomicBool,
    sweeping: AtomicBool,
    me: Weak<Self>,
}

/// What one thread keeps open. The runtime that opened a connection watches it, so its own thread uses it for the least.
#[derive(Debug, Default)]
struct Lane {
    idle: Mutex<Vec<(Instant, Box<Link>)>>,
    shared: Sharing,
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
    Shared(Place),
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
            multiplexed: AtomicBool::new(false),
            sweeping: AtomicBool::new(false),
            me: me.clone(),
        }))
    }

    /// Sends a request whose address is absolute and waits for the head of the answer. A request that an open
    /// connection did not take, because it was closed meanwhile, goes to another one.
    pub async fn send(&self, mut request: Request<Sent>) -> Result<Response<WireBody>, SendError> {
        while let Some(place) = self.shared() {
            match place.exchange(request).await {
                Ok(answer) => return Ok(answer),
                Err(Failed::Unsent(_, unsent)) => request = unsent,
                Err(failed) => return Err(failed.into_error()),
            }
        }
        while let Some(link) = self.checkout() {
            match self.exchange(link, request).await {
                Ok(answer) => return Ok(answer),
                Err(Failed::Unsent(_, unsent)) => request = unsent,
                Err(Failed::Harmless(_, harmless)) => {
                    // Once, and where nothing but the request itself can be the cause of another failure.
                    request = harmless;
                    break;
                }
                Err(failed) => return Err(failed.into_error()),
            }
        }
        // Rare and large: kept out of every call's own state.
        let sent = match Box::pin(self.another()).await? {
            Opened::Own(link) => self.exchange(link, request).await,
            Opened::Shared(place) => place.exchange(request).await,
        };
        sent.map_err(Failed::into_error)
    }

    /// A further connection. Where connections are shared, it may be one that another call opens.
    async fn another(&self) -> Result<Opened, SendError> {
        let (own, lane) = self.lanes.own();
        let begun = Instant::now();
        while self.multiplexed.load(Ordering::Relaxed) {
            // Begun before the look: what is opened in between is not missed.
            let opened = lane.shared.opened();
            match lane.shared.admit() {
                Admission::Place(place) => return Ok(Opened::Shared(place)),
                Admission::Open(_opening) => return self.open(own).await,
                Admission::Wait(_waiting) => {
                    let left = self.connect_timeout.saturating_sub(begun.elapsed());
                    let opened = timeout(left, opened).await;
                    opened.map_err(|_| SendError::ConnectTimeout)?;
                }
            }
        }
        self.open(own).await
    }

    /// Opens a connection for a lane.
    async fn open(&self, lane: usize) -> Result<Opened, SendError> {
        let mut connector = self.connector.clone();
        let io = timeout(self.connect_timeout, async {
            poll_fn(|cx| connector.poll_ready(cx)).await?;
            connector.call(self.address.clone()).await
        })
        .await
        .map_err(|_| SendError::ConnectTimeout)?
        .map_err(SendError::Connect)?;
        let connected = io.connected();
        let multiplexed = connected.is_negotiated_h2();
        self.multiplexed.store(multiplexed, Ordering::Relaxed);
        if multiplexed {
            let place = Shared::begin(io)
                .await
                .map_err(|error| SendError::Exchange(error.into()))?;
            self.lanes.get(lane).shared.add(&place);
            self.sweep();
            return Ok(Opened::Shared(place));
        }
        Ok(Opened::Own(Box::new(Link {
            connection: Connection::new(io.into()),
            absolute_form: connected.is_proxied(),
            lane,
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
                        self.borrowed(own, lane);
                    }
                    return Some(link);
                }
            }
        }
        None
    }

    /// A place on a shared connection, from whichever thread.
    fn shared(&self) -> Option<Place> {
        let (own, lane) = self.lanes.own();
        for (number, from) in self.lanes.from(own) {
            if let Some(place) = from.shared.place() {
                if number != own {
                    self.borrowed(own, lane);
                }
                return Some(place);
            }
        }
        None
    }

    /// A thread that goes on borrowing opens a connection of its own, while nobody waits for it.
    fn borrowed(&self, own: usize, lane: &Lane) {
        if lane.borrowed.fetch_add(1, Ordering::Relaxed) + 1 < BORROW {
            return;
        }
        lane.borrowed.store(0, Ordering::Relaxed);
        let Some(pool) = self.me.upgrade() else {
            return;
        };
        tokio::spawn(async move {
            let opening = pool.lanes.get(own).shared.open_ahead();
            if opening.is_none() && pool.multiplexed.load(Ordering::Relaxed) {
                return;
            }
            match pool.open(own).await {
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
                    drop(idle);
                    left += lane.shared.sweep(IDLE.as_secs() / SWEEP.as_secs());
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
        let harmless = body.is_empty() && matches!(parts.method, Method::GET | Method::HEAD);
        connection.begin(&parts, &self.host, absolute_form, body);
        let headers = &mut parts.headers;
        match poll_fn(|cx| connection.poll_head(cx, headers)).await {
            Ok(answer) => Ok(answer.map(|()| WireBody::own(link, self.me.clone()))),
            Err(error) => {
                let plain = connection.io().is_plain();
                let harmless = harmless && !connection.has_heard();
                Err(match connection.take_untouched().filter(|_| plain) {
                    Some(body) => {
                        Failed::Unsent(error, Request::from_parts(parts, Full::new(body)))
                    }
                    None if harmless => {
                        Failed::Harmless(error, Request::from_parts(parts, Full::default()))
                    }
                    None => Failed::Final(error),
                })
            }
        }
    }
}
