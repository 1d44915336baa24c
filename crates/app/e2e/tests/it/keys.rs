//! Keys through the whole product: made, listed, shown once, rotated, revoked, expired, bounded to models and scopes.

use std::path::Path;
use std::time::Duration;

use doubles::Provider;
use doubles::postgres::Postgres;
use doubles::provider::reply::Surface;
use kernel::{TestClock, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Answer, IssuedKey, TestApp};

use crate::bad_input::assert_error_shape;
use crate::ground::{Ground, model};
use crate::raw::Ask;

async fn echo(app: &TestApp, key: &str) -> Answer {
    let request = Surface::Chat.request("sim/echo", false);
    app.post(Surface::Chat.path(), key, &request).await
}

fn path(key: &IssuedKey) -> String {
    format!("/v1/keys/{}", key.id)
}

async fn patch(app: &TestApp, key: &str, path: &str, body: &Value) -> Answer {
    let request = app.request(Method::PATCH, path, key).json(body);
    app.answer(request).await
}

/// Whether any file below a folder holds this text.
fn on_disk(folder: &Path, text: &str) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return on_disk(&path, text);
        }
        let bytes = std::fs::read(&path).unwrap();
        bytes
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    })
}

#[tokio::test]
async fn a_secret_is_shown_once_and_kept_nowhere() {
    let app = TestApp::start().await;
    let body = json!({"name": "my app", "scopes": ["gateway:invoke"], "models": ["sim/*"],
        "limits": {"requests_per_minute": 7}, "tags": {"team": "a"},
        "budgets": [{"amount_usd": 2.5, "period": "month", "hard": true}],
        "expires_at": "2099-01-01T00:00:00Z"});
    let made = app
        .post("/v1/keys", app.admin_key(), &body)
        .await
        .expect(201);
    assert_eq!(made.header("cache-control"), "no-store");
    let made = made.json();
    let secret = made["key"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("sy_"), "the kind is told");
    let id = made["id"].as_str().unwrap();
    assert!(id.starts_with("key_"), "{made}");
    assert_eq!(made["budgets"][0]["amount_usd"], "2.5");
    echo(&app, &secret).await.expect(200);

    let shown = app
        .get(&format!("/v1/keys/{id}"), app.admin_key())
        .await
        .expect(200);
    let listed = app.get("/v1/keys", app.admin_key()).await.expect(200);
    for answer in [&shown, &listed] {
        assert!(!answer.text().contains(&secret));
    }
    let shown = shown.json();
    assert!(shown.get("key").is_none(), "{shown}");
    for field in ["name", "scopes", "models", "limits", "tags"] {
        assert_eq!(shown[field], body[field], "{shown}");
    }
    assert_eq!(shown["status"], "active", "{shown}");
    let rows = listed.json()["data"].as_array().unwrap().clone();
    assert!(rows.iter().any(|row| row["id"] == id), "{rows:#?}");

    // What is recorded carries the key's tags.
    let call = app.calls_at_least(1).await.remove(0);
    assert_eq!(call["tags"], json!({"team": "a"}), "{call}");
    assert_eq!(call["key"], id, "{call}");
    let folder = app.data_dir().to_owned();
    let scratch = app.stop().await;
    assert!(!on_disk(&folder, &secret), "the secret is on the disk");
    drop(scratch);
}

#[tokio::test]
async fn a_list_has_pages() {
    let app = TestApp::start().await;
    for number in 0..5 {
        app.key(json!({"name": format!("key {number}")})).await;
    }
    let mut names = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/v1/keys?limit=2{cursor}");
        let page = app.get(&path, app.admin_key()).await.expect(200).json();
        let rows = page["data"].as_array().unwrap();
        assert!(rows.len() <= 2);
        names.extend(rows.iter().map(|row| row["name"].clone()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let newest: Vec<Value> = (0..5).rev().map(|n| json!(format!("key {n}"))).collect();
    assert_eq!(names[..5], newest);
}

#[tokio::test]
async fn a_revoked_key_is_refused_at_once_by_every_surface() {
    let ground = Ground::start().await;
    let app = &ground.app;
    let key = app.key(json!({"name": "short"})).await;
    for surface in Surface::STREAMING {
        let request = surface.request(model(surface), false);
        app.post(surface.path(), &key.key, &request)
            .await
            .expect(200);
    }
    let seen = ground.upstream.requests().len();
    app.delete(&path(&key), app.admin_key()).await.expect(204);
    for surface in Surface::STREAMING {
        let request = surface.request(model(surface), false).to_string();
        let ask = Ask::post(surface.path(), request).bearer(&key.key);
        let answer = ask.send(ground.url()).await;
        assert_eq!(answer.status, 401, "{}", answer.text());
        let message = assert_error_shape(surface, &answer);
        assert!(message.contains("revoked"), "{message}");
        assert_eq!(answer.header("x-should-retry"), Some("false"));
    }
    assert_eq!(ground.upstream.requests().len(), seen);
    // It stays in the record, is hidden from lists and comes back in no way.
    app.delete(&path(&key), app.admin_key()).await.expect(204);
    let shown = app.get(&path(&key), app.admin_key()).await.expect(200);
    assert_eq!(shown.json()["status"], "revoked");
    let body = json!({"overlap_seconds": 0});
    let rotate = format!("{}/rotate", path(&key));
    let refused = app.post(&rotate, app.admin_key(), &body).await.expect(409);
    assert_eq!(refused.json()["code"], "KEY_REVOKED");
    let listed = app.get("/v1/keys", app.admin_key()).await.expect(200);
    assert!(!listed.text().contains(&key.id));
    let listed = app
        .get("/v1/keys?revoked=true", app.admin_key())
        .await
        .expect(200);
    assert!(listed.text().contains(&key.id));
}

#[tokio::test]
async fn rotation_overlaps_and_keys_expire() {
    let clock = TestClock::at(Timestamp::parse("2026-11-20T12:00:00Z").unwrap());
    let app = TestApp::builder().clock(clock.clone()).start().await;
    let old = app
        .key(json!({"name": "turning", "expires_at": "2026-11-20T13:00:00Z"}))
        .await;
    echo(&app, &old.key).await.expect(200);
    let rotate = format!("{}/rotate", path(&old));
    let body = json!({"overlap_seconds": 60});
    let turned = app.post(&rotate, app.admin_key(), &body).await.expect(200);
    let turned = turned.json();
    let new = turned["key"].as_str().unwrap().to_owned();
    assert_ne!(new, old.key);
    assert_eq!(turned["id"], old.id.as_str());
    assert_eq!(turned["previous_expires_at"], "2026-11-20T12:01:00.000000Z");
    clock.advance(Duration::from_micros(59_999_999));
    echo(&app, &old.key).await.expect(200);
    echo(&app, &new).await.expect(200);
    clock.advance(Duration::from_micros(1));
    let refused = echo(&app, &old.key).await.expect(401);
    assert_eq!(refused.json()["error"]["code"], "EXPIRED_CREDENTIAL");
    echo(&app, &new).await.expect(200);

    // Without overlap the secret before ends at once.
    let body = json!({"overlap_seconds": 0});
    let turned = app.post(&rotate, app.admin_key(), &body).await.expect(200);
    let newest = turned.json()["key"].as_str().unwrap().to_owned();
    echo(&app, &new).await.expect(401);
    echo(&app, &newest).await.expect(200);

    // The key itself ends.
    clock.set(Timestamp::parse("2026-11-20T12:59:59.999999Z").unwrap());
    echo(&app, &newest).await.expect(200);
    clock.set(Timestamp::parse("2026-11-20T13:00:00Z").unwrap());
    let refused = echo(&app, &newest).await.expect(401);
    assert_eq!(refused.json()["error"]["code"], "EXPIRED_CREDENTIAL");
    let later = json!({"expires_at": null});
    patch(&app, app.admin_key(), &path(&old), &later)
        .await
        .expect(200);
    echo(&app, &newest).await.expect(200);
}

#[tokio::test]
async fn an_allow_list_bounds_models() {
    let ground = Ground::start().await;
    let app = &ground.app;
    let key = app
        .key(json!({"name": "bounded", "models": ["claude-haiku*", "gpt-5.6-terra"]}))
        .await;
    for surface in [Surface::Messages, Surface::Embeddings] {
        let request = surface.request(model(surface), false).to_string();
        let ask = Ask::post(surface.path(), request).bearer(&key.key);
        let answer = ask.send(ground.url()).await;
        assert_eq!(answer.status, 403, "{}", answer.text());
        let message = assert_error_shape(surface, &answer);
        assert!(message.contains(model(surface)), "{message}");
    }
    // No spelling leads around it.
    let around = Surface::Messages.request("anthropic/claude-opus-5-5", false);
    app.post(Surface::Messages.path(), &key.key, &around)
        .await
        .expect(403);
    assert!(ground.upstream.requests().is_empty());
    let request = Surface::Chat.request("gpt-5.6-terra", false);
    app.post(Surface::Chat.path(), &key.key, &request)
        .await
        .expect(200);
    let listed = app.get("/v1/models", &key.key).await.expect(200).json();
    let ids: Vec<&str> = listed["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| model["id"].as_str().unwrap())
        .collect();
    assert!(ids.contains(&"gpt-5.6-terra"), "{ids:?}");
    assert!(
        ids.iter()
            .all(|id| *id == "gpt-5.6-terra" || id.starts_with("claude-haiku")),
        "{ids:?}"
    );
    // Changed, it holds for the next call.
    let wider = json!({"models": []});
    patch(app, app.admin_key(), &path(&key), &wider)
        .await
        .expect(200);
    let request = Surface::Messages.request(model(Surface::Messages), false);
    app.post(Surface::Messages.path(), &key.key, &request)
        .await
        .expect(200);
}

#[tokio::test]
async fn scopes_part_those_who_call_from_those_who_administer() {
    let ground = Ground::start().await;
    let app = &ground.app;
    let caller = app.key(json!({"name": "caller"})).await;
    for (method, path) in [
        (Method::GET, "/v1/keys"),
        (Method::POST, "/v1/keys"),
        (Method::GET, "/v1/calls"),
        (Method::GET, "/v1/analytics/usage"),
        (Method::GET, "/v1/circuit-breakers"),
        (Method::POST, "/v1/circuit-breakers/openai/reset"),
        (Method::GET, "/v1/debug/settings"),
        (Method::GET, "/health/detailed"),
        (Method::GET, "/providers/openai/v1/files"),
    ] {
        let request = app.request(method, path, &caller.key).json(&json!({}));
        let answer = app.answer(request).await.expect(403);
        let body = answer.json();
        let code = body.get("code").or_else(|| body["error"].get("code"));
        assert_eq!(code, Some(&json!("PERMISSION_DENIED")), "{path}: {body}");
    }
    app.delete(&path(&caller), &caller.key).await.expect(403);

    let scopes = json!(["keys:*", "ops:*", "debug:*", "analytics:*", "calls:*"]);
    let admin = app.key(json!({"name": "admin", "scopes": scopes})).await;
    for surface in [
        Surface::Chat,
        Surface::Responses,
        Surface::Messages,
        Surface::Embeddings,
    ] {
        let request = surface.request(model(surface), false).to_string();
        let ask = Ask::post(surface.path(), request).bearer(&admin.key);
        let answer = ask.send(ground.url()).await;
        assert_eq!(answer.status, 403, "{}", answer.text());
        let message = assert_error_shape(surface, &answer);
        assert!(message.contains("gateway:invoke"), "{message}");
    }
    let count = "/v1/messages/count_tokens";
    let request = Surface::Messages.request(model(Surface::Messages), false);
    app.post(count, &admin.key, &request).await.expect(403);
    assert!(ground.upstream.requests().is_empty());
    app.get("/v1/keys", &admin.key).await.expect(200);

    // Nobody gives what they do not hold, to a new key or to an old one.
    let more = json!({"name": "more", "scopes": ["gateway:invoke"]});
    let refused = app.post("/v1/keys", &admin.key, &more).await.expect(403);
    assert_eq!(refused.json()["code"], "SCOPE_NOT_HELD");
    let own = json!({"scopes": ["*"]});
    let refused = patch(app, &admin.key, &path(&admin), &own)
        .await
        .expect(403);
    assert_eq!(refused.json()["code"], "SCOPE_NOT_HELD");
    let less = json!({"name": "less", "scopes": ["analytics:read"]});
    app.post("/v1/keys", &admin.key, &less).await.expect(201);
    let wrong = json!({"name": "wrong", "scopes": ["gateway:fly"]});
    let refused = app.post("/v1/keys", &admin.key, &wrong).await.expect(400);
    assert!(refused.text().contains("scopes"), "{}", refused.text());
}

#[tokio::test]
async fn a_key_whose_checksum_is_wrong_never_reaches_the_store() {
    let server = Postgres::private().await.unwrap();
    let app = TestApp::builder()
        .database(&server.database().await)
        .start()
        .await;
    let unknown = app.key(json!({"name": "unknown"})).await.key;
    let known = app.key(json!({"name": "known"})).await.key;
    echo(&app, &known).await.expect(200);
    server.stop().await;
    // Known keys need no store, and what cannot be a key is told from what the store alone could tell.
    echo(&app, &known).await.expect(200);
    let refused = echo(&app, &unknown).await.expect(503);
    assert_eq!(refused.json()["error"]["code"], "AUTH_UNAVAILABLE");
    let last = if unknown.ends_with('0') { "1" } else { "0" };
    let damaged = format!("{}{last}", &unknown[..unknown.len() - 1]);
    for bad in [damaged.as_str(), "sy_key_", "sk-ant-api03-foreign", "x", ""] {
        let refused = echo(&app, bad).await.expect(401);
        assert_eq!(refused.json()["error"]["code"], "INVALID_CREDENTIAL");
    }
    server.start().await;
    doubles::patience::expect("the store to be back", async {
        while echo(&app, &unknown).await.status != 200 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_credential_is_read_from_the_right_header_and_never_falls_back() {
    let upstream = Provider::start().await;
    let app = TestApp::builder()
        .provider("openai", "openai", &upstream.openai_url())
        .start()
        .await;
    let key = app.key(json!({"name": "good"})).await.key;
    let body = Surface::Chat.request("sim/echo", false).to_string();
    let with = |headers: &[(&str, &str)]| {
        let ask = Ask::post(Surface::Chat.path(), body.clone());
        headers
            .iter()
            .fold(ask, |ask, (name, value)| ask.header(name, value))
    };
    let bearer = format!("Bearer {key}");
    for (headers, status) in [
        (vec![("authorization", bearer.as_str())], 200),
        (vec![("x-api-key", key.as_str())], 200),
        (vec![("x-switchyard-key", key.as_str())], 200),
        (
            vec![
                ("x-switchyard-key", key.as_str()),
                ("authorization", "Bearer sk-theirs"),
            ],
            200,
        ),
        (
            vec![
                ("x-switchyard-key", "nonsense"),
                ("authorization", bearer.as_str()),
            ],
            401,
        ),
        (
            vec![("x-api-key", ""), ("authorization", bearer.as_str())],
            401,
        ),
        (vec![("authorization", "Basic eDp5")], 401),
        (vec![], 401),
    ] {
        let answer = with(&headers).send(app.base()).await;
        assert_eq!(answer.status, status, "{headers:?}: {}", answer.text());
    }
    // The query names nobody.
    let target = format!("{}?key={key}", Surface::Chat.path());
    let answer = Ask::post(&target, body).send(app.base()).await;
    assert_eq!(answer.status, 401);
}
