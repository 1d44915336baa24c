//! The door: accepted connections, one service for them all. Model routes go straight to the gateway, everything
//! else to the router of the rooms.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use gateway::Gateway;
use http::uri::PathAndQuery;
use http::{Request, Response, Uri};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt;
use web::{Authenticate, Cors, RequestContext};

/// Everything that one request may need.
#[derive(Clone)]
pub(crate) struct Front {
    pub gateway: Gateway,
    pub router: axum::Router,
    pub authenticate: Arc<dyn Authenticate>,
    pub cors: Arc<Cors>,
}

/// Bounds of the door.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub max_connections: usize,
    pub header_read: Duration,
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The body of an answer, from either side.
pub(crate) enum Answer {
    Gateway(gateway::AnswerBody),
    Router(axum::body::Body),
}

impl Body for Answer {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.get_mut() {
            Self::Gateway(body) => Pin::new(body).poll_frame(cx).map_err(Into::into),
            Self::Router(body) => Pin::new(body).poll_frame(cx).map_err(Into::into),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Gateway(body) => body.is_end_stream(),
            Self::Router(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Gateway(body) => body.size_hint(),
            Self::Router(body) => body.size_hint(),
        }
    }
}

impl Front {
    async fn serve(self, peer: IpAddr, request: Request<Incoming>) -> Response<Answer> {
        if Gateway::owns(request.uri().path()) {
            let began = Instant::now();
            let route = Gateway::template(request.uri().path());
            let method = request.method().clone();
            let answer = if self.cors.is_closed() {
                let id = kernel::RequestId::new();
                self.gateway.serve(request, id).await.map(Answer::Gateway)
            } else {
                self.serve_with_cors(request).await
            };
            telemetry::http::observe(
                route,
                method.as_str(),
                answer.status().as_u16(),
                began.elapsed(),
            );
            return answer;
        }
        let mut request = request;
        strip_api(request.uri_mut());
        let context = RequestContext::new(peer, request.headers());
        let extensions = request.extensions_mut();
        extensions.insert(context);
        extensions.insert(self.authenticate.clone());
        let answer = self
            .router
            .oneshot(request.map(axum::body::Body::new))
            .await;
        match answer {
            Ok(response) => response.map(Answer::Router),
            Err(never) => match never {},
        }
    }

    /// Model routes for pages of other origins, where the settings name some.
    async fn serve_with_cors(self, request: Request<Incoming>) -> Response<Answer> {
        if let Some(preflight) = self.cors.preflight(request.method(), request.headers()) {
            return preflight.map(Answer::Router);
        }
        let allowed = self.cors.allowed(request.headers());
        let mut response = self.gateway.serve(request, kernel::RequestId::new()).await;
        self.cors.mark(allowed, response.headers_mut());
        response.map(Answer::Gateway)
    }
}

/// `/api/v1/…` is `/v1/…`.
fn strip_api(uri: &mut Uri) {
    let Some(rest) = uri
        .path_and_query()
        .and_then(|path| path.as_str().strip_prefix("/api/v1/"))
    else {
        return;
    };
    let Ok(path) = PathAndQuery::try_from(format!("/v1/{rest}")) else {
        return;
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path);
    if let Ok(stripped) = Uri::from_parts(parts) {
        *uri = stripped;
    }
}

/// Accepts until `stop` turns true, then lets open connections finish what they are at, at most until `give_up`.
pub(crate) async fn accept(
    listener: TcpListener,
    front: Front,
    bounds: Bounds,
    mut stop: watch::Receiver<bool>,
    give_up: impl Future<Output = ()>,
) {
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(bounds.max_connections));
    let mut server = auto::Builder::new(TokioExecutor::new());
    // `half_close` stays off: a caller that ends only its own half cannot be told from one that left, and whoever left
    // is noticed before the first byte, so that no provider works for nobody.
    server
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.header_read)
        .max_buf_size(256 << 10);
    server
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(1024)
        .max_header_list_size(128 << 10);
    let server = Arc::new(server);
    loop {
        let place = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            place = places.clone().acquire_owned() => place,
        };
        let Ok(place) = place else { break };
        let accepted = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors or a connection that died in the queue: neither is a reason to stop.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            }
        };
        let connection = connect(&server, stream, peer, front.clone());
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended in an error");
            }
            drop(place);
        });
    }
    drop(listener);
    tokio::select! {
        () = graceful.shutdown() => {}
        () = give_up => tracing::warn!("connections still open after the time to drain are cut"),
    }
}

fn connect(
    server: &auto::Builder<TokioExecutor>,
    stream: TcpStream,
    peer: SocketAddr,
    front: Front,
) -> auto::Connection<
    'static,
    TokioIo<TcpStream>,
    impl hyper::service::Service<
        Request<Incoming>,
        Response = Response<Answer>,
        Error = Infallible,
        Future: Send,
    > + use<>,
    TokioExecutor,
> {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection keeps its delay");
    }
    let service = service_fn(move |request| {
        let front = front.clone();
        async move { Ok::<_, Infallible>(front.serve(peer.ip(), request).await) }
    });
    server
        .serve_connection(TokioIo::new(stream), service)
        .into_owned()
}
