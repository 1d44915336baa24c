//! Tests of the provider over raw sockets, so that nothing between hides a byte.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::faults::Fault;
use super::reply::{Surface, split};
use super::*;

async fn send(provider: &Provider, path: &str, body: &serde_json::Value) -> TcpStream {
    let mut stream = TcpStream::connect(provider.address()).await.unwrap();
    let body = body.to_string();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nX-Odd-CASE: one\r\nx-odd-case: two\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body.as_bytes()).await.unwrap();
    stream
}

async fn read_all(mut stream: TcpStream) -> (Vec<u8>, Option<std::io::ErrorKind>) {
    let mut bytes = Vec::new();
    let failed = crate::patience::expect("the answer", stream.read_to_end(&mut bytes)).await;
    (bytes, failed.err().map(|error| error.kind()))
}

#[tokio::test]
async fn a_request_is_kept_as_it_was_sent() {
    let provider = Provider::start().await;
    let body = Surface::Messages.request("claude-opus-5-5", false);
    let stream = send(&provider, "/v1/messages?beta=true", &body).await;
    let (answer, _) = read_all(stream).await;
    assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"));

    let request = provider.requests().remove(0);
    assert_eq!(request.target, "/v1/messages?beta=true");
    assert_eq!(request.body, body.to_string().as_bytes());
    let odd: Vec<&str> = request
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|name| name.eq_ignore_ascii_case("x-odd-case"))
        .collect();
    assert_eq!(odd, ["X-Odd-CASE", "x-odd-case"]);
    assert_eq!(provider.ended(0).await, Ending::Answered);
}

#[tokio::test]
async fn requests_on_one_connection_are_told_apart() {
    let provider = Provider::start().await;
    let mut stream = TcpStream::connect(provider.address()).await.unwrap();
    for name in ["First", "Second"] {
        let head = format!("GET /echo HTTP/1.1\r\nHost: x\r\n{name}: 1\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = [0; 1024];
        assert!(stream.read(&mut answer).await.unwrap() > 0);
    }
    let requests = provider.requests();
    assert!(requests[0].header("first").is_some() && requests[0].header("second").is_none());
    assert!(requests[1].header("second").is_some() && requests[1].header("first").is_none());
    assert_eq!(provider.connections(), 1);
}

#[tokio::test]
async fn gates_hold_the_head_and_each_piece() {
    let provider = Provider::start().await;
    let (head, piece) = (Gate::closed(), Gate::closed());
    let script = Script::stream(["one".into(), "two".into()])
        .wait_first(&head)
        .wait_after(1, &piece);
    provider.on("/v1/responses", script);
    let body = Surface::Responses.request("gpt-5", true);
    let mut stream = send(&provider, "/v1/responses", &body).await;
    head.arrivals_at_least(1).await;
    head.let_one_through();
    piece.arrivals_at_least(1).await;
    let mut answer = vec![0; 4096];
    let mut filled = 0;
    while !answer[..filled].ends_with(b"3\r\none\r\n") {
        filled += stream.read(&mut answer[filled..]).await.unwrap();
    }
    piece.open();
    let (rest, _) = read_all(stream).await;
    assert_eq!(rest, b"3\r\ntwo\r\n0\r\n\r\n");
}

#[tokio::test]
async fn a_client_that_leaves_is_noticed_before_and_after_the_first_byte() {
    let provider = Provider::start().await;
    provider.next("/v1/messages", Script::never());
    provider.next(
        "/v1/messages",
        Fault::IdleStall.script(Surface::Messages, "m"),
    );
    let body = Surface::Messages.request("m", true);
    let silent = send(&provider, "/v1/messages", &body).await;
    provider.requests_at_least(1).await;
    drop(silent);
    assert!(matches!(
        provider.closed(0).await,
        Ending::ClientLeft { sent: 0, .. }
    ));
    let mut stalled = send(&provider, "/v1/messages", &body).await;
    assert!(stalled.read(&mut [0; 64]).await.unwrap() > 0);
    drop(stalled);
    assert!(matches!(provider.closed(1).await, Ending::ClientLeft { sent, .. } if sent > 0));
}

#[tokio::test]
async fn cuts_are_a_close_or_a_reset_after_all_bytes_before_them() {
    let provider = Provider::start().await;
    let body = Surface::Chat.request("m", true);
    for (cut, expected) in [
        (Cut::Fin, None),
        (Cut::Reset, Some(std::io::ErrorKind::ConnectionReset)),
    ] {
        let gate = Gate::closed();
        let script = Script::stream(["data: 1\n\n".into()]).wait(&gate).cut(cut);
        provider.on("/v1/chat/completions", script);
        let mut stream = send(&provider, "/v1/chat/completions", &body).await;
        let mut start = vec![0; 4096];
        let mut filled = 0;
        while !start[..filled].ends_with(b"data: 1\n\n\r\n") {
            filled += stream.read(&mut start[filled..]).await.unwrap();
        }
        gate.open();
        let (rest, failed) = read_all(stream).await;
        assert_eq!((rest.len(), failed), (0, expected));
    }
    provider.idle().await;
    assert_eq!(provider.endings(), [Ending::Cut, Ending::Cut]);
}

#[tokio::test]
async fn a_stopped_provider_refuses_and_comes_back_on_its_port() {
    let provider = Provider::start().await;
    provider.stop();
    let refused = async {
        while TcpStream::connect(provider.address()).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    crate::patience::expect("a refusal", refused).await;
    provider.resume().await;
    let stream = send(&provider, "/v1/models", &serde_json::json!({})).await;
    assert!(!read_all(stream).await.0.is_empty());
}

#[test]
fn every_fault_has_a_script_for_each_surface_it_applies_to() {
    let surfaces = [
        Surface::Chat,
        Surface::Responses,
        Surface::Messages,
        Surface::Embeddings,
    ];
    for fault in Fault::ALL {
        let applies: Vec<Surface> = surfaces
            .into_iter()
            .filter(|surface| fault.applies_to(*surface))
            .collect();
        assert!(!applies.is_empty(), "{fault:?}");
        for surface in applies {
            let script = fault.script(surface, "m");
            assert!(!script.steps.is_empty(), "{fault:?} {surface:?}");
            let streams = surface != Surface::Embeddings;
            if streams && matches!(fault, Fault::ErrorEvent | Fault::IdleStall) {
                let text = String::from_utf8(script.body().to_vec()).unwrap();
                assert!(
                    text.contains("Gr\u{fc}") && !text.contains("\u{1f30d}"),
                    "{text}"
                );
            }
        }
    }
}

#[test]
fn rescripting_keeps_the_body() {
    let script = Fault::CommentKeepalive.script(Surface::Messages, "m");
    let whole = script.body();
    assert_eq!(script.clone().split_at(&[1, 5, 6, 100_000]).body(), whole);
    assert_eq!(script.clone().split_at(&[1, 5, 6]).pieces(), 4);
    assert_eq!(script.cut_after_bytes(10, Cut::Fin).body(), whole[..10]);
    assert_eq!(split("aé世", 2), ["aé", "世"]);
    assert!(split("", 3).is_empty());
}

#[test]
fn streams_tell_the_same_as_whole_answers() {
    let reply = Reply::text("Grüße")
        .thinking("hm", "sig==")
        .and_tool("t1", "weather", r#"{"city":"Zürich"}"#)
        .and_tool("t2", "time", r#"{"zone":"UTC"}"#);
    let text = |surface| {
        let events = reply.events(surface, "m", true);
        String::from_utf8(events.concat()).unwrap()
    };
    let completed = text(Surface::Responses);
    let last = completed
        .lines()
        .rfind(|line| line.starts_with("data: "))
        .unwrap();
    let last: serde_json::Value = serde_json::from_str(&last[6..]).unwrap();
    assert_eq!(last["response"], reply.responses_body("m"));
    assert!(text(Surface::Chat).ends_with("data: [DONE]\n\n"));
    let mut arguments = String::new();
    for line in text(Surface::Messages).lines() {
        let Some(data) = line.strip_prefix("data: ") else {
            continue;
        };
        let data: serde_json::Value = serde_json::from_str(data).unwrap();
        arguments += data["delta"]["partial_json"].as_str().unwrap_or_default();
    }
    assert_eq!(arguments, r#"{"city":"Zürich"}{"zone":"UTC"}"#);
}

#[tokio::test]
async fn a_tls_provider_is_trusted_by_its_authority_alone() {
    let provider = Provider::start_tls().await;
    assert!(
        provider
            .authority_pem()
            .starts_with("-----BEGIN CERTIFICATE-----")
    );
    let stream = TcpStream::connect(provider.address()).await.unwrap();
    let mut roots = rustls::RootCertStore::empty();
    let pem = provider.authority_pem();
    let certificate: rustls::pki_types::CertificateDer<'static> =
        rustls::pki_types::pem::PemObject::from_pem_slice(pem.as_bytes()).unwrap();
    roots.add(certificate).unwrap();
    let ring = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config));
    let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
    let mut stream = connector.connect(name, stream).await.unwrap();
    let ask = b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(ask).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    let limit = Duration::from_secs(60);
    assert!(provider.requests()[0].at.elapsed() < limit);
}
