//! Bedrock: bodies, paths, signatures that a double checks from the wire, streams, faults, counting.

use doubles::Provider;
use doubles::cloud::bedrock::{self, Credential};
use doubles::cloud::eventstream;
use doubles::cloud::sigv4::Keys;
use doubles::provider::{Cut, Reply};
use serde_json::{Value, json};

use super::*;

const MODEL: &str = "us.anthropic.claude-opus-4-5-20251101-v1:0";
const ARN: &str = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3";
const BODY: &str = r#"{ "model":"claude-opus-4-5" ,"max_tokens":64,"stream":true,  "messages":[{"role":"user","content":"Grüße \"model\""}],"x":1.50}"#;

fn config(base: &str) -> ProviderConfig {
    ProviderConfig {
        base_url: Some(base.to_owned()),
        region: Some("us-east-1".to_owned()),
        access_key_id: Some(Secret::plain("AKIDEXAMPLE")),
        secret_access_key: Some(Secret::plain("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")),
        ..ProviderConfig::new("aws", ProviderKind::Bedrock)
    }
}

fn keys() -> Keys {
    Keys {
        id: "AKIDEXAMPLE".to_owned(),
        secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
        session_token: None,
        region: "us-east-1".to_owned(),
        service: "bedrock".to_owned(),
    }
}

async fn double(keys: Keys, reply: Reply) -> Provider {
    let double = Provider::start().await;
    double.otherwise(bedrock::answer(Credential::Signed(keys), reply));
    double
}

fn dress(config: &ProviderConfig, call: &Outgoing<'_>, headers: &mut HeaderMap) -> Dressed {
    let cloud = Cloud::new(config, "providers[0]", &options())
        .unwrap()
        .unwrap();
    cloud.dress(call, headers).unwrap()
}

#[test]
fn a_body_loses_what_the_path_says_and_no_other_byte() {
    let call = messages(MODEL, true, BODY);
    let mut sent = call.headers.clone();
    sent.append("anthropic-beta", HeaderValue::from_static("a-1, b-2,a-1"));
    sent.append("anthropic-beta", HeaderValue::from_static("c-3"));
    sent.insert("content-encoding", HeaderValue::from_static("zstd"));
    sent.insert(
        "x-amz-security-token",
        HeaderValue::from_static("of the caller"),
    );
    let dressed = dress(&config("http://h"), &call, &mut sent);
    assert_eq!(
        dressed.body,
        r#"{"anthropic_version":"bedrock-2023-05-31","anthropic_beta":["a-1","b-2","c-3"], "max_tokens":64,"messages":[{"role":"user","content":"Grüße \"model\""}],"x":1.50}"#
    );
    assert_eq!(
        dressed.path,
        "/model/us.anthropic.claude-opus-4-5-20251101-v1%3A0/invoke-with-response-stream"
    );
    assert_eq!(
        (dressed.query, dressed.framing),
        (None, Framing::EventStream)
    );
    let mut names: Vec<&str> = sent.keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "accept",
            "content-type",
            "x-amzn-bedrock-accept",
            "x-stainless-lang"
        ]
    );
    assert_eq!(sent["accept"], "application/vnd.amazon.eventstream");

    let call = messages(ARN, false, r#"{"stream":false,"model":"m"}"#);
    let dressed = dress(&config("http://h"), &call, &mut call.headers.clone());
    assert_eq!(
        dressed.body,
        r#"{"anthropic_version":"bedrock-2023-05-31"}"#
    );
    assert_eq!(
        dressed.path,
        "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aapplication-inference-profile%2Fa1b2c3/invoke"
    );
    assert_eq!(dressed.framing, Framing::Messages);
}

#[test]
fn betas_that_the_cloud_refuses_are_left_out_and_named() {
    let mut config = config("http://h");
    config.betas = Some(vec!["interleaved-thinking-*".to_owned()]);
    let call = messages(
        MODEL,
        false,
        r#"{"anthropic_beta":["own-1","interleaved-thinking-2025-05-14"],"a":1}"#,
    );
    let mut sent = headers(&[(
        "anthropic-beta",
        "claude-code-20250219,interleaved-thinking-2025-05-14",
    )]);
    let dressed = dress(&config, &call, &mut sent);
    assert_eq!(
        dressed.body,
        r#"{"anthropic_version":"bedrock-2023-05-31","anthropic_beta":["interleaved-thinking-2025-05-14"],"a":1}"#
    );
    assert_eq!(dressed.dropped, ["claude-code-20250219", "own-1"]);
    // All of them gone: no empty list.
    let call = messages(MODEL, false, r#"{"a":1}"#);
    let mut sent = headers(&[("anthropic-beta", "claude-code-20250219")]);
    assert_eq!(
        dress(&config, &call, &mut sent).body,
        r#"{"anthropic_version":"bedrock-2023-05-31","a":1}"#
    );
    // What we do not understand is the cloud's to judge.
    let call = messages(
        MODEL,
        false,
        r#"{"anthropic_beta":{"x":1},"anthropic_version":"old"}"#,
    );
    assert_eq!(
        dress(&config, &call, &mut HeaderMap::new()).body,
        r#"{"anthropic_version":"bedrock-2023-05-31","anthropic_beta":{"x":1}}"#
    );
}

#[test]
fn tokens_are_counted_by_the_rule_of_calls() {
    use base64::Engine as _;
    let counted = |model: &str, body: &str| {
        let call = Outgoing {
            suffix: "/count_tokens",
            ..messages(model, false, body)
        };
        let dressed = dress(&config("http://h"), &call, &mut HeaderMap::new());
        assert_eq!(dressed.framing, Framing::TokenCount);
        let envelope: Value = serde_json::from_slice(&dressed.body).unwrap();
        let body = envelope["input"]["invokeModel"]["body"].as_str().unwrap();
        let body = base64::engine::general_purpose::STANDARD
            .decode(body)
            .unwrap();
        (dressed.path, String::from_utf8(body).unwrap())
    };
    let (path, body) = counted(MODEL, r#"{"model":"m","messages":[]}"#);
    assert_eq!(
        path,
        "/model/anthropic.claude-opus-4-5-20251101-v1%3A0/count-tokens"
    );
    assert_eq!(
        body,
        r#"{"max_tokens":1,"anthropic_version":"bedrock-2023-05-31","messages":[]}"#
    );
    let (path, body) = counted(
        "global.anthropic.claude-x",
        r#"{"thinking":{"type":"enabled","budget_tokens":2048}}"#,
    );
    assert_eq!(path, "/model/anthropic.claude-x/count-tokens");
    assert!(body.starts_with(r#"{"max_tokens":2049,"#), "{body}");
    assert!(
        counted("m", r#"{"max_tokens":9}"#)
            .1
            .ends_with(r#","max_tokens":9}"#)
    );
}

#[test]
fn what_no_path_can_name_and_other_protocols_are_refused() {
    let cloud = Cloud::new(&config("http://h"), "p", &options())
        .unwrap()
        .unwrap();
    let refused = |call: Outgoing<'_>| cloud.dress(&call, &mut HeaderMap::new()).unwrap_err();
    for model in ["", ".", ".."] {
        assert!(refused(messages(model, false, "{}")).contains("no path"));
    }
    assert!(refused(messages("m", false, "[]")).contains("no JSON object"));
    let chat = Outgoing {
        spoken: Protocol::Chat.into(),
        ..messages("m", false, "{}")
    };
    assert_eq!(refused(chat), "this kind of provider does not speak chat");
}

#[tokio::test]
async fn signed_calls_are_answered() {
    let double = double(keys(), Reply::text("Hello.")).await;
    let upstream = upstream(&config(&double.url()));
    assert!(upstream.is_cloud());
    for model in [MODEL, ARN, "anthropic.claude-x", "a b~c(d)é"] {
        let (status, body) = told(&upstream, messages(model, false, BODY)).await;
        assert_eq!(status, 200, "{model}: {body}");
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["content"][0]["text"], "Hello.");
    }
    let requests = double.requests();
    let authorization = requests[0].header("authorization").unwrap();
    assert!(
        authorization.contains("SignedHeaders=content-type;host;x-amz-date, Signature="),
        "{authorization}"
    );
    assert_eq!(requests[0].header("x-stainless-lang"), Some("python"));
}

#[tokio::test]
async fn a_temporary_key_signs_with_its_token_and_own_headers_and_query() {
    let mut of_double = keys();
    of_double.session_token = Some("Token/With+Signs==".to_owned());
    let double = double(of_double, Reply::text("Hello.")).await;
    let mut config = config(&format!("{}/behind/a%20proxy", double.url()));
    config.session_token = Some(Secret::plain("Token/With+Signs=="));
    config.headers = [(
        "x-amzn-bedrock-guardrailidentifier".to_owned(),
        Secret::plain("g  1"),
    )]
    .into();
    config.query = [
        ("b".to_owned(), "2".to_owned()),
        ("a".to_owned(), "x/y z".to_owned()),
    ]
    .into();
    // The double knows no such path, and says so only once the signature holds.
    let (status, body) = told(&upstream(&config), messages(MODEL, false, BODY)).await;
    assert_eq!(status, 404, "{body}");
    assert!(body.contains("/behind/a%20proxy/model/"), "{body}");
}

#[tokio::test]
async fn a_signature_of_anybody_else_is_refused_and_the_refusal_can_be_read() {
    let double = double(keys(), Reply::text("Hello.")).await;
    let mut other = config(&double.url());
    other.secret_access_key = Some(Secret::plain("another"));
    let (status, body) = told(&upstream(&other), messages(MODEL, false, BODY)).await;
    assert_eq!(status, 403);
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["type"], "error");
    assert_eq!(body["error"]["type"], "authentication_error");
    let words = body["error"]["message"].as_str().unwrap();
    assert!(
        words.starts_with("The request signature we calculated"),
        "{words}"
    );

    other = config(&double.url());
    other.region = Some("eu-central-1".to_owned());
    let (status, _) = told(&upstream(&other), messages(MODEL, false, BODY)).await;
    assert_eq!(status, 403);
}

#[tokio::test]
async fn a_bearer_goes_unsigned() {
    let double = Provider::start().await;
    let credential = Credential::Bearer("bedrock-api-key-1".to_owned());
    double.otherwise(bedrock::answer(credential, Reply::text("Hello.")));
    let mut config = config(&double.url());
    (config.access_key_id, config.secret_access_key) = (None, None);
    config.api_key = Some(Secret::plain("bedrock-api-key-1"));
    let (status, _) = told(&upstream(&config), messages(MODEL, false, BODY)).await;
    assert_eq!(status, 200);
    assert_eq!(double.requests()[0].header("x-amz-date"), None);
}

#[tokio::test]
async fn a_stream_comes_out_as_anthropic_writes_it() {
    let reply = Reply::text("Grüße, Welt.")
        .thinking("Hm.", "sig==")
        .and_tool("toolu_1", "read", r#"{"path":"a\nb"}"#);
    let double = double(keys(), reply.clone()).await;
    let upstream = upstream(&config(&double.url()));
    let answer = send(&upstream, messages(MODEL, true, BODY)).await.unwrap();
    assert_eq!(answer.status(), 200);
    let head = answer.headers();
    assert_eq!(head["content-type"], "text/event-stream; charset=utf-8");
    assert_eq!(head["request-id"], "7b1c1c43-0000-4000-8000-000000000001");
    assert!(!head.contains_key("content-length"));
    let expected: String = bedrock::events(&reply)
        .iter()
        .map(|json| {
            let value: Value = serde_json::from_str(json).unwrap();
            format!(
                "event: {}\ndata: {json}\n\n",
                value["type"].as_str().unwrap()
            )
        })
        .collect();
    let body = read(answer).await;
    assert_eq!(body, expected);
    assert!(body.contains("amazon-bedrock-invocationMetrics"));
}

#[tokio::test]
async fn an_exception_in_a_stream_becomes_an_error_event_and_nothing_follows() {
    let double = Provider::start().await;
    let frames = bedrock::frames(&Reply::text("Hello."));
    let mut sent = frames[..2].to_vec();
    sent.push(eventstream::exception(
        "throttlingException",
        r#"{"message":"Too many requests, please wait."}"#,
    ));
    sent.extend_from_slice(&frames[2..]);
    double.otherwise(bedrock::stream(sent));
    let (_, body) = told(
        &upstream(&config(&double.url())),
        messages(MODEL, true, BODY),
    )
    .await;
    let events: Vec<&str> = body.split_terminator("\n\n").collect();
    assert_eq!(events.len(), 3, "{body}");
    assert_eq!(
        events[2],
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"Too many requests, please wait.\"}}"
    );
}

#[tokio::test]
async fn a_broken_frame_ends_a_stream_in_words_and_a_broken_line_as_ever() {
    let double = Provider::start().await;
    let frames = bedrock::frames(&Reply::text("Hello."));
    let mut broken = frames[1].to_vec();
    broken[40] ^= 1;
    double.otherwise(bedrock::stream([
        frames[0].clone(),
        broken.into(),
        frames[2].clone(),
    ]));
    let upstream = upstream(&config(&double.url()));
    let (_, body) = told(&upstream, messages(MODEL, true, BODY)).await;
    let events: Vec<&str> = body.split_terminator("\n\n").collect();
    assert_eq!(events.len(), 2, "{body}");
    assert!(
        events[1].contains("provider aws sent a stream that cannot be read on: a message does not have the checksum"),
        "{body}"
    );

    double.otherwise(bedrock::stream([frames[0].clone(), frames[1].slice(..9)]).cut(Cut::Fin));
    let answer = send(&upstream, messages(MODEL, true, BODY)).await.unwrap();
    assert!(answer.into_body().collect().await.is_err());
}

#[tokio::test]
async fn counts_come_under_anthropics_name() {
    let double = double(keys(), Reply::text("")).await;
    let upstream = upstream(&config(&double.url()));
    let call = Outgoing {
        suffix: "/count_tokens",
        ..messages(MODEL, false, r#"{"model":"m","messages":[]}"#)
    };
    assert_eq!(
        told(&upstream, call).await,
        (200, r#"{"input_tokens":42}"#.to_owned())
    );
}

#[tokio::test]
async fn what_the_models_rule_refuses_comes_back_with_its_status() {
    let double = double(keys(), Reply::text("Hello.")).await;
    let upstream = upstream(&config(&double.url()));
    let (status, body) = told(&upstream, messages(MODEL, true, r#"{"messages":[]}"#)).await;
    assert_eq!(status, 400);
    assert_eq!(
        serde_json::from_str::<Value>(&body).unwrap(),
        json!({"type": "error", "error": {"type": "invalid_request_error", "message": "max_tokens: Field required"}})
    );
    // A body that is Anthropic's already is not touched.
    let own = r#"{"type": "error",  "error": {"type": "overloaded_error", "message": "m"}}"#;
    double.otherwise(doubles::provider::Script::whole(
        529,
        "application/json",
        own,
    ));
    assert_eq!(
        told(&upstream, messages(MODEL, false, BODY)).await,
        (529, own.to_owned())
    );
}

#[tokio::test]
async fn no_record_holds_a_secret() {
    let mut config = config("http://127.0.0.1:9");
    config.session_token = Some(Secret::plain("session-token-1"));
    let upstream = upstream(&config);
    let text = upstream.without_secrets(
        "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY and session-token-1 of AKIDEXAMPLE",
    );
    assert_eq!(text, "[redacted] and [redacted] of AKIDEXAMPLE");
    let shown = format!("{upstream:?}");
    assert!(
        !shown.contains("wJalr") && !shown.contains("session-token-1"),
        "{shown}"
    );
}
