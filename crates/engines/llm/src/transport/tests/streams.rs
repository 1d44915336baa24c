//! How many HTTP/2 connections calls at once take, to a provider that takes two of them on each.

use futures_util::future::join_all;

use super::*;

/// The provider and the way to it, on which one call was made.
async fn narrow() -> (Provider, Upstream) {
    let double = Provider::start_tls_with_streams(2).await;
    let (_file, ca_file) = pem_file(&double.authority_pem());
    let mut config = config(ProviderKind::OpenAi, &double.openai_url());
    config.ca_file = Some(ca_file);
    let upstream = upstream(&config, &options(None));
    read(post(&upstream, "/chat/completions").await).await;
    assert_eq!(double.connections(), 1);
    (double, upstream)
}

#[tokio::test]
async fn calls_beyond_what_a_connection_takes_open_others_and_do_not_wait_behind_it() {
    let (double, upstream) = narrow().await;
    // Nobody is answered until all six are there.
    let gate = Gate::closed();
    let together = Script::whole(200, "text/plain", "ok").wait_first(&gate);
    double.on("/v1/together", together);
    let call = || async { read(post(&upstream, "/together").await).await };
    let (answers, ()) = tokio::join!(join_all((0..6).map(|_| call())), async {
        gate.arrivals_at_least(6).await;
        gate.open();
    });
    assert!(answers.iter().all(|answer| answer == "ok"));
    assert_eq!(double.connections(), 3);
    let mut on_each = [0; 3];
    for request in double.requests().iter().skip(1) {
        assert_eq!(request.version, "HTTP/2.0");
        on_each[request.connection] += 1;
    }
    assert_eq!(on_each, [2, 2, 2]);
    // All have places again.
    read(post(&upstream, "/chat/completions").await).await;
    assert_eq!(double.connections(), 3);
}

#[tokio::test]
async fn an_answer_keeps_its_place_until_it_is_read_or_given_up() {
    let (double, upstream) = narrow().await;
    double.on("/v1/stream", Script::status(200).chunk("first").hang());
    double.on("/v1/never", Script::never());
    let stream = async || post(&upstream, "/stream").await.unwrap();
    let (one, two) = (stream().await, stream().await);
    assert_eq!(double.connections(), 1);
    let three = stream().await;
    assert_eq!(double.connections(), 2);
    drop(one);
    let four = stream().await;
    let five = stream().await;
    assert_eq!(double.connections(), 2);
    drop((two, three, four, five));
    // A call that is given up before its answer leaves its place too.
    for _ in 0..3 {
        let seen = double.requests().len();
        let calls = join_all((0..4).map(|_| post(&upstream, "/never")));
        tokio::select! {
            _ = calls => panic!("there is no answer"),
            _ = double.requests_at_least(seen + 4) => {}
        }
    }
    assert_eq!(double.connections(), 2);
}
