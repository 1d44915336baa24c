//! The routes, as a client sees them.

use axum::Router;
use axum::body::Body;
use axum::extract::Extension;
use axum::http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use kernel::Failure;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;
use crate::routes;

fn app(bench: &Bench) -> Router {
    let (router, _document) = routes(bench.room.clone()).split_for_parts();
    router.layer(Extension(bench.room.authenticator()))
}

async fn send(
    bench: &Bench,
    key: Option<&str>,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> (StatusCode, Value) {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(key) = key {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    let body = match body {
        Some(body) => {
            request = request.header("content-type", "application/json");
            Body::from(body.to_string())
        }
        None => Body::empty(),
    };
    let answer = app(bench)
        .oneshot(request.body(body).unwrap())
        .await
        .unwrap();
    let status = answer.status();
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    (
        status,
        serde_json::from_slice(&bytes).unwrap_or(Value::Null),
    )
}

async fn ask(
    bench: &Bench,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> (StatusCode, Value) {
    send(bench, Some(bench.admin_secret()), method, path, body).await
}

#[tokio::test]
async fn a_key_is_shown_once_and_lives_through_its_routes() {
    for bench in Bench::all().await {
        let body = json!({
            "name": "app",
            "project": "research",
            "models": ["claude*"],
            "limits": { "requests_per_minute": 5, "models": { "claude-opus*": { "tokens_per_minute": 1000 } } },
            "budgets": [{ "amount_usd": 0.1, "period": "day" }, { "amount_usd": "5", "period": "total", "hard": false }],
            "tags": { "team": "blue" },
            "expires_at": "2027-01-01T00:00:00Z",
        });
        let (status, made) = ask(&bench, Method::POST, "/v1/keys", Some(body)).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        let secret = made["key"].as_str().unwrap();
        assert!(crypto::key::well_formed(secret));
        assert_eq!(made["scopes"], json!(["gateway:invoke", "models:read"]));
        assert_eq!(made["created_by"], json!(bench.admin.id));

        let path = format!("/v1/keys/{}", made["id"].as_str().unwrap());
        let (status, shown) = ask(&bench, Method::GET, &path, None).await;
        assert_eq!(status, StatusCode::OK, "{shown}");
        assert_eq!(shown.get("key"), None);
        assert!(!shown.to_string().contains(secret));
        assert_eq!(shown["status"], "active");
        assert_eq!(shown["expires_at"], "2027-01-01T00:00:00.000000Z");
        assert_eq!(
            shown["budgets"][0],
            json!({
                "amount_usd": "0.1", "amount_nano_usd": 100_000_000, "period": "day", "hard": true, "models": [],
                "spent_usd": "0", "spent_nano_usd": 0, "reserved_usd": "0", "reserved_nano_usd": 0,
                "resets_at": "2026-11-22T00:00:00.000000Z",
            })
        );
        assert_eq!(shown["budgets"][1]["hard"], false);
        assert_eq!(shown["limit_state"]["requests_per_minute"]["remaining"], 5);

        let change = json!({ "limits": null, "expires_at": null, "name": "renamed" });
        let (status, changed) = ask(&bench, Method::PATCH, &path, Some(change)).await;
        assert_eq!(status, StatusCode::OK, "{changed}");
        assert_eq!(changed["limits"], json!({ "requests_per_minute": 100 }));
        assert_eq!(
            (
                &changed["limits_are_default"],
                &changed["expires_at"],
                &changed["name"]
            ),
            (&json!(true), &Value::Null, &json!("renamed"))
        );
        assert_eq!(changed["models"], json!(["claude*"]));

        let rotate = format!("{path}/rotate");
        let (status, rotated) = ask(
            &bench,
            Method::POST,
            &rotate,
            Some(json!({ "overlap_seconds": 60 })),
        )
        .await;
        assert_eq!(status, StatusCode::OK, "{rotated}");
        assert_ne!(rotated["key"], made["key"]);
        assert_eq!(
            rotated["previous_expires_at"],
            "2026-11-21T12:01:00.000000Z"
        );

        let (status, list) = ask(&bench, Method::GET, "/v1/keys?limit=1", None).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(list["data"][0]["id"], made["id"]);
        assert!(list["next_cursor"].is_string());

        let (status, _) = ask(&bench, Method::DELETE, &path, None).await;
        assert_eq!(status, StatusCode::NO_CONTENT);
        let (_, shown) = ask(&bench, Method::GET, &path, None).await;
        assert_eq!(shown["status"], "revoked");
    }
}

#[tokio::test]
async fn a_key_made_for_inference_can_administer_nothing() {
    for bench in Bench::all().await {
        let made = bench.make_named("app").await;
        let id = made.key.id;
        for (method, path) in every_route(&id.to_string()) {
            let body = (method != Method::GET && method != Method::DELETE).then(|| json!({}));
            let key = Some(made.secret.expose_secret());
            let (status, answer) = send(&bench, key, method.clone(), &path, body.clone()).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{method} {path}: {answer}");
            assert_eq!(answer["code"], "PERMISSION_DENIED");
            let (status, answer) = send(&bench, None, method.clone(), &path, body).await;
            assert_eq!(
                status,
                StatusCode::UNAUTHORIZED,
                "{method} {path}: {answer}"
            );
        }
    }
}

fn every_route(id: &str) -> Vec<(Method, String)> {
    vec![
        (Method::POST, "/v1/keys".into()),
        (Method::GET, "/v1/keys".into()),
        (Method::GET, format!("/v1/keys/{id}")),
        (Method::PATCH, format!("/v1/keys/{id}")),
        (Method::DELETE, format!("/v1/keys/{id}")),
        (Method::POST, format!("/v1/keys/{id}/rotate")),
    ]
}

#[tokio::test]
async fn mistakes_name_the_field_and_the_remedy() {
    for bench in Bench::all().await {
        let id = kernel::KeyId::new();
        for (path, body, status, code, field) in [
            ("/v1/keys", json!({}), 400, "MISSING_FIELD", json!("name")),
            (
                "/v1/keys",
                json!({"name": ""}),
                400,
                "INVALID_FIELD",
                json!("name"),
            ),
            (
                "/v1/keys",
                json!({"name": "a", "scope": []}),
                400,
                "UNKNOWN_FIELD",
                json!("scope"),
            ),
            (
                "/v1/keys",
                json!({"name": "a", "scopes": ["nope"]}),
                400,
                "INVALID_FIELD",
                json!("scopes[0]"),
            ),
            (
                "/v1/keys",
                json!({"name": "a", "limits": {"rpm": 1}}),
                400,
                "UNKNOWN_FIELD",
                json!("limits.rpm"),
            ),
            (
                "/v1/keys",
                json!({"name": "a", "limits": {"requests_per_minute": 0}}),
                400,
                "INVALID_FIELD",
                json!("limits.requests_per_minute"),
            ),
            (
                "/v1/keys",
                json!({"name": "a", "limits": {"models": {"gpt*": {"models": {}}}}}),
                400,
                "UNKNOWN_FIELD",
                json!("limits.models.gpt*.models"),
            ),
            (
                "/v1/keys",
                json!({"name": "a", "budgets": [{"amount_usd": -1, "period": "day"}]}),
                400,
                "INVALID_FIELD",
                json!("budgets[0].amount_usd"),
            ),
            (
                "/v1/keys",
                json!({"name": "a", "budgets": [{"amount_usd": 1, "period": "decade"}]}),
                400,
                "INVALID_FIELD",
                json!("budgets[0].period"),
            ),
            (
                "/v1/keys",
                json!({"name": "a", "project": kernel::ProjectId::new()}),
                400,
                "PROJECT_NOT_FOUND",
                json!("project"),
            ),
            (
                "/v1/keys",
                json!({"name": "a", "expires_at": "2020-01-01T00:00:00Z"}),
                400,
                "INVALID_FIELD",
                json!("expires_at"),
            ),
            (
                "/v1/keys",
                json!({"name": "a", "expires_at": "tomorrow"}),
                400,
                "INVALID_FIELD",
                json!("expires_at"),
            ),
            (
                &format!("/v1/keys/{id}/rotate"),
                json!({}),
                404,
                "KEY_NOT_FOUND",
                Value::Null,
            ),
            (
                "/v1/keys/nonsense/rotate",
                json!({}),
                400,
                "INVALID_PATH",
                json!("id"),
            ),
        ] {
            let (got, answer) = ask(&bench, Method::POST, path, Some(body.clone())).await;
            assert_eq!(got.as_u16(), status, "{path} {body}: {answer}");
            assert_eq!(answer["code"], code, "{path} {body}: {answer}");
            assert_eq!(
                answer["details"].get("field").unwrap_or(&Value::Null),
                &field,
                "{answer}"
            );
        }
    }
}

#[tokio::test]
async fn times_and_pages_that_do_not_hold_say_what_would() {
    let bench = Bench::all().await.remove(0);
    let words = "expires_at: expected RFC 3339 such as 2026-11-21T10:00:00Z";
    let fields = json!({"name": "a", "expires_at": "2027-01-01"});
    let (_, answer) = ask(&bench, Method::POST, "/v1/keys", Some(fields.clone())).await;
    assert_eq!(answer["error"], words);
    // The command line on the machine itself hands its fields over here.
    let error = bench.room.machine_create(fields).await.unwrap_err();
    assert_eq!(
        (error.to_string().as_str(), error.field()),
        (words, Some("expires_at"))
    );

    for limit in ["0", "201", "100000"] {
        let path = format!("/v1/keys?limit={limit}");
        let (status, answer) = ask(&bench, Method::GET, &path, None).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
        assert_eq!(
            answer,
            json!({ "error": "limit: expected 1 to 200", "code": "INVALID_QUERY", "details": { "field": "limit" } })
        );
    }
    for limit in ["1", "200"] {
        let path = format!("/v1/keys?limit={limit}");
        assert_eq!(
            ask(&bench, Method::GET, &path, None).await.0,
            StatusCode::OK
        );
    }
    let (_, answer) = ask(&bench, Method::GET, "/v1/keys?cursor=zzz", None).await;
    assert_eq!(answer["code"], "INVALID_QUERY", "{answer}");
}

#[tokio::test]
async fn a_rotation_needs_no_body() {
    for bench in Bench::all().await {
        let id = bench.make_named("app").await.key.id;
        let rotate = format!("/v1/keys/{id}/rotate");
        for body in [None, Some(Value::Null), Some(json!({}))] {
            let (status, rotated) = ask(&bench, Method::POST, &rotate, body).await;
            assert_eq!(status, StatusCode::OK, "{rotated}");
            assert_eq!(
                rotated["previous_expires_at"],
                "2026-11-22T12:00:00.000000Z"
            );
        }
        // A body that is there is read, and must be declared.
        let undeclared = Request::builder()
            .method(Method::POST)
            .uri(&rotate)
            .header("authorization", format!("Bearer {}", bench.admin_secret()))
            .body(Body::from(r#"{"overlap_seconds":0}"#))
            .unwrap();
        let answer = app(&bench).oneshot(undeclared).await.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        let wrong = json!({ "overlap_seconds": "long" });
        let (_, answer) = ask(&bench, Method::POST, &rotate, Some(wrong)).await;
        assert_eq!(answer["details"]["field"], "overlap_seconds", "{answer}");
    }
}

#[test]
fn the_document_says_that_a_rotation_needs_no_body() {
    let document = document();
    let body = &document["paths"]["/v1/keys/{id}/rotate"]["post"]["requestBody"];
    assert!(body.is_object(), "{body}");
    assert_ne!(body["required"], true, "{body}");
}

#[test]
fn every_operation_names_its_permission_and_its_audit_class() {
    let document = document();
    let mut operations = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations += 1;
            for extension in ["x-permission", "x-audit"] {
                assert!(
                    operation[extension].is_string(),
                    "{method} {path} lacks {extension}"
                );
            }
            assert!(operation["summary"].is_string(), "{method} {path}");
        }
    }
    assert_eq!(operations, every_route("x").len());
    let text = document.to_string();
    for part in text.split("\"#/components/schemas/").skip(1) {
        let name = part.split('"').next().unwrap();
        // The error body is `web`'s; the application adds it to the whole document.
        let known = name == "ErrorBody" || !document["components"]["schemas"][name].is_null();
        assert!(known, "{name} stands nowhere in the document");
    }
}

fn document() -> Value {
    // The routes are the same whatever room stands behind them; the document needs none.
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let document = runtime.block_on(async {
        let bench = Bench::all().await.remove(0);
        routes(bench.room).into_openapi()
    });
    serde_json::to_value(document).unwrap()
}
