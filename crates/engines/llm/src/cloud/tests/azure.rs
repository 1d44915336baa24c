//! Azure: which surface a protocol is spoken on, and each surface's own header for the key.

use doubles::Provider;
use doubles::cloud::azure;
use doubles::provider::Reply;
use serde_json::Value;

use super::*;

const TOKEN: &str =
    "eyJ0eXAiOiJKV1QifQ.eyJhdWQiOiJodHRwczovL2NvZ25pdGl2ZXNlcnZpY2VzLmF6dXJlLmNvbSJ9.c2ln";

fn config(base: &str, key: &str) -> ProviderConfig {
    ProviderConfig {
        base_url: Some(base.to_owned()),
        api_key: Some(Secret::plain(key)),
        ..ProviderConfig::new("azure", ProviderKind::Azure)
    }
}

fn call(protocol: Protocol, body: &str) -> Outgoing<'static> {
    Outgoing {
        spoken: protocol.into(),
        query: None,
        headers: headers(&[("content-type", "application/json")]),
        ..messages("my deployment", false, body)
    }
}

#[test]
fn paths_follow_the_protocol_and_the_version() {
    let address = |version: Option<&str>, protocol, suffix, query| {
        let mut config = config("https://r.openai.azure.com/openai/v1/", "k");
        config.api_version = version.map(str::to_owned);
        let upstream = upstream(&config);
        let call = Outgoing {
            suffix,
            query,
            ..call(protocol, "{}")
        };
        let dressed = upstream
            .cloud()
            .unwrap()
            .dress(&call, &mut HeaderMap::new())
            .unwrap();
        upstream
            .address(&dressed.path, dressed.query.as_deref())
            .unwrap()
            .to_string()
            .replace("https://r.openai.azure.com", "")
    };
    use Protocol::{Chat, Embeddings, Messages, Responses};
    for (version, protocol, suffix, query, expected) in [
        (None, Chat, "", None, "/openai/v1/chat/completions"),
        (
            None,
            Responses,
            "/input_tokens",
            None,
            "/openai/v1/responses/input_tokens",
        ),
        (
            None,
            Embeddings,
            "",
            Some("a=1"),
            "/openai/v1/embeddings?a=1",
        ),
        (
            Some("preview"),
            Responses,
            "",
            None,
            "/openai/v1/responses?api-version=preview",
        ),
        (
            Some("2024-10-21"),
            Chat,
            "",
            Some(""),
            "/openai/deployments/my%20deployment/chat/completions?api-version=2024-10-21",
        ),
        (
            Some("2025-04-01-preview"),
            Responses,
            "",
            Some("x=y"),
            "/openai/responses?x=y&api-version=2025-04-01-preview",
        ),
        (
            Some("preview"),
            Chat,
            "",
            Some("api-version=latest"),
            "/openai/v1/chat/completions?api-version=latest",
        ),
        (
            Some("2024-10-21"),
            Messages,
            "",
            Some("beta=true"),
            "/anthropic/v1/messages?beta=true",
        ),
        (
            None,
            Messages,
            "/count_tokens",
            None,
            "/anthropic/v1/messages/count_tokens",
        ),
    ] {
        assert_eq!(address(version, protocol, suffix, query), expected);
    }
}

#[tokio::test]
async fn every_surface_takes_the_key_and_an_entra_token() {
    let double = Provider::start().await;
    double.otherwise(azure::answer("azure-key-1", TOKEN, Reply::text("Hello.")));
    for credential in ["azure-key-1", TOKEN] {
        for (version, base) in [
            (None, double.url()),
            (Some("preview"), format!("{}/openai", double.url())),
            (Some("2024-10-21"), format!("{}/anthropic/v1", double.url())),
        ] {
            let mut config = config(&base, credential);
            config.api_version = version.map(str::to_owned);
            let upstream = upstream(&config);
            for protocol in [
                Protocol::Chat,
                Protocol::Responses,
                Protocol::Embeddings,
                Protocol::Messages,
            ] {
                let body = r#"{"model":"my deployment", "input":"x"}"#;
                let (status, answer) = told(&upstream, call(protocol, body)).await;
                assert_eq!(status, 200, "{version:?} {protocol}: {answer}");
                let request = double.requests().pop().unwrap();
                assert_eq!(request.body, body);
                let is_token = credential == TOKEN;
                assert_eq!(request.header("authorization").is_some(), is_token);
                assert_eq!(request.header("api-key").is_some(), !is_token);
            }
        }
    }
}

#[tokio::test]
async fn faults_keep_their_shape_but_where_anthropics_is_spoken() {
    let double = Provider::start().await;
    double.otherwise(azure::answer("azure-key-1", TOKEN, Reply::text("Hello.")));
    let upstream = upstream(&config(&double.url(), "wrong"));
    let (status, body) = told(&upstream, call(Protocol::Chat, "{}")).await;
    assert_eq!(status, 401);
    assert!(body.starts_with(r#"{"error":{"code":"401""#), "{body}");
    let (status, body) = told(&upstream, call(Protocol::Messages, "{}")).await;
    assert_eq!(status, 401);
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["error"]["type"], "authentication_error");
    assert_eq!(
        body["error"]["message"],
        "Access denied due to invalid subscription key."
    );
}

#[tokio::test]
async fn a_callers_own_credential_is_left_alone() {
    let double = Provider::start().await;
    double.otherwise(azure::answer("azure-key-1", "own", Reply::text("Hello.")));
    let config = ProviderConfig {
        base_url: Some(double.url()),
        credential: crate::config::CredentialSource::Client,
        ..ProviderConfig::new("azure", ProviderKind::Azure)
    };
    let mut call = call(Protocol::Messages, "{}");
    call.headers
        .insert("authorization", HeaderValue::from_static("Bearer own"));
    assert_eq!(told(&upstream(&config), call).await.0, 200);
}

#[test]
fn a_deployments_family_is_told_by_the_address_or_by_its_name() {
    let family = |base: &str, deployment: &str| upstream(&config(base, "k")).family(deployment);
    let resource = "https://r.services.ai.azure.com";
    for (surface, deployment, expected) in [
        ("", "prod", Family::OpenAi),
        ("/", "Claude-prod", Family::Claude),
        ("/openai/v1/", "claude-like", Family::OpenAi),
        ("/anthropic", "prod", Family::Claude),
        ("/anthropic/v1/", "gpt-5", Family::Claude),
    ] {
        let told = family(&format!("{resource}{surface}"), deployment);
        assert_eq!(told, expected, "{surface} {deployment}");
    }
}

#[test]
fn stored_responses_lie_below_the_surface_that_made_them() {
    let place = |version: Option<&str>| {
        let mut config = config("https://r.services.ai.azure.com", "k");
        config.api_version = version.map(str::to_owned);
        let upstream = upstream(&config);
        (
            upstream.stored_responses("resp_1/cancel", None),
            upstream.prefers_chat(),
        )
    };
    let path = "/openai/v1/responses/resp_1/cancel".to_owned();
    assert_eq!(place(None), ((path, None), false));
    let path = "/openai/responses/resp_1/cancel".to_owned();
    let query = Some("api-version=2025-04-01-preview".to_owned());
    assert_eq!(place(Some("2025-04-01-preview")), ((path, query), true));
}
