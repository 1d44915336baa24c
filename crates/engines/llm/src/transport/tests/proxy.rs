//! HTTP proxies: absolute addresses for plain targets, tunnels for TLS, credentials for both, and ways around them.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// A proxy that notes the head of every request and hands everything on to one place.
struct TinyProxy {
    address: std::net::SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl TinyProxy {
    async fn start(onward: std::net::SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let seen = heads.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, onward, seen.clone()));
            }
        });
        Self { address, heads }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().clone()
    }
}

async fn serve(stream: TcpStream, onward: std::net::SocketAddr, heads: Arc<Mutex<Vec<String>>>) {
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await.unwrap_or(0) == 0 {
            return;
        }
    }
    heads.lock().push(head.to_ascii_lowercase());
    let mut target = TcpStream::connect(onward).await.unwrap();
    if head.starts_with("CONNECT ") {
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    } else {
        target.write_all(head.as_bytes()).await.unwrap();
    }
    let _ = tokio::io::copy_bidirectional(&mut stream, &mut target).await;
}

#[tokio::test]
async fn plain_targets_are_asked_for_by_their_whole_address() {
    let double = Provider::start().await;
    let proxy = TinyProxy::start(double.address()).await;
    let mut config = config(ProviderKind::OpenAi, "http://models.example/v1");
    let credentials = "http://us%65r:p%40ss@";
    config.proxy = Some(Secret::plain(&proxy.url().replace("http://", credentials)));
    let upstream = upstream(&config, &options(None));
    for _ in 0..2 {
        read(post(&upstream, "/chat/completions").await).await;
    }
    let head = proxy.heads().remove(0);
    assert!(
        head.starts_with("post http://models.example/v1/chat/completions http/1.1\r\n"),
        "{head}"
    );
    assert!(head.contains("\r\nhost: models.example\r\n"), "{head}");
    // user:p@ss
    let basic = "proxy-authorization: basic dxnlcjpwqhnz";
    assert!(head.contains(basic), "{head}");
    // The connection to the proxy is pooled like any other.
    assert_eq!((double.requests().len(), double.connections()), (2, 1));
    assert!(!format!("{config:?}").contains("p%40ss"));
}

#[tokio::test]
async fn targets_with_tls_are_reached_through_a_tunnel() {
    let double = Provider::start_tls().await;
    let proxy = TinyProxy::start(double.address()).await;
    let (_file, ca_file) = pem_file(&double.authority_pem());
    let mut config = config(ProviderKind::OpenAi, "https://localhost:4443/v1");
    config.ca_file = Some(ca_file);
    config.proxy = Some(Secret::plain(
        &proxy.url().replace("http://", "http://user:pass@"),
    ));
    read(post(&upstream(&config, &options(None)), "/chat/completions").await).await;
    let head = proxy.heads().remove(0);
    assert!(
        head.starts_with("connect localhost:4443 http/1.1\r\n"),
        "{head}"
    );
    assert!(
        head.contains("proxy-authorization: basic dxnlcjpwyxnz"),
        "{head}"
    );
    // What the proxy is told stays outside of the tunnel.
    let request = double.requests().remove(0);
    assert_eq!(request.header("proxy-authorization"), None);
    assert_eq!(request.version, "HTTP/2.0");
}

#[tokio::test]
async fn this_machine_is_never_reached_through_the_general_proxy() {
    let double = Provider::start().await;
    let proxy = TinyProxy::start(double.address()).await;
    let general = options(Some(&proxy.url()));
    let near = config(ProviderKind::OpenAi, &double.openai_url());
    read(post(&upstream(&near, &general), "/chat/completions").await).await;
    assert!(proxy.heads().is_empty());
    // Its own proxy is meant, though.
    let mut own = near.clone();
    own.proxy = Some(Secret::plain(&proxy.url()));
    read(post(&upstream(&own, &options(None)), "/chat/completions").await).await;
    assert_eq!(proxy.heads().len(), 1);
    // All else goes through the general one, unless it says otherwise.
    let far = config(ProviderKind::OpenAi, "http://models.example/v1");
    read(post(&upstream(&far, &general), "/chat/completions").await).await;
    assert_eq!(proxy.heads().len(), 2);
    let mut direct = far;
    direct.proxy = Some(Secret::plain("none"));
    direct.timeouts.connect_ms = Some(200);
    assert!(post(&upstream(&direct, &general), "/x").await.is_err());
    assert_eq!(proxy.heads().len(), 2);
}

#[test]
fn hosts_in_the_list_go_around_the_general_proxy_alone() {
    let general = Secret::plain("http://general");
    let list = "models.internal, 10.0.0.0/8,192.168.7.1 ,fd00::/8";
    let way = |own: Option<&Secret>, list: &str, host: &str| {
        let proxy = proxy_for(own, Some(&general), list, host);
        proxy.map(|proxy| proxy.expose().to_owned())
    };
    for near in [
        "models.internal",
        "a.models.internal",
        "10.1.2.3",
        "192.168.7.1",
        "[fd00::1]",
        "127.0.0.1",
    ] {
        assert_eq!(way(None, list, near), None, "{near}");
    }
    for far in [
        "api.openai.com",
        "notmodels.internal",
        "11.0.0.1",
        "192.168.7.2",
    ] {
        let through = way(None, list, far);
        assert_eq!(through.as_deref(), Some("http://general"), "{far}");
    }
    assert_eq!(way(None, "*", "api.openai.com"), None);
    // What a provider names itself is meant, whatever the list says.
    let own = Secret::plain("http://own");
    let through = way(Some(&own), list, "models.internal");
    assert_eq!(through.as_deref(), Some("http://own"));
}

#[tokio::test]
async fn a_proxy_that_refuses_is_an_unreachable_provider() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut config = config(ProviderKind::OpenAi, "https://models.example/v1");
    let address = listener.local_addr().unwrap();
    config.proxy = Some(Secret::plain(&format!("http://{address}")));
    let upstream = upstream(&config, &options(None));
    let refuse = async {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            stream.read_line(&mut head).await.unwrap();
        }
        let answer = b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(answer).await.unwrap();
        stream
    };
    let (answer, _held) = tokio::join!(post(&upstream, "/x"), refuse);
    let error = answer.unwrap_err();
    assert!(matches!(error, LlmError::Unreachable { .. }), "{error}");
}
