//! The routes as a client sees them: who may, what comes back, and what is refused.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use axum::Extension;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use guard::{Budgets, Caller, KeyLimits, ModelAllow};
use http_body_util::BodyExt;
use kernel::{Principal, Scopes};
use serde_json::{Value, json};
use tower::ServiceExt;
use web::{AuthError, Authenticate};

use super::fixture::{Fixture, KEY, ORG, PROJECT, call};

/// The credential is the scope.
struct ScopeIsKey;

#[async_trait]
impl Authenticate for ScopeIsKey {
    fn known(&self, _: &str) -> Option<Result<Arc<Caller>, AuthError>> {
        None
    }

    async fn authenticate(&self, presented: &str) -> Result<Arc<Caller>, AuthError> {
        let scopes = Scopes::parse(&[presented]).map_err(|_| AuthError::Unknown)?;
        Ok(Arc::new(Caller {
            principal: Principal {
                org: ORG,
                project: PROJECT,
                key: KEY,
                key_name: "test".to_owned(),
                scopes,
            },
            models: ModelAllow::any(),
            limits: Arc::new(KeyLimits::unlimited()),
            budgets: Arc::new(Budgets::none()),
            tags: BTreeMap::new(),
            capture: false,
            expires_at: None,
        }))
    }
}

async fn get(fixture: &Fixture, scope: &str, path: &str) -> (StatusCode, String) {
    let (router, _) = crate::routes(fixture.room.clone()).split_for_parts();
    let authenticate: Arc<dyn Authenticate> = Arc::new(ScopeIsKey);
    let request = Request::get(path)
        .header("authorization", format!("Bearer {scope}"))
        .body(Body::empty())
        .unwrap();
    let response = router
        .layer(Extension(authenticate))
        .oneshot(request)
        .await
        .unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

async fn json(fixture: &Fixture, scope: &str, path: &str) -> (u16, Value) {
    let (status, body) = get(fixture, scope, path).await;
    (status.as_u16(), serde_json::from_str(&body).unwrap())
}

#[tokio::test]
async fn usage_rows_have_the_fields_that_are_promised() {
    for fixture in Fixture::all().await {
        fixture.deliver(&[call(0), call(1)]).await;
        let (status, body) = json(
            &fixture,
            "analytics:read",
            "/v1/analytics/usage?group_by=model",
        )
        .await;
        assert_eq!(status, 200, "{body}");
        let row = &body["data"][0];
        for (field, value) in [
            ("model", json!("gpt-5")),
            ("calls", json!(2)),
            ("errors", json!(0)),
            ("input_tokens", json!(210)),
            ("output_tokens", json!(40)),
            ("reasoning_tokens", json!(18)),
            ("cache_read_tokens", json!(80)),
            ("cache_write_tokens", json!(20)),
            ("estimated_calls", json!(0)),
            ("unpriced_calls", json!(0)),
            ("cost_usd", json!("0.000003")),
            ("cost_nano_usd", json!(3_000)),
        ] {
            assert_eq!(row[field], value, "{field}");
        }
        assert_eq!(body["next_cursor"], Value::Null);
        let (_, body) = json(
            &fixture,
            "analytics:read",
            "/v1/analytics/tokens?group_by=tag:team,model",
        )
        .await;
        let row = &body["data"][0];
        assert_eq!(
            (&row["tag:team"], &row["model"]),
            (&json!("core"), &json!("gpt-5"))
        );
        assert_eq!(row["total_input_tokens"], 310);
        assert_eq!(row["total_output_tokens"], 58);
        assert_eq!(row["total_tokens"], 368);
        let path = "/v1/analytics/timeseries?interval=day&time_zone=Europe/Berlin&from=2026-11-20&to=2026-11-21";
        let (_, body) = json(&fixture, "analytics:read", path).await;
        assert_eq!(body["data"][1]["start"], "2026-11-20T23:00:00.000000Z");
        assert_eq!(body["data"][1]["start_local"], "2026-11-21T00:00:00+01:00");
        assert_eq!(body["data"][1]["calls"], 2);
    }
}

#[tokio::test]
async fn a_call_is_shown_whole_and_listed() {
    let fixture = Fixture::all().await.remove(0);
    fixture.deliver(&[call(0), call(1)]).await;
    let id = call(0).id;
    let (status, body) = json(&fixture, "calls:read", &format!("/v1/calls/{id}")).await;
    assert_eq!(status, 200);
    assert_eq!(body["id"], id.to_string());
    assert_eq!(body["attempts"][0]["upstream_request_id"], "req-up");
    assert_eq!(body["usage"]["cache_write_1h"], 3);
    assert_eq!(body["cost_nano_usd"], 1_500);
    assert_eq!(body["duration_ms"], 2_000.0);
    let (_, body) = json(
        &fixture,
        "calls:read",
        "/v1/calls?limit=1&tag=team=core&min_cost=0.000001",
    )
    .await;
    assert_eq!(body["data"][0]["id"], id.to_string());
    let cursor = body["next_cursor"].as_str().unwrap();
    let (_, body) = json(
        &fixture,
        "calls:read",
        &format!("/v1/calls?limit=1&cursor={cursor}"),
    )
    .await;
    assert_eq!(body["data"][0]["id"], call(1).id.to_string());
    let (_, csv) = get(&fixture, "calls:read", "/v1/calls/export.csv?limit=1").await;
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0].split(',').count(), lines[1].split(',').count());
    let (_, lines) = get(&fixture, "calls:read", "/v1/calls/export.ndjson").await;
    let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(
        (lines.lines().count(), &first["id"]),
        (2, &json!(id.to_string()))
    );
}

#[tokio::test]
async fn nothing_is_shown_without_its_permission() {
    let fixture = Fixture::all().await.remove(0);
    fixture.deliver(&[call(0)]).await;
    fixture.drawer.put(&call(0), "{}");
    let payload = format!("/v1/calls/{}/payload", call(0).id);
    let one = format!("/v1/calls/{}", call(0).id);
    for (path, needed) in [
        ("/v1/analytics/usage", "analytics:read"),
        ("/v1/analytics/tokens", "analytics:read"),
        ("/v1/analytics/timeseries", "analytics:read"),
        ("/v1/calls", "calls:read"),
        ("/v1/calls/export.csv", "calls:read"),
        ("/v1/calls/export.ndjson", "calls:read"),
        (&one, "calls:read"),
        (&payload, "payloads:read"),
    ] {
        assert_eq!(get(&fixture, "nobody", path).await.0, 401, "{path}");
        assert_eq!(get(&fixture, "gateway:invoke", path).await.0, 403, "{path}");
        assert_eq!(get(&fixture, needed, path).await.0, 200, "{path}");
    }
}

#[tokio::test]
async fn what_is_asked_wrongly_is_named() {
    let fixture = Fixture::all().await.remove(0);
    for (path, field) in [
        ("/v1/analytics/usage?group=model", "group"),
        ("/v1/analytics/usage?group_by=colour", "group_by"),
        ("/v1/analytics/timeseries?interval=year", "interval"),
        ("/v1/calls?modle=x", "modle"),
        ("/v1/calls?limit=501", "limit"),
        ("/v1/calls?status=broken", "status"),
        ("/v1/calls?cursor=zzz", "cursor"),
        ("/v1/calls?min_cost=cheap", "min_cost"),
        ("/v1/calls?tag=team", "tag"),
        ("/v1/calls/export.csv?cursor=1.2", "cursor"),
        ("/v1/calls?from=2026-11-22&to=2026-11-20", "from"),
        ("/v1/calls/export.csv?from=2026-11-22&to=2026-11-20", "from"),
        (
            "/v1/calls/export.ndjson?from=2026-11-21T10:00:00Z&to=2026-11-21T10:00:00Z",
            "from",
        ),
    ] {
        let (status, body) = json(&fixture, "*:read", path).await;
        assert_eq!(status, 400, "{path}");
        assert_eq!(body["details"]["field"], field, "{body}");
    }
    let backwards = "from=2026-11-22&to=2026-11-20";
    for path in ["/v1/analytics/usage", "/v1/calls", "/v1/calls/export.csv"] {
        let (_, body) = json(&fixture, "*:read", &format!("{path}?{backwards}")).await;
        assert_eq!(body["error"], "from: must lie before to", "{path}");
    }
    // A day stands for its whole, so one day is a range.
    let day = "/v1/calls?from=2026-11-21&to=2026-11-21";
    assert_eq!(json(&fixture, "*:read", day).await.0, 200);
    let (status, body) = json(&fixture, "*:read", "/v1/calls/call_unknown").await;
    assert_eq!((status, &body["code"]), (404, &json!("CALL_NOT_FOUND")));
}
