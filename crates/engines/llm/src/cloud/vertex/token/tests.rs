//! When a token is renewed: behind the calls while it holds, before them once it has ended.

use doubles::cloud::vertex::Vertex as Double;
use doubles::provider::{Reply, Script};
use serde_json::json;

use super::*;
use crate::cloud::tests::options;

async fn standing() -> (Double, Tokens) {
    let double = Double::start(Reply::text("")).await;
    let account = ServiceAccount::read(&double.service_account()).unwrap();
    let config = ProviderConfig::new("google", ProviderKind::Vertex);
    let tokens = Tokens::new(account, &config, "providers[0]", &options()).unwrap();
    (double, tokens)
}

fn set(tokens: &Tokens, renew_in: Duration, ends_in: Duration) {
    let now = Instant::now();
    tokens.inner.current.store(Some(Arc::new(Token {
        bearer: HeaderValue::from_static("Bearer old"),
        renew_at: now + renew_in,
        ends_at: now + ends_in,
    })));
}

const HOUR: Duration = Duration::from_secs(3_600);

#[tokio::test]
async fn a_token_that_holds_is_all_that_is_needed() {
    let (double, tokens) = standing().await;
    set(&tokens, HOUR, HOUR);
    assert_eq!(tokens.bearer("google").await.unwrap(), "Bearer old");
    assert!(tokens.inner.under_way.lock().is_none());
    assert!(double.given().is_empty());
}

#[tokio::test]
async fn a_token_near_its_end_is_renewed_behind_the_calls() {
    let (double, tokens) = standing().await;
    set(&tokens, Duration::ZERO, HOUR);
    for _ in 0..3 {
        assert_eq!(tokens.bearer("google").await.unwrap(), "Bearer old");
    }
    let flight = tokens.inner.under_way.lock().clone().unwrap();
    assert!(flight.await.is_ok());
    assert_eq!(
        tokens.bearer("google").await.unwrap(),
        "Bearer ya29.double-1"
    );
    assert_eq!(double.given().len(), 1);
    assert_eq!(tokens.secrets(), ["ya29.double-1"]);
}

#[tokio::test]
async fn a_renewal_that_fails_harms_nobody_while_the_old_token_holds() {
    let (double, tokens) = standing().await;
    set(&tokens, Duration::ZERO, HOUR);
    double.provider.on("/token", Script::status(503));
    assert_eq!(tokens.bearer("google").await.unwrap(), "Bearer old");
    let flight = tokens.inner.under_way.lock().clone().unwrap();
    assert!(flight.await.is_err());
    assert_eq!(tokens.bearer("google").await.unwrap(), "Bearer old");
    set(&tokens, Duration::ZERO, Duration::ZERO);
    let error = tokens.bearer("google").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "no credential for provider google: the token endpoint answered 503"
    );
}

#[tokio::test]
async fn an_ended_token_is_never_sent() {
    let (double, tokens) = standing().await;
    set(&tokens, Duration::ZERO, Duration::ZERO);
    assert_eq!(
        tokens.bearer("google").await.unwrap(),
        "Bearer ya29.double-1"
    );
    // However little time a token has, it is used for half of it.
    double.provider.next(
        "/token",
        Script::json(200, &json!({"access_token": "short", "expires_in": 1})),
    );
    set(&tokens, Duration::ZERO, Duration::ZERO);
    assert_eq!(tokens.bearer("google").await.unwrap(), "Bearer short");
    let current = tokens.inner.current.load_full().unwrap();
    assert!(current.ends_at <= Instant::now() + Duration::from_millis(500));
}
