//! One worker: a thread with a runtime of its own, on which a connection lives from its first byte to its last. A call
//! is received, judged, sent on and answered on one thread, so none of its steps wakes another core.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::thread::JoinHandle;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::rt::Executor;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use super::socket::{self, Seen, Socket, Watch};
use crate::front::Front;

/// How long what was cut, or a blocking task such as a look-up of a name that hangs, may hold up the end of a worker.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// A runtime wakes itself by a system call when a timer is set that is due before all others, as that of a kept
/// connection is after each request. One that stands, and is due sooner than these, spares all of them that.
const STANDING_TIMER: Duration = Duration::from_secs(2);

/// An accepted connection on its way to a worker.
pub(crate) struct Arrival {
    pub stream: std::net::TcpStream,
    pub peer: SocketAddr,
    /// Its place among the connections that may be open.
    pub place: OwnedSemaphorePermit,
}

/// The way to one worker. Dropping it lets the worker's connections finish.
pub(crate) struct Worker {
    pub(super) connections: Arc<AtomicUsize>,
    arrivals: mpsc::UnboundedSender<Arrival>,
    finished: oneshot::Receiver<()>,
}

impl Worker {
    /// Gives it a connection; the places of the door bound how many can wait here.
    pub(super) fn take(&self, arrival: Arrival) {
        self.connections.fetch_add(1, Ordering::Relaxed);
        // A worker takes arrivals as long as this handle exists.
        let _ = self.arrivals.send(arrival);
    }

    /// Lets the worker's connections finish and waits for it.
    pub(super) async fn finished(self) {
        drop(self.arrivals);
        let _ = self.finished.await;
    }
}

/// The threads of the workers. Their runtimes outlive their connections: a connection to the store that was opened on
/// one of them is used by others to the very end.
pub(crate) struct Workers {
    threads: Vec<JoinHandle<()>>,
    quit: watch::Sender<bool>,
}

impl Workers {
    /// Ends the threads.
    pub async fn end(self) {
        self.quit.send_replace(true);
        let threads = self.threads;
        let joined = tokio::task::spawn_blocking(move || {
            threads.into_iter().all(|thread| thread.join().is_ok())
        });
        if !joined.await.unwrap_or(false) {
            tracing::error!("a worker thread panicked");
        }
    }
}

/// Starts `count` workers. Once `give_up` turns true, connections that are still open are cut.
pub(crate) fn start(
    count: usize,
    front: &Front,
    header_read: Duration,
    give_up: &watch::Receiver<bool>,
) -> io::Result<(Vec<Worker>, Workers)> {
    let (quit, quitting) = watch::channel(false);
    let mut workers = Vec::with_capacity(count);
    let mut threads = Vec::with_capacity(count);
    for number in 0..count {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let connections = Arc::new(AtomicUsize::new(0));
        let (arrivals, arriving) = mpsc::unbounded_channel();
        let (finish, finished) = oneshot::channel();
        let streams = TaskTracker::new();
        let inside = Inside {
            front: front.clone(),
            server: server(header_read, Streams(streams.clone())),
            streams,
            connections: connections.clone(),
            arriving,
            give_up: give_up.clone(),
        };
        let mut quitting = quitting.clone();
        let thread = std::thread::Builder::new()
            .name("worker".to_owned())
            .spawn(move || {
                llm::take_lane(number);
                runtime.block_on(async {
                    tokio::spawn(async {
                        loop {
                            tokio::time::sleep(STANDING_TIMER).await;
                        }
                    });
                    inside.serve().await;
                    // Nobody waits for it where the product was dropped rather than stopped.
                    let _ = finish.send(());
                    let _ = quitting.wait_for(|quit| *quit).await;
                });
                runtime.shutdown_timeout(LAST_WAIT);
            })?;
        threads.push(thread);
        workers.push(Worker {
            connections,
            arrivals,
            finished,
        });
    }
    Ok((workers, Workers { threads, quit }))
}

fn server(header_read: Duration, streams: Streams) -> auto::Builder<Streams> {
    let mut server = auto::Builder::new(streams);
    // `half_close` stays off: a caller that ends only its own half cannot be told from one that left, and whoever left
    // is noticed before the first byte, so that no provider works for nobody.
    server
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(header_read)
        .max_buf_size(256 << 10);
    server
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(1024)
        .max_header_list_size(128 << 10);
    server
}

/// What a worker's thread owns.
struct Inside {
    front: Front,
    server: auto::Builder<Streams>,
    streams: TaskTracker,
    connections: Arc<AtomicUsize>,
    arriving: mpsc::UnboundedReceiver<Arrival>,
    give_up: watch::Receiver<bool>,
}

impl Inside {
    async fn serve(mut self) {
        let graceful = GracefulShutdown::new();
        let mut tasks = JoinSet::new();
        while let Some(arrival) = self.arriving.recv().await {
            let Arrival {
                stream,
                peer,
                place,
            } = arrival;
            let left = Left(self.connections.clone());
            let stream = match TcpStream::from_std(stream) {
                Ok(stream) => stream,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken over");
                    continue;
                }
            };
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a connection keeps its delay");
            }
            let (socket, watch) = socket::watched(stream);
            let connection = graceful.watch(self.connect(socket, peer));
            tasks.spawn(async move {
                if let Some(Err(error)) = until_left(pin!(connection), &watch).await {
                    tracing::debug!(%error, "a connection ended in an error");
                }
                drop((place, left));
            });
            // Those that are over need not be kept.
            while tasks.try_join_next().is_some() {}
        }
        tokio::select! {
            () = graceful.shutdown() => {}
            _ = self.give_up.wait_for(|given_up| *given_up) => {
                tracing::warn!("connections still open after the time to drain are cut");
            }
        }
        // Calls that are cut here are recorded while the journal still takes records.
        tasks.shutdown().await;
        self.streams.close();
        if timeout(LAST_WAIT, self.streams.wait()).await.is_err() {
            tracing::warn!("streams of connections that were cut go on");
        }
    }

    fn connect(
        &self,
        socket: Socket,
        peer: SocketAddr,
    ) -> auto::Connection<
        'static,
        TokioIo<Socket>,
        impl hyper::service::Service<
            Request<Incoming>,
            Response = http::Response<crate::front::Answer>,
            Error = Infallible,
            Future: Send,
        > + use<>,
        Streams,
    > {
        let front = self.front.clone();
        let service = service_fn(move |request| {
            let front = front.clone();
            async move { Ok::<_, Infallible>(front.serve(peer.ip(), request).await) }
        });
        self.server
            .serve_connection(TokioIo::new(socket), service)
            .into_owned()
    }
}

/// A connection until it ends, or until its caller has left while the server looked elsewhere.
async fn until_left<C: Future>(mut connection: Pin<&mut C>, watch: &Watch) -> Option<C::Output> {
    let mut has_left = false;
    poll_fn(|cx| {
        loop {
            if let Poll::Ready(ended) = connection.as_mut().poll(cx) {
                return Poll::Ready(Some(ended));
            }
            // It could have known by now.
            if has_left {
                return Poll::Ready(None);
            }
            match watch.poll_ahead(cx) {
                Poll::Ready(Seen::More) => {}
                Poll::Ready(Seen::End) => has_left = true,
                Poll::Pending => return Poll::Pending,
            }
        }
    })
    .await
}

/// Runs the streams of HTTP/2 connections, each a task of its own.
#[derive(Debug, Clone)]
struct Streams(TaskTracker);

impl<F> Executor<F> for Streams
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, stream: F) {
        self.0.spawn(stream);
    }
}

/// Counts a connection of a worker down when it is over.
struct Left(Arc<AtomicUsize>);

impl Drop for Left {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
