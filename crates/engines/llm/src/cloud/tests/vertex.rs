//! Vertex: paths and bodies, and the exchange of assertions for tokens, which the double checks.

use doubles::cloud::vertex::Vertex as Double;
use doubles::provider::{Gate, Reply, Script};
use kernel::Failure as _;
use serde_json::{Value, json};

use super::*;

const MODEL: &str = "claude-opus-4-5@20251101";
const BODY: &str = r#"{"model":"m","max_tokens":64,"messages":[]}"#;
const STREAM: &str = r#"{"model":"m","max_tokens":64,"stream":true,"messages":[]}"#;

fn config(double: &Double) -> ProviderConfig {
    ProviderConfig {
        base_url: Some(double.provider.url()),
        region: Some("us-east5".to_owned()),
        service_account: Some(Secret::plain(&double.service_account())),
        ..ProviderConfig::new("google", ProviderKind::Vertex)
    }
}

fn exchanges(double: &Double) -> usize {
    let requests = double.provider.requests();
    requests
        .iter()
        .filter(|request| request.path() == "/token")
        .count()
}

#[tokio::test]
async fn an_account_gets_one_token_for_all_its_calls() {
    let double = Double::start(Reply::text("Hello.")).await;
    let upstream = upstream(&config(&double));
    let (status, body) = told(&upstream, messages(MODEL, false, BODY)).await;
    assert_eq!(status, 200, "{body}");
    let request = double.provider.requests().pop().unwrap();
    assert_eq!(
        request.target,
        "/v1/projects/double-project/locations/us-east5/publishers/anthropic/models/claude-opus-4-5@20251101:rawPredict"
    );
    assert_eq!(
        request.body,
        r#"{"anthropic_version":"vertex-2023-10-16","max_tokens":64,"messages":[]}"#
    );
    assert_eq!(request.header("anthropic-version"), None);
    let (status, body) = told(&upstream, messages(MODEL, true, STREAM)).await;
    assert_eq!(status, 200);
    assert!(body.starts_with("event: message_start\ndata: {"), "{body}");
    assert!(body.ends_with("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"));
    let request = double.provider.requests().pop().unwrap();
    assert!(request.target.ends_with(":streamRawPredict"));
    assert_eq!(request.json()["stream"], true);
    assert_eq!(exchanges(&double), 1);
}

#[tokio::test]
async fn tokens_are_counted_by_a_model_of_their_own() {
    let double = Double::start(Reply::text("")).await;
    let upstream = upstream(&config(&double));
    let call = Outgoing {
        suffix: "/count_tokens",
        ..messages(
            MODEL,
            false,
            r#"{"model":"claude-opus-4-5@20251101","messages":[]}"#,
        )
    };
    assert_eq!(
        told(&upstream, call).await,
        (200, r#"{"input_tokens":42}"#.to_owned())
    );
    let request = double.provider.requests().pop().unwrap();
    assert!(request.target.ends_with("/models/count-tokens:rawPredict"));
    assert_eq!(request.json()["model"], MODEL);
}

#[tokio::test]
async fn all_who_wait_share_one_exchange() {
    let double = Double::start(Reply::text("Hello.")).await;
    let gate = Gate::closed();
    let granted = Script::json(200, &json!({"access_token": "unknown", "expires_in": 3600}));
    double.provider.next("/token", granted.wait_first(&gate));
    let upstream = Arc::new(upstream(&config(&double)));
    let calls: Vec<_> = (0..5)
        .map(|_| {
            let upstream = Arc::clone(&upstream);
            tokio::spawn(async move { told(&upstream, messages(MODEL, false, BODY)).await.0 })
        })
        .collect();
    gate.arrivals_at_least(1).await;
    // The first to come leaves; the others' exchange goes on.
    calls[0].abort();
    gate.open();
    for call in calls.into_iter().skip(1) {
        // The double does not know that token, so each call came as far as the models.
        assert_eq!(call.await.unwrap(), 401);
    }
    assert_eq!(exchanges(&double), 1);
}

#[tokio::test]
async fn no_record_holds_a_token() {
    let double = Double::start(Reply::text("Hello.")).await;
    let upstream = upstream(&config(&double));
    assert_eq!(told(&upstream, messages(MODEL, false, BODY)).await.0, 200);
    let text = format!("Bearer {} failed", double.given()[0]);
    assert_eq!(upstream.without_secrets(&text), "Bearer [redacted] failed");
}

#[tokio::test]
async fn a_refused_assertion_is_told_in_the_endpoints_words_and_not_repeated_at_once() {
    let double = Double::start(Reply::text("Hello.")).await;
    let mut config = config(&double);
    let mut account: Value = serde_json::from_str(&double.service_account()).unwrap();
    account["client_email"] = json!("somebody@else");
    config.service_account = Some(Secret::plain(&account.to_string()));
    let upstream = upstream(&config);
    for _ in 0..3 {
        let error = send(&upstream, messages(MODEL, false, BODY))
            .await
            .unwrap_err();
        assert_eq!(error.code(), "UPSTREAM_CREDENTIAL");
        assert_eq!(
            error.to_string(),
            "no credential for provider google: the token endpoint answered 400: invalid_grant: Invalid JWT: iss, aud or scope"
        );
    }
    assert_eq!(exchanges(&double), 1);
    let shown = format!("{upstream:?}");
    assert!(
        !shown.contains("PRIVATE") && !shown.contains("assertion"),
        "{shown}"
    );
}

#[tokio::test]
async fn endpoints_that_answer_nonsense_or_nothing_are_no_reason_to_wait() {
    let double = Double::start(Reply::text("Hello.")).await;
    for (script, words) in [
        (
            Script::json(200, &json!({"token": 1})),
            "the answer holds no access_token",
        ),
        (
            Script::whole(200, "text/plain", "x".repeat(70_000)),
            "the answer broke off or is too long",
        ),
        (
            Script::whole(503, "text/html", "<html>"),
            "the token endpoint answered 503",
        ),
        (
            Script::refuse(doubles::provider::Cut::Reset),
            "the token endpoint broke off",
        ),
    ] {
        double.provider.next("/token", script);
        let upstream = upstream(&config(&double));
        let error = send(&upstream, messages(MODEL, false, BODY))
            .await
            .unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
    double.provider.stop();
    let error = send(&upstream(&config(&double)), messages(MODEL, false, BODY))
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("the token endpoint could not be reached"),
        "{error}"
    );
}

#[tokio::test]
async fn googles_faults_can_be_read() {
    let double = Double::start(Reply::text("Hello.")).await;
    let mut config = config(&double);
    config.service_account = None;
    config.project = Some("double-project".to_owned());
    config.api_key = Some(Secret::plain("ya29.unknown"));
    let (status, body) = told(&upstream(&config), messages(MODEL, false, BODY)).await;
    assert_eq!(status, 401);
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["error"]["type"], "authentication_error");
    assert_eq!(
        body["error"]["message"],
        "Request had invalid authentication credentials."
    );
}

#[tokio::test]
async fn betas_stay_in_their_header_but_for_those_that_may_not_go() {
    let double = Double::start(Reply::text("")).await;
    let sent = |betas: Option<&str>| {
        let mut config = config(&double);
        config.betas = betas.map(|glob| vec![glob.to_owned()]);
        let call = messages(MODEL, false, BODY);
        let mut out = headers(&[("anthropic-beta", "a-1 , b-2")]);
        let upstream = upstream(&config);
        let dressed = upstream.cloud().unwrap().dress(&call, &mut out).unwrap();
        let left = out
            .get("anthropic-beta")
            .map(|value| value.to_str().unwrap().to_owned());
        (left, dressed.dropped)
    };
    assert_eq!(sent(None), (Some("a-1 , b-2".to_owned()), vec![]));
    assert_eq!(sent(Some("*")), (Some("a-1 , b-2".to_owned()), vec![]));
    assert_eq!(
        sent(Some("a-*")),
        (Some("a-1".to_owned()), vec!["b-2".to_owned()])
    );
    assert_eq!(
        sent(Some("x")),
        (None, vec!["a-1".to_owned(), "b-2".to_owned()])
    );
}

#[test]
fn geminis_paths() {
    let path = |model, verb| gemini_path("p", "global", model, verb);
    let base = "/v1/projects/p/locations/global/publishers/google/models/gemini-3.5-flash";
    assert_eq!(
        path("gemini-3.5-flash", GeminiVerb::Generate),
        (format!("{base}:generateContent"), None)
    );
    assert_eq!(
        path(
            "publishers/google/models/gemini-3.5-flash",
            GeminiVerb::Stream
        ),
        (format!("{base}:streamGenerateContent"), Some("alt=sse"))
    );
    assert_eq!(
        path("gemini-3.5-flash", GeminiVerb::CountTokens),
        (format!("{base}:countTokens"), None)
    );
}

#[tokio::test]
async fn gemini_is_asked_at_its_own_paths_with_the_body_as_it_is() {
    let double = Double::start(Reply::text("")).await;
    let upstream = upstream(&config(&double));
    let family = |id| upstream.family(id);
    assert_eq!(family("gemini-3.5-flash"), Family::Gemini);
    assert_eq!(
        (family(MODEL), family("llama-4")),
        (Family::Claude, Family::Other)
    );
    let call = |verb| Outgoing {
        spoken: Spoken::Gemini(verb),
        ..messages("gemini-3.5-flash", false, r#"{"contents" : []}"#)
    };
    let ready = upstream.ready(call(GeminiVerb::Stream)).await.unwrap();
    assert_eq!(
        ready.request.uri().path_and_query().unwrap().as_str(),
        "/v1/projects/double-project/locations/us-east5/publishers/google/models/gemini-3.5-flash:streamGenerateContent?alt=sse"
    );
    assert_eq!(
        ready.request.headers()["authorization"],
        "Bearer ya29.double-1"
    );
    let body = ready.request.into_body().collect().await.unwrap();
    assert_eq!(body.to_bytes(), r#"{"contents" : []}"#);
    assert_eq!(ready.framing, Framing::Plain);
}
