//! The server below a provider: accepts, speaks HTTP/1 or HTTP/2, records, and plays scripts.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::body::{Exchange, ScriptBody};
use super::line::{Control, Line};
use super::record::{Log, Recorded};
use super::routes::Routes;

/// What all connections of one provider share.
pub(super) struct Shared {
    pub(super) log: Arc<Log>,
    pub(super) routes: Routes,
    pub(super) connections: AtomicUsize,
    pub(super) tls: Option<TlsAcceptor>,
    /// Requests at once on one HTTP/2 connection, where that is not the usual number.
    pub(super) streams: Option<u32>,
}

/// Accepts until `stopped` turns true or its sender is gone; then every connection is dropped.
pub(super) async fn accept(
    listener: TcpListener,
    shared: Arc<Shared>,
    mut stopped: watch::Receiver<bool>,
) {
    loop {
        let stream = tokio::select! {
            _ = stopped.wait_for(|stop| *stop) => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(_) => continue,
            },
        };
        // A peer that is already gone shows at the first read.
        let _ = stream.set_nodelay(true);
        let shared = Arc::clone(&shared);
        let mut stopped = stopped.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = stopped.wait_for(|stop| *stop) => {}
                () = connection(stream, shared) => {}
            }
        });
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    let control = Control::new(shared.connections.fetch_add(1, Ordering::SeqCst));
    let line = match &shared.tls {
        None => Line::plain(stream, Arc::clone(&control)),
        Some(acceptor) => match acceptor.accept(stream).await {
            Ok(stream) => Line::tls(stream, Arc::clone(&control)),
            // A client that does not trust us leaves during the handshake.
            Err(_) => return,
        },
    };
    let service = service_fn(|request| {
        let shared = Arc::clone(&shared);
        let control = Arc::clone(&control);
        async move { serve(request, &shared, control).await }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .auto_date_header(false)
        .timer(TokioTimer::new())
        .max_buf_size(1024 * 1024);
    builder.http2().auto_date_header(false);
    if let Some(streams) = shared.streams {
        builder.http2().max_concurrent_streams(streams);
    }
    let serving = builder.serve_connection(TokioIo::new(line), service);
    tokio::select! {
        () = control.was_cut() => {}
        // A connection that fails shows in the record of its request.
        _ = serving => {}
    }
}

async fn serve(
    request: Request<Incoming>,
    shared: &Shared,
    control: Arc<Control>,
) -> Result<Response<ScriptBody>, Infallible> {
    let (parts, body) = request.into_parts();
    let raw = match parts.version {
        http::Version::HTTP_10 | http::Version::HTTP_11 => control.raw_headers(),
        _ => None,
    };
    let headers = raw.unwrap_or_else(|| {
        let headers = parts.headers.iter();
        headers
            .map(|(name, value)| {
                let value = Bytes::copy_from_slice(value.as_bytes());
                (name.as_str().to_owned(), value)
            })
            .collect()
    });
    let body = body.collect().await;
    control.forget_read();
    let complete = body.is_ok();
    let target = parts.uri.path_and_query();
    let recorded = shared.log.add(Recorded {
        index: 0,
        connection: control.number,
        at: Instant::now(),
        method: parts.method.to_string(),
        target: target.map_or_else(|| "*".to_owned(), ToString::to_string),
        version: format!("{:?}", parts.version),
        headers,
        body: body
            .map(http_body_util::Collected::to_bytes)
            .unwrap_or_default(),
        complete,
    });
    let script = shared.routes.script(&recorded);
    let mut exchange = Exchange {
        log: Arc::clone(&shared.log),
        control,
        index: recorded.index,
        steps: script.steps.into(),
        sent: 0,
        cut: false,
    };
    let (status, headers) = exchange.head().await.unwrap_or((200, Vec::new()));
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    let body = ScriptBody::new(exchange, script.announces_length);
    Ok(response
        .body(body)
        .expect("scripts hold valid statuses and headers"))
}
