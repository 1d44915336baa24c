//! What settings of a cloud must say, all faults at once, and what the environment adds.

use std::collections::BTreeMap;

use super::*;
use crate::config::CredentialSource;

fn told(config: &ProviderConfig) -> Vec<String> {
    let faults = faults(config, "providers[1]");
    faults.iter().map(ToString::to_string).collect()
}

fn paths(config: &ProviderConfig) -> Vec<String> {
    let told = told(config);
    let path = |text: &String| {
        text.split(": ")
            .next()
            .unwrap()
            .replace("providers[1].", "")
    };
    told.iter().map(path).collect()
}

fn bedrock() -> ProviderConfig {
    ProviderConfig {
        region: Some("us-east-1".to_owned()),
        ..ProviderConfig::new("aws", ProviderKind::Bedrock)
    }
}

fn secret() -> Option<Secret> {
    Some(Secret::plain("secret-text"))
}

#[test]
fn every_fault_of_bedrock_is_listed() {
    let mut config = ProviderConfig::new("aws", ProviderKind::Bedrock);
    assert_eq!(paths(&config), ["region", "access_key_id"]);
    config.region = Some("us east".to_owned());
    config.project = Some("p".to_owned());
    config.api_version = Some("v1".to_owned());
    config.secret_access_key = secret();
    config.session_token = secret();
    assert_eq!(
        told(&config),
        [
            "providers[1].project: only a provider of kind vertex has it",
            "providers[1].api_version: only a provider of kind azure has it",
            "providers[1].region: this is no name of a region; expected e.g. us-east-1 (or AWS_REGION)",
            "providers[1].access_key_id: secret_access_key is set, so this must be, too",
            "providers[1].session_token: it belongs to an access key; set access_key_id and secret_access_key",
        ]
    );
    let mut config = bedrock();
    config.access_key_id = secret();
    assert_eq!(paths(&config), ["secret_access_key"]);
    config.secret_access_key = secret();
    assert_eq!(paths(&config), [""; 0]);
    config.api_key = secret();
    assert_eq!(paths(&config), ["api_key"]);
    config.credential = CredentialSource::Client;
    assert_eq!(paths(&config), ["access_key_id"]);
    assert_eq!(
        try_upstream(&ProviderConfig::new("aws", ProviderKind::Bedrock))
            .unwrap_err()
            .to_string(),
        "providers[0].region: the region is needed here, e.g. us-east-1 (or AWS_REGION)"
    );
}

#[tokio::test]
async fn every_fault_of_vertex_is_listed_without_a_word_of_the_account() {
    let mut config = ProviderConfig::new("google", ProviderKind::Vertex);
    assert_eq!(paths(&config), ["region", "project", "service_account"]);
    config.region = Some("../x".to_owned());
    config.project = Some("a/b".to_owned());
    config.api_key = secret();
    assert_eq!(paths(&config), ["region", "project"]);
    config.region = Some("global".to_owned());
    config.project = None;
    config.api_key = None;
    for (account, words) in [
        (
            "{\"type\":\"service_account\",\n\"client_email\":7,\"private_key\":\"secret\"}",
            "(line 2, column",
        ),
        (
            r#"{"type":"authorized_user","client_email":"a","private_key":"secret"}"#,
            "other kinds of credential",
        ),
        (
            r#"{"type":"service_account","client_email":"a","private_key":"secret"}"#,
            "no PKCS #8 key",
        ),
        (
            r#"{"type":"service_account","client_email":"a","private_key":"secret","token_uri":"ftp://x"}"#,
            "no http(s) URL",
        ),
    ] {
        config.service_account = Some(Secret::plain(account));
        let told = told(&config);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].starts_with("providers[1].service_account: "),
            "{told:?}"
        );
        assert!(told[0].contains(words), "{told:?}");
        assert!(!told[0].contains("secret"), "{told:?}");
    }
    let double = doubles::cloud::vertex::Vertex::start(doubles::provider::Reply::text("")).await;
    config.service_account = Some(Secret::plain(&double.service_account()));
    assert_eq!(paths(&config), [""; 0]);
    config.api_key = secret();
    assert_eq!(paths(&config), ["api_key"]);
}

#[test]
fn azure_and_the_others() {
    let mut config = ProviderConfig::new("azure", ProviderKind::Azure);
    for (version, good) in [
        ("preview", true),
        ("2024-10-21", true),
        ("2025-04-01-preview", true),
        ("2024-13-21", false),
        ("2024-1-21", false),
        ("x", false),
        ("", false),
    ] {
        config.api_version = Some(version.to_owned());
        assert_eq!(paths(&config).is_empty(), good, "{version}");
    }
    let mut config = ProviderConfig::new("openai", ProviderKind::OpenAi);
    config.betas = Some(Vec::new());
    config.access_key_id = secret();
    assert_eq!(
        told(&config),
        [
            "providers[1].access_key_id: only a provider of kind bedrock has it",
            "providers[1].betas: only a provider of kind azure or bedrock or vertex has it",
        ]
    );
}

#[test]
fn regions_lead_to_their_addresses() {
    let base = |kind, region: &str| {
        let config = ProviderConfig {
            region: Some(region.to_owned()),
            ..ProviderConfig::new("c", kind)
        };
        default_base(&config).unwrap()
    };
    use ProviderKind::{Bedrock, Vertex};
    for (kind, region, expected) in [
        (
            Bedrock,
            "us-east-1",
            "https://bedrock-runtime.us-east-1.amazonaws.com",
        ),
        (
            Bedrock,
            "cn-north-1",
            "https://bedrock-runtime.cn-north-1.amazonaws.com.cn",
        ),
        (
            Vertex,
            "us-east5",
            "https://us-east5-aiplatform.googleapis.com",
        ),
        (Vertex, "global", "https://aiplatform.googleapis.com"),
        (Vertex, "eu", "https://aiplatform.eu.rep.googleapis.com"),
    ] {
        assert_eq!(base(kind, region), expected);
    }
    // A cloud's region decides the address, not the price.
    let mut config = bedrock();
    config.api_key = secret();
    assert_eq!(upstream(&config).region, None);
}

#[test]
fn the_environment_fills_what_is_left_out() {
    let env: BTreeMap<String, String> = [
        ("AWS_REGION", "eu-west-1"),
        ("AWS_DEFAULT_REGION", "us-west-2"),
        ("AWS_ACCESS_KEY_ID", "id"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_SESSION_TOKEN", "token"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let mut config = ProviderConfig::new("aws", ProviderKind::Bedrock);
    config.take_environment(&env);
    assert_eq!(config.region.as_deref(), Some("eu-west-1"));
    assert_eq!(config.access_key_id, Some(Secret::plain("id")));
    assert_eq!(config.session_token, Some(Secret::plain("token")));
    assert_eq!(paths(&config), [""; 0]);

    let mut with_key = env.clone();
    with_key.insert("AWS_BEARER_TOKEN_BEDROCK".to_owned(), "key".to_owned());
    let mut config = bedrock();
    config.take_environment(&with_key);
    assert_eq!(config.region.as_deref(), Some("us-east-1"));
    assert_eq!(
        (config.api_key, config.access_key_id),
        (Some(Secret::plain("key")), None)
    );

    let mut own = bedrock();
    own.api_key = secret();
    let before = own.clone();
    own.take_environment(&with_key);
    assert_eq!(own, before);
    let mut other = ProviderConfig::new("o", ProviderKind::OpenAi);
    other.take_environment(&with_key);
    assert_eq!(other, ProviderConfig::new("o", ProviderKind::OpenAi));
}
