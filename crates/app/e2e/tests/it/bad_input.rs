//! Bad input of every kind is refused in the error shape of the caller's own protocol, with a message that says what to do,
//! and never reaches a provider.

use std::io::Write;
use std::time::Duration;

use doubles::provider::reply::Surface;
use kernel::{TestClock, Timestamp};
use serde_json::{Value, json};
use testkit::TestApp;

use crate::ground::{Ground, model};
use crate::raw::{Answer, Ask};

const SURFACES: [Surface; 4] = [
    Surface::Chat,
    Surface::Responses,
    Surface::Messages,
    Surface::Embeddings,
];

/// An error of ours as clients of this protocol expect it, with words of some length; gives its message.
pub fn assert_error_shape(surface: Surface, answer: &Answer) -> String {
    let message = error_message(surface, answer);
    assert!(message.len() > 10, "{message}");
    message
}

/// The message of an error in the shape that clients of this protocol expect.
pub fn error_message(surface: Surface, answer: &Answer) -> String {
    let body = answer.json();
    let kind = answer.header("content-type").unwrap_or_default();
    assert!(kind.starts_with("application/json"), "{kind}");
    assert!(answer.header("x-request-id").is_some(), "{body}");
    let error = &body["error"];
    if surface == Surface::Messages {
        assert_eq!(body["type"], "error", "{body}");
        assert!(
            error["type"].is_string() && body["request_id"].is_string(),
            "{body}"
        );
    } else {
        assert!(error["type"].is_string(), "{body}");
        let named = error.as_object().unwrap();
        assert!(
            named.contains_key("param") && named.contains_key("code"),
            "{body}"
        );
    }
    error["message"].as_str().unwrap().to_owned()
}

struct Case {
    name: &'static str,
    body: Vec<u8>,
    encoding: Option<&'static str>,
    status: u16,
    /// A word that the message must hold.
    word: &'static str,
}

fn case(name: &'static str, body: impl Into<Vec<u8>>, status: u16, word: &'static str) -> Case {
    Case {
        name,
        body: body.into(),
        encoding: None,
        status,
        word,
    }
}

fn cases(surface: Surface) -> Vec<Case> {
    let good = surface.request(model(surface), false);
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body.to_string()
    };
    let mut without = good.clone();
    without.as_object_mut().unwrap().shift_remove("model");
    let twofold = good.to_string().replacen('{', "{\"model\":\"other\",", 1);
    let escaped = good
        .to_string()
        .replacen('{', "{\"mod\\u0065l\":\"other\",", 1);
    let mut cases = vec![
        case("nothing at all", "", 400, "JSON"),
        case("not JSON", "hello", 400, "JSON"),
        case("cut JSON", &good.to_string().as_bytes()[..20], 400, "JSON"),
        case("trailing text", good.to_string() + "x", 400, "JSON"),
        case("an array", "[]", 400, "object"),
        case(
            "bytes that are no UTF-8",
            b"{\"model\":\"\xff\xfe\"}".to_vec(),
            400,
            "JSON",
        ),
        case("no model", without.to_string(), 400, "model"),
        case("a number as model", with("model", json!(7)), 400, "model"),
        case("an empty model", with("model", json!("")), 400, "model"),
        case("a twofold model", twofold, 400, "model"),
        case("a twofold model, once escaped", escaped, 400, "model"),
        case(
            "an unknown model",
            with("model", json!("no-such-model")),
            404,
            "no-such-model",
        ),
    ];
    if surface == Surface::Embeddings {
        cases.push(case(
            "a model that embeds nothing",
            with("model", json!(model(Surface::Messages))),
            400,
            "translated",
        ));
    }
    if surface != Surface::Embeddings {
        cases.push(case(
            "text as stream",
            with("stream", json!("yes")),
            400,
            "stream",
        ));
        let field = match surface {
            Surface::Responses => "max_output_tokens",
            _ => "max_tokens",
        };
        cases.push(case(
            "text as bound",
            with(field, json!("many")),
            400,
            field,
        ));
    }
    cases.push(Case {
        encoding: Some("br"),
        ..case("an encoding not taken", good.to_string(), 400, "encoding")
    });
    cases.push(Case {
        encoding: Some("gzip"),
        ..case("a broken encoding", good.to_string(), 400, "gzip")
    });
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    bomb.write_all(&vec![b' '; 4 << 20]).unwrap();
    cases.push(Case {
        encoding: Some("gzip"),
        ..case(
            "an encoded body that unfolds too far",
            bomb.finish().unwrap(),
            413,
            "max_body_bytes",
        )
    });
    cases.push(case(
        "a huge body",
        vec![b' '; 3 << 20],
        413,
        "max_body_bytes",
    ));
    cases
}

async fn refused(ground: &Ground, surface: Surface, what: &str, ask: Ask, status: u16, word: &str) {
    let answer = ask.send(ground.url()).await;
    let context = format!("{what} on {surface:?}: {} {}", answer.status, answer.text());
    assert_eq!(answer.status, status, "{context}");
    let message = assert_error_shape(surface, &answer);
    assert!(message.contains(word), "{word:?} is missing: {context}");
}

#[tokio::test]
async fn bodies() {
    let ground = Ground::with("[gateway]\nmax_body_bytes = 2097152\n").await;
    for surface in SURFACES {
        for case in cases(surface) {
            let mut ask = Ask::post(surface.path(), case.body).bearer(&ground.key);
            if let Some(encoding) = case.encoding {
                ask = ask.header("Content-Encoding", encoding);
            }
            refused(&ground, surface, case.name, ask, case.status, case.word).await;
        }
    }
    assert!(ground.upstream.requests().is_empty());
}

#[tokio::test]
async fn credentials() {
    let ground = Ground::start().await;
    let key = async |fields: Value| ground.app.key(fields).await.key;
    let revoked = ground.app.key(json!({"name": "revoked"})).await;
    let gone = ground
        .app
        .delete(&format!("/v1/keys/{}", revoked.id), ground.app.admin_key())
        .await;
    assert!(gone.status.is_success(), "{}", gone.text());
    let revoked = revoked.key;
    let reader = key(json!({"name": "reader", "scopes": ["analytics:read"]})).await;
    let narrow = key(json!({"name": "narrow", "models": ["sim/*"]})).await;
    let budget = json!([{"amount_usd": "0.00000001", "period": "total", "hard": true}]);
    let poor = key(json!({"name": "poor", "limits": {}, "budgets": budget})).await;
    let once = json!({"requests_per_minute": 1});
    let slow = key(json!({"name": "slow", "limits": once})).await;
    assert_eq!(
        Ask::post(
            "/v1/chat/completions",
            r#"{"model":"sim/echo","messages":[]}"#
        )
        .bearer(&slow)
        .send(ground.url())
        .await
        .status,
        200
    );
    for surface in SURFACES {
        let body = surface.request(model(surface), false).to_string();
        let ask = || Ask::post(surface.path(), body.clone());
        let typo = format!("{}x", &ground.key[..ground.key.len() - 1]);
        refused(&ground, surface, "no key", ask(), 401, "x-api-key").await;
        refused(
            &ground,
            surface,
            "a wrong key",
            ask().bearer("sk-wrong"),
            401,
            "key",
        )
        .await;
        refused(
            &ground,
            surface,
            "a key with a typo",
            ask().bearer(&typo),
            401,
            "key",
        )
        .await;
        refused(
            &ground,
            surface,
            "a revoked key",
            ask().bearer(&revoked),
            401,
            "revoked",
        )
        .await;
        refused(
            &ground,
            surface,
            "a key for reading",
            ask().bearer(&reader),
            403,
            "gateway:invoke",
        )
        .await;
        refused(
            &ground,
            surface,
            "a model not allowed",
            ask().bearer(&narrow),
            403,
            "allow",
        )
        .await;
        refused(
            &ground,
            surface,
            "no budget",
            ask().bearer(&poor),
            429,
            "budget",
        )
        .await;
        refused(
            &ground,
            surface,
            "too often",
            ask().bearer(&slow),
            429,
            "requests_per_minute",
        )
        .await;
    }
    assert!(ground.upstream.requests().is_empty());
}

#[tokio::test]
async fn an_expired_key() {
    let clock = TestClock::at(Timestamp::parse("2026-11-20T12:00:00Z").unwrap());
    let app = TestApp::builder().clock(clock.clone()).start().await;
    let key = app.key(json!({"name": "brief", "expires_at": "2026-11-20T12:01:00Z"}));
    let key = key.await.key;
    let ask = Ask::post(
        "/v1/chat/completions",
        r#"{"model":"sim/echo","messages":[]}"#,
    )
    .bearer(&key);
    assert_eq!(ask.send(app.base()).await.status, 200);
    clock.advance(Duration::from_secs(60));
    for surface in SURFACES {
        let body = surface.request("sim/echo", true).to_string();
        let ask = Ask::post(surface.path(), body).bearer(&key);
        let answer = ask.send(app.base()).await;
        assert_eq!(answer.status, 401, "{}", answer.text());
        let message = assert_error_shape(surface, &answer);
        assert!(message.contains("expired"), "{message}");
    }
}

#[tokio::test]
async fn paths_methods_and_upgrades() {
    let ground = Ground::start().await;
    for surface in SURFACES {
        let ask = Ask::get(surface.path()).bearer(&ground.key);
        refused(&ground, surface, "GET", ask, 405, "POST").await;
    }
    let upgrade = Ask::get("/v1/responses")
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")
        .bearer(&ground.key);
    refused(
        &ground,
        Surface::Responses,
        "an upgrade",
        upgrade,
        426,
        "WebSocket",
    )
    .await;
    assert!(ground.upstream.requests().is_empty());
}
