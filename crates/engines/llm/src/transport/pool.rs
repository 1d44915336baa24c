//! Connections to one provider. An HTTP/1 connection is driven by the very task that reads its answer, so that no
//! piece of an answer costs a change of tasks; HTTP/2 connections are shared and driven by a task of their own.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::uri::{Authority, Scheme};
use http::{HeaderValue, Request, Response, Uri, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::Connection as _;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use parking_lot::Mutex;
use tokio::time::{Instant, timeout};
use tower::Service;

use super::connect::{Connector, Stream};
use super::gate::Driver;
use super::lanes::Lanes;

/// How long an idle connection is kept.
const IDLE: Duration = Duration::from_secs(60);
/// How often idle connections are looked through.
const SWEEP: Duration = Duration::from_secs(15);
/// So many calls on connections of other threads make a thread open one of its own.
const BORROW: usize = 16;

type Sent = Full<Bytes>;
type Io = MaybeHttpsStream<Stream>;
type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why no answer came.
#[derive(Debug)]
pub(super) enum SendError {
    /// No connection came about.
    Connect(BoxError),
    /// No connection came about in time.
    ConnectTimeout,
    /// The connection broke before the head of the answer.
    Exchange(hyper::Error),
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
    sweeping: AtomicBool,
    me: Weak<Self>,
}

/// What one thread keeps open. The runtime that opened a connection watches it, so its own thread uses it for the least.
#[derive(Debug, Default)]
struct Lane {
    idle: Mutex<Vec<(Instant, Link)>>,
    shared: Mutex<Option<http2::SendRequest<Sent>>>,
    /// Connections of others used since this lane last opened one of its own.
    borrowed: AtomicUsize,
}

/// One HTTP/1 connection with the handle that requests go in by.
struct Link {
    sender: http1::SendRequest<Sent>,
    connection: Pin<Box<http1::Connection<Io, Sent>>>,
    /// A plain HTTP proxy stands at the other end and wants absolute addresses.
    absolute_form: bool,
    driver: Driver,
    /// Whose it is.
    lane: usize,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}

enum Opened {
    Own(Link),
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
                .map_err(SendError::Exchange)?;
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "a shared connection to a provider ended");
                }
            });
            *self.lanes.own().1.shared.lock() = Some(sender.clone());
            return Ok(Opened::Shared(sender));
        }
        let (sender, connection) = http1::handshake(io).await.map_err(SendError::Exchange)?;
        Ok(Opened::Own(Link {
            sender,
            connection: Box::pin(connection),
            absolute_form: connected.is_proxied(),
            driver: Driver::new(),
            lane: self.lanes.own().0,
        }))
    }

    /// The connection used last, if it is still open: the warmest one. This thread's own come first; another's is
    /// better than the time that opening one takes.
    fn checkout(&self) -> Option<Link> {
        let (own, lane) = self.lanes.own();
        for (number, from) in self.lanes.from(own) {
            while let Some((since, mut link)) = from.idle.lock().pop() {
                if since.elapsed() < IDLE && link.is_open() {
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

    fn checkin(&self, link: Link) {
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
                    idle.retain_mut(|(since, link)| since.elapsed() < IDLE && link.is_open());
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
        mut link: Link,
        mut request: Request<Sent>,
    ) -> Result<Response<WireBody>, (hyper::Error, Option<Request<Sent>>)> {
        request
            .headers_mut()
            .insert(header::HOST, self.host.clone());
        let absolute = request.uri().clone();
        if !link.absolute_form
            && let Some(path) = absolute.path_and_query()
        {
            *request.uri_mut() = Uri::from(path.clone());
        }
        let mut ended = false;
        let answered = {
            let Link {
                sender,
                connection,
                driver,
                ..
            } = &mut link;
            let mut answer = pin!(sender.try_send_request(request));
            poll_fn(|cx| {
                driver.drive(cx, |cx| {
                    // The connection takes the request, writes it and reads the head; only then can the answer be there.
                    ended = ended || connection.as_mut().poll(cx).is_ready();
                    answer.as_mut().poll(cx)
                })
            })
            .await
        };
        match answered {
            Ok(answer) => {
                let (head, body) = answer.into_parts();
                // A connection that has ended already has handed all of its answer over.
                let body = WireBody {
                    body,
                    link: (!ended).then_some(link),
                    pool: self.me.clone(),
                };
                Ok(Response::from_parts(head, body))
            }
            Err(mut failed) => {
                let unsent = failed.take_message().map(|mut request| {
                    *request.uri_mut() = absolute;
                    request
                });
                Err((failed.into_error(), unsent))
            }
        }
    }
}

async fn exchange_shared(
    mut sender: http2::SendRequest<Sent>,
    mut request: Request<Sent>,
) -> Result<Response<WireBody>, (hyper::Error, Option<Request<Sent>>)> {
    *request.version_mut() = http::Version::HTTP_2;
    match sender.try_send_request(request).await {
        Ok(answer) => Ok(answer.map(|body| WireBody {
            body,
            link: None,
            pool: Weak::new(),
        })),
        Err(mut failed) => {
            let unsent = failed.take_message().map(|mut request| {
                *request.version_mut() = http::Version::HTTP_11;
                request
            });
            Err((failed.into_error(), unsent))
        }
    }
}

impl Link {
    /// Whether a further request can go in: looks once for a close that came while nobody read.
    fn is_open(&mut self) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        self.connection.as_mut().poll(&mut cx).is_pending() && self.sender.is_ready()
    }
}

/// The body of an answer; reading it drives its connection, dropping it closes it.
#[derive(Debug)]
pub struct WireBody {
    body: Incoming,
    /// `None` on a shared connection, and once the connection has ended or gone back.
    link: Option<Link>,
    pool: Weak<Pool>,
}

impl WireBody {
    /// The answer is read: its connection serves the next request.
    fn hand_back(&mut self) {
        if let Some(mut link) = self.link.take()
            && let Some(pool) = self.pool.upgrade()
            && link.is_open()
        {
            pool.checkin(link);
        }
    }
}

impl Body for WireBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let this = self.get_mut();
        let body = &mut this.body;
        let mut ended = false;
        let polled = match &mut this.link {
            None => Pin::new(body).poll_frame(cx),
            Some(Link {
                connection, driver, ..
            }) => driver.drive(cx, |cx| {
                let polled = Pin::new(&mut *body).poll_frame(cx);
                if polled.is_ready() || ended {
                    return polled;
                }
                ended = connection.as_mut().poll(cx).is_ready();
                Pin::new(&mut *body).poll_frame(cx)
            }),
        };
        if ended {
            this.link = None;
        }
        // Whoever knows the length may not ask again after the last piece.
        if matches!(polled, Poll::Ready(None)) || this.body.is_end_stream() {
            this.hand_back();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
