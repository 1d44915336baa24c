//! Which HTTP/1 connections serve a second call, with and without TLS, against a server that says exactly what it is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;

/// Answers every request with the same bytes; without a length of a body it closes then.
struct Exact {
    address: std::net::SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Exact {
    async fn start(answer: String, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = connections.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let (answer, tls) = (answer.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, &answer).await,
                        Some(tls) => serve(tls.accept(stream).await.unwrap(), &answer).await,
                    }
                });
            }
        });
        Self {
            address,
            connections,
        }
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: &str) {
    let mut seen = Vec::new();
    while stream.read_buf(&mut seen).await.is_ok_and(|read| read > 0) {
        if !seen.ends_with(b"{}") {
            continue;
        }
        seen.clear();
        let _ = stream.write_all(answer.as_bytes()).await;
        let _ = stream.flush().await;
        if !answer.contains("content-length") {
            let _ = stream.shutdown().await;
            return;
        }
    }
}

#[tokio::test]
async fn a_connection_serves_again_only_after_an_answer_with_a_clean_end() {
    for (answer, connections) in [
        ("content-length: 2\r\n\r\nok", 1),
        ("content-length: 2\r\nconnection: close\r\n\r\nok", 3),
        ("content-length: 2\r\n\r\nok, and more", 3),
        ("x-length: unknown\r\n\r\nok", 3),
    ] {
        let server = Exact::start(format!("HTTP/1.1 200 OK\r\n{answer}"), None).await;
        let base = format!("http://{}/v1", server.address);
        let upstream = upstream(&config(ProviderKind::OpenAi, &base), &options(None));
        for _ in 0..3 {
            assert_eq!(read(post(&upstream, "/x").await).await, "ok");
        }
        assert_eq!(server.connections(), connections, "{answer}");
    }
}

#[tokio::test]
async fn tls_carries_http_1_where_the_provider_speaks_nothing_newer() {
    let authority = doubles::tls::Authority::new();
    let mut tls = (*authority.server_config(&["localhost"])).clone();
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    let body = "x".repeat(1_000_000);
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n{body}");
    let server = Exact::start(answer, Some(TlsAcceptor::from(Arc::new(tls)))).await;
    let (_file, ca_file) = pem_file(&authority.pem());
    let base = format!("https://localhost:{}/v1", server.address.port());
    let mut config = config(ProviderKind::OpenAi, &base);
    config.ca_file = Some(ca_file);
    let upstream = upstream(&config, &options(None));
    for size in [0, 3_000_000, 20_000] {
        let mut request = Request::new(Full::new(Bytes::from(" ".repeat(size) + "{}")));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = upstream.address("/x", None).unwrap();
        let answer = upstream.send(request).await;
        assert!(read(answer).await == body);
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_refusal_of_a_large_request_is_heard_before_all_of_it_is_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/v1", listener.local_addr().unwrap());
    let upstream = upstream(&config(ProviderKind::OpenAi, &base), &options(None));
    let mut request = Request::new(Full::new(Bytes::from(vec![b' '; 50_000_000])));
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = upstream.address("/x", None).unwrap();
    let refuse = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 100]).await.unwrap();
        let refusal = b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 2\r\n\r\nno";
        stream.write_all(refusal).await.unwrap();
        stream
    };
    let (answer, _held) = tokio::join!(upstream.send(request), refuse);
    let answer = answer.unwrap();
    assert_eq!(answer.status(), 413);
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "no");
}
