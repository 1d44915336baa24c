//! A walk over every operation of the API document against the running product: each names its permission and its audit
//! class, refuses strangers and keys of other scopes, answers below `/api/v1` too, and never answers with a 5xx.

use doubles::Provider;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use testkit::{Answer, TestApp};

/// One operation of the document.
#[derive(Debug, Clone)]
struct Operation {
    method: Method,
    path: String,
    permission: String,
    audit: String,
    /// Parameters of the query, by name.
    query: Vec<String>,
    takes_body: bool,
}

impl Operation {
    /// The path with something plausible in the place of each parameter.
    fn target(&self, key: &str) -> String {
        let id = match self.path.as_str() {
            path if path.starts_with("/v1/keys") => key,
            path if path.starts_with("/v1/calls") => "call_00000000000000000000000000",
            path if path.starts_with("/v1/models") => "sim/echo",
            _ => "resp_1",
        };
        let path = self.path.replace("{id}", id);
        let path = path.replace("{name}", "openai");
        let path = path.replace("{path}", "v1/files");
        let path = path.replace("{file}", "index.css");
        assert!(
            !path.contains('{'),
            "a parameter of {} is unknown",
            self.path
        );
        path
    }

    fn is_public(&self) -> bool {
        self.permission == "public"
    }
}

fn operations() -> Vec<Operation> {
    let document = serde_json::to_value(app::document()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Ok(method) = Method::from_bytes(method.to_uppercase().as_bytes()) else {
                continue;
            };
            if operation.get("responses").is_none() {
                continue;
            }
            let text = |name: &str| {
                let found = operation[name].as_str();
                let found = found.unwrap_or_else(|| panic!("{method} {path} names no {name}"));
                found.to_owned()
            };
            let parameters = operation["parameters"].as_array();
            operations.push(Operation {
                permission: text("x-permission"),
                audit: text("x-audit"),
                query: parameters
                    .into_iter()
                    .flatten()
                    .filter(|parameter| parameter["in"] == "query")
                    .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
                    .collect(),
                takes_body: operation.get("requestBody").is_some(),
                path: path.clone(),
                method,
            });
        }
    }
    assert!(operations.len() > 30, "{operations:#?}");
    operations
}

/// The product with a provider, and nobody but keys at `/metrics`.
async fn start(upstream: &Provider) -> TestApp {
    TestApp::builder()
        .settings("[ops]\nmetrics_access = \"key\"\n")
        .provider("openai", "openai", &upstream.openai_url())
        .provider("anthropic", "anthropic", &upstream.url())
        .start()
        .await
}

async fn send(app: &TestApp, operation: &Operation, target: &str, key: Option<&str>) -> Answer {
    let request = app.request(operation.method.clone(), target, key.unwrap_or(""));
    let request = if key.is_none() {
        let mut bare = request.build().unwrap();
        bare.headers_mut().remove("authorization");
        reqwest::RequestBuilder::from_parts(
            reqwest::Client::builder().no_proxy().build().unwrap(),
            bare,
        )
    } else {
        request
    };
    let request = if operation.takes_body {
        request.json(&json!({}))
    } else {
        request
    };
    app.answer(request).await
}

#[test]
fn every_operation_names_a_permission_that_exists_and_an_audit_class() {
    for operation in operations() {
        let known = kernel::permission::ALL
            .iter()
            .any(|known| known.0 == operation.permission);
        assert!(known || operation.is_public(), "{operation:?}");
        let changes = ["create", "update", "delete"]
            .iter()
            .any(|action| operation.permission.ends_with(&format!(":{action}")));
        // What administers is audited; calls of models have their own journal.
        assert_eq!(operation.audit != "none", changes, "{operation:?}");
        if operation.is_public() {
            assert_eq!(operation.method, Method::GET, "{operation:?}");
        }
    }
}

#[tokio::test]
async fn every_operation_refuses_strangers_and_keys_of_other_scopes() {
    let upstream = Provider::start().await;
    let app = start(&upstream).await;
    let victim = app.key(json!({"name": "victim"})).await.id;
    let other = |scopes: Value| app.key(json!({"name": "other", "scopes": scopes}));
    let analyst = other(json!(["analytics:read"])).await.key;
    let reader = other(json!(["payloads:read"])).await.key;
    for operation in operations() {
        let target = operation.target(&victim);
        let answer = send(&app, &operation, &target, None).await;
        let what = format!("{operation:?}: {} {}", answer.status, answer.text());
        if operation.is_public() {
            assert!(
                answer.status.as_u16() < 400 || answer.status == 404,
                "{what}"
            );
            continue;
        }
        assert_eq!(answer.status, 401, "{what}");
        assert!(
            answer.header("www-authenticate").starts_with("Bearer"),
            "{what}"
        );
        refuses(&answer, "MISSING_CREDENTIAL");
        let answer = send(&app, &operation, &target, Some("sy_key_nobody")).await;
        assert_eq!(answer.status, 401, "{operation:?}: {}", answer.text());

        let key = match operation.permission.as_str() {
            "analytics:read" => &reader,
            _ => &analyst,
        };
        let answer = send(&app, &operation, &target, Some(key)).await;
        assert_eq!(answer.status, 403, "{operation:?}: {}", answer.text());
        refuses(&answer, "PERMISSION_DENIED");
    }
    assert!(upstream.requests().is_empty());
    // Nothing has changed by all this.
    let path = format!("/v1/keys/{victim}");
    let shown = app.get(&path, app.admin_key()).await.expect(200).json();
    assert_eq!(shown["status"], "active", "{shown}");
}

/// The error in whichever shape the route has.
fn refuses(answer: &Answer, code: &str) {
    let body = answer.json();
    assert!(!answer.header("x-request-id").is_empty(), "{body}");
    let own = body["code"] == code && body["error"].is_string();
    let foreign = body["error"]["message"].is_string() && body["error"]["type"].is_string();
    assert!(own || foreign, "{body}");
}

#[tokio::test]
async fn every_route_answers_below_api_as_well() {
    let upstream = Provider::start().await;
    let app = start(&upstream).await;
    let victim = app.key(json!({"name": "victim"})).await.id;
    for operation in operations() {
        let target = operation.target(&victim);
        if !target.starts_with("/v1/") {
            continue;
        }
        let below = format!("/api{target}");
        // Strangers and reading callers get the same answer on both.
        let pairs = [None, Some(app.admin_key())];
        let tried = if operation.method == Method::GET {
            2
        } else {
            1
        };
        for key in pairs.into_iter().take(tried) {
            let plain = send(&app, &operation, &target, key).await;
            let api = send(&app, &operation, &below, key).await;
            assert_eq!(plain.status, api.status, "{operation:?}: {}", api.text());
            let kind = |answer: &Answer| answer.header("content-type").to_owned();
            assert_eq!(kind(&plain), kind(&api), "{operation:?}");
        }
    }
    // Nothing else is below it.
    for path in ["/api/health", "/api/metrics", "/api/v1", "/api/v1/nothing"] {
        let answer = app.get(path, app.admin_key()).await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.text());
    }
}

#[tokio::test]
async fn no_input_makes_any_operation_fail_inside() {
    let upstream = Provider::start().await;
    let app = start(&upstream).await;
    let bodies = [
        "",
        "{}",
        "[]",
        "null",
        "{\"name\":",
        "{\"name\":7}",
        "{\"level\":\"loud\"}",
        "{\"overlap_seconds\":-1}",
        "{\"overlap_seconds\":99999999999999999999}",
        "{\"model\":\"\\u0000\",\"messages\":[]}",
        "\u{fffd}\u{0}",
    ];
    let values = [
        "",
        "x",
        "-1",
        "0",
        "99999999999999999999",
        "2026-13-45",
        "%00",
        "%ff",
        "%F0%9F%A6%80",
        "a%2Cb",
        "*",
        "'%22;--",
    ];
    for operation in operations() {
        // What profiles takes its time by design; one look at it is enough.
        let slow = operation.path.contains("cpu-profile");
        let victim = app.key(json!({"name": "victim"})).await.id;
        let target = operation.target(&victim);
        let request = || app.request(operation.method.clone(), &target, app.admin_key());
        let tried = if slow { 1 } else { bodies.len() };
        for body in bodies.iter().take(tried) {
            let request = request()
                .header("content-type", "application/json")
                .body((*body).to_owned());
            healthy(&app.answer(request).await, &operation, body);
        }
        if slow {
            continue;
        }
        for name in operation.query.iter().map(String::as_str).chain(["nobody"]) {
            for value in values {
                let target = format!("{target}?{name}={value}");
                let request = app.request(operation.method.clone(), &target, app.admin_key());
                healthy(&app.answer(request).await, &operation, &target);
            }
        }
        if operation.path.contains('{') {
            for value in values.iter().filter(|value| !value.is_empty()) {
                let target = operation.path.split('{').next().unwrap().to_owned() + value;
                let request = app.request(operation.method.clone(), &target, app.admin_key());
                healthy(&app.answer(request).await, &operation, &target);
            }
        }
        // A method that the path does not take.
        let request = app.request(Method::PATCH, &target, app.admin_key());
        healthy(&app.answer(request).await, &operation, "PATCH");
    }
}

fn healthy(answer: &Answer, operation: &Operation, input: &str) {
    let status = answer.status;
    assert!(
        status < StatusCode::INTERNAL_SERVER_ERROR,
        "{operation:?} with {input:?}: {status} {}",
        answer.text()
    );
    let kind = answer.header("content-type");
    if status.is_client_error() && kind.starts_with("application/json") {
        let body = answer.json();
        assert!(
            body["error"].is_string()
                || body["error"]["message"].is_string()
                || body["error"] == Value::Null,
            "{operation:?} with {input:?}: {body}"
        );
    }
}

#[tokio::test]
async fn the_document_is_served_as_it_is_built() {
    let app = TestApp::start().await;
    let served = app.get("/openapi.json", "").await.expect(200).json();
    assert_eq!(served, serde_json::to_value(app::document()).unwrap());
}
