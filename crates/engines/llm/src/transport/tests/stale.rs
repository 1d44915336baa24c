//! Kept HTTP/1 connections that die under their next call before a byte of its answer came.

use http::Method;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;

#[tokio::test]
async fn a_call_that_does_nothing_is_repeated_once() {
    for (method, cut) in [
        (Method::GET, Cut::Fin),
        (Method::GET, Cut::Reset),
        (Method::HEAD, Cut::Fin),
        (Method::HEAD, Cut::Reset),
    ] {
        let double = Provider::start().await;
        let upstream = upstream(
            &config(ProviderKind::OpenAi, &double.openai_url()),
            &options(None),
        );
        let files = || ask(&upstream, method.clone(), "/files", "");
        read(files().await).await;
        double.next("/v1/files", Script::refuse(cut));
        assert_eq!(files().await.unwrap().status(), 200);
        assert_eq!((double.requests().len(), double.connections()), (3, 2));
        // A provider that always breaks off gets no third try.
        double.next("/v1/files", Script::refuse(cut));
        double.next("/v1/files", Script::refuse(cut));
        let error = files().await.unwrap_err();
        assert!(matches!(error, LlmError::BrokenOff { .. }), "{error}");
        assert_eq!((double.requests().len(), double.connections()), (5, 3));
    }
}

#[tokio::test]
async fn a_call_that_may_have_done_something_is_not_repeated() {
    for (method, body) in [
        (Method::POST, "{}"),
        (Method::POST, ""),
        (Method::DELETE, ""),
        (Method::GET, "{}"),
    ] {
        let double = Provider::start().await;
        let upstream = upstream(
            &config(ProviderKind::OpenAi, &double.openai_url()),
            &options(None),
        );
        read(post(&upstream, "/chat/completions").await).await;
        double.next("/v1/files", Script::refuse(Cut::Fin));
        let error = ask(&upstream, method, "/files", body).await.unwrap_err();
        assert!(matches!(error, LlmError::BrokenOff { .. }), "{error}");
        assert_eq!((double.requests().len(), double.connections()), (2, 1));
    }
}

#[tokio::test]
async fn an_answer_that_began_is_not_asked_for_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/v1", listener.local_addr().unwrap());
    let upstream = upstream(&config(ProviderKind::OpenAi, &base), &options(None));
    let serve = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        hear(&mut stream).await;
        answer(&mut stream).await;
        hear(&mut stream).await;
        stream.write_all(b"HTTP/1.1 2").await.unwrap();
    };
    let calls = async {
        read(ask(&upstream, Method::GET, "/files", "").await).await;
        ask(&upstream, Method::GET, "/files", "").await.unwrap_err()
    };
    let (error, ()) = tokio::join!(calls, serve);
    assert!(matches!(error, LlmError::BrokenOff { .. }), "{error}");
}

#[tokio::test]
async fn under_tls_too() {
    let authority = doubles::tls::Authority::new();
    let mut tls = (*authority.server_config(&["localhost"])).clone();
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    let tls = TlsAcceptor::from(Arc::new(tls));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (_file, ca_file) = pem_file(&authority.pem());
    let base = format!("https://localhost:{port}/v1");
    let mut config = config(ProviderKind::OpenAi, &base);
    config.ca_file = Some(ca_file);
    let upstream = upstream(&config, &options(None));
    let serve = async {
        let accept = async || {
            tls.accept(listener.accept().await.unwrap().0)
                .await
                .unwrap()
        };
        let mut first = accept().await;
        hear(&mut first).await;
        answer(&mut first).await;
        hear(&mut first).await;
        drop(first);
        let mut second = accept().await;
        hear(&mut second).await;
        answer(&mut second).await;
        second
    };
    let calls = async {
        for _ in 0..2 {
            let answer = ask(&upstream, Method::GET, "/files", "").await;
            assert_eq!(read(answer).await, "ok");
        }
    };
    let ((), _held) = tokio::join!(calls, serve);
}

/// Reads a request without a body.
async fn hear(stream: &mut (impl AsyncRead + Unpin)) {
    let mut seen = Vec::new();
    while !seen.ends_with(b"\r\n\r\n") {
        assert!(stream.read_buf(&mut seen).await.unwrap() > 0);
    }
}

async fn answer(stream: &mut (impl AsyncWrite + Unpin)) {
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    stream.write_all(answer).await.unwrap();
    stream.flush().await.unwrap();
}
