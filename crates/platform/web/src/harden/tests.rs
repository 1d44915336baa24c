//! The kit as a whole: a small router behind the layers.

use std::marker::PhantomData;

use axum::body::Body;
use axum::routing::{get, post};
use guard::Caller;
use http::{Method, StatusCode};
use http_body_util::BodyExt;
use kernel::{KeyId, OrgId, Principal, ProjectId, Scopes};
use serde::{Deserialize, Serialize};
use tower::ServiceExt;

use super::*;
use crate::{AuthError, Authenticate, Can, Json, Path, Query};

crate::permits! { KeysRead = KEYS_READ, KeysCreate = KEYS_CREATE }

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    text: String,
    stars: Option<u8>,
}

#[derive(Deserialize)]
struct Size {
    #[serde(default)]
    bytes: usize,
}

/// Knows `reader` (who may read keys), `slow` (the store is away) and nobody else.
struct Door;

#[async_trait::async_trait]
impl Authenticate for Door {
    fn known(&self, _presented: &str) -> Option<Result<Arc<Caller>, AuthError>> {
        None
    }

    async fn authenticate(&self, presented: &str) -> Result<Arc<Caller>, AuthError> {
        match presented {
            "reader" => Ok(Arc::new(reader())),
            "slow" => Err(AuthError::StoreUnavailable),
            _ => Err(AuthError::Unknown),
        }
    }
}

fn reader() -> Caller {
    Caller {
        principal: Principal {
            org: OrgId::from_u128(1),
            project: ProjectId::from_u128(2),
            key: KeyId::from_u128(3),
            key_name: "reader".into(),
            scopes: Scopes::parse(&["keys:read"]).unwrap(),
        },
        models: guard::ModelAllow::any(),
        limits: Arc::new(guard::KeyLimits::new(&guard::Limits::default())),
        budgets: Arc::new(guard::Budgets::new(Vec::new(), Vec::new())),
        tags: Default::default(),
        capture: false,
        expires_at: None,
    }
}

fn app(settings: &HttpSettings) -> Router {
    let routes = Router::new()
        .route(
            "/notes",
            post(|Json(note): Json<Note>| async move { Json(note) }),
        )
        .route(
            "/keys",
            get(|can: Can<KeysRead>| async move { can.0.principal.key_name.clone() }),
        )
        .route(
            "/keys/new",
            get(|Can(_, PhantomData): Can<KeysCreate>| async {}),
        )
        .route(
            "/keys/{id}",
            get(|Path(id): Path<KeyId>| async move { id.to_string() }),
        )
        .route("/panic", get(|| async { panic!("canary") as () }))
        .route("/never", get(std::future::pending::<()>))
        .route(
            "/bytes",
            get(|Query(size): Query<Size>| async move { "x".repeat(size.bytes) }),
        );
    let door: Arc<dyn Authenticate> = Arc::new(Door);
    harden(routes, settings).layer(axum::Extension(door))
}

struct Answer {
    status: StatusCode,
    headers: http::HeaderMap,
    body: String,
}

impl Answer {
    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// Status, code and field of a failure; checks the envelope on the way.
    fn refusal(&self) -> (u16, String, Option<String>) {
        let body = self.json();
        assert!(!body["error"].as_str().unwrap().is_empty());
        assert!(body["details"].is_object());
        let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        (
            self.status.as_u16(),
            text(&body["code"]).unwrap(),
            text(&body["details"]["field"]),
        )
    }
}

async fn ask(app: Router, request: http::Request<Body>) -> Answer {
    let response = app.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}

fn request(method: Method, uri: &str) -> http::request::Builder {
    http::Request::builder().method(method).uri(uri)
}

async fn note(body: &'static str) -> Answer {
    let request = request(Method::POST, "/notes")
        .header("content-type", "application/json; charset=utf-8")
        .body(Body::from(body))
        .unwrap();
    ask(app(&HttpSettings::default()), request).await
}

async fn plain(uri: &str) -> Answer {
    let request = request(Method::GET, uri).body(Body::empty()).unwrap();
    ask(app(&HttpSettings::default()), request).await
}

#[tokio::test]
async fn bodies_are_read_strictly_and_mistakes_name_the_field() {
    assert_eq!(
        note(r#"{"text":"a","stars":5}"#).await.status,
        StatusCode::OK
    );
    for (body, code, field) in [
        ("{", "INVALID_JSON", None),
        ("", "INVALID_JSON", None),
        (r#"{"text":"a","text":"b"}"#, "DUPLICATE_KEY", Some("text")),
        (r#"{"stars":5}"#, "MISSING_FIELD", Some("text")),
        (r#"{"text":"a","star":5}"#, "UNKNOWN_FIELD", Some("star")),
        (
            r#"{"text":"a","stars":256}"#,
            "INVALID_FIELD",
            Some("stars"),
        ),
        (r#"[1]"#, "INVALID_FIELD", None),
    ] {
        let refusal = note(body).await.refusal();
        assert_eq!(
            refusal,
            (400, code.to_owned(), field.map(str::to_owned)),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_body_must_be_declared_and_small() {
    let app = app(&HttpSettings {
        max_body_bytes: 1024,
        ..HttpSettings::default()
    });
    let undeclared = request(Method::POST, "/notes")
        .body(Body::from("{}"))
        .unwrap();
    let answer = ask(app.clone(), undeclared).await;
    assert_eq!(answer.refusal().1, "UNSUPPORTED_CONTENT_TYPE");
    let long = format!(r#"{{"text":"{}"}}"#, "x".repeat(2000));
    for declared in [true, false] {
        let mut request =
            request(Method::POST, "/notes").header("content-type", "application/json");
        if declared {
            request = request.header("content-length", long.len());
        }
        let answer = ask(app.clone(), request.body(Body::from(long.clone())).unwrap()).await;
        assert_eq!(answer.refusal(), (413, "BODY_TOO_LARGE".into(), None));
    }
}

#[tokio::test]
async fn permission_decides_and_a_bad_credential_is_never_anonymous() {
    let with = |uri: &'static str, key: &'static str| async move {
        let request = request(Method::GET, uri).header("x-api-key", key);
        ask(
            app(&HttpSettings::default()),
            request.body(Body::empty()).unwrap(),
        )
        .await
    };
    let answer = with("/keys", "reader").await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (StatusCode::OK, "reader")
    );

    let answer = plain("/keys").await;
    assert_eq!(answer.refusal().1, "MISSING_CREDENTIAL");
    assert_eq!(
        answer.header("www-authenticate"),
        "Bearer realm=\"switchyard\""
    );
    assert_eq!(
        with("/keys", "stranger").await.refusal().1,
        "INVALID_CREDENTIAL"
    );
    assert_eq!(with("/keys", "").await.refusal().1, "INVALID_CREDENTIAL");

    let answer = with("/keys/new", "reader").await;
    assert_eq!(answer.refusal(), (403, "PERMISSION_DENIED".into(), None));
    assert_eq!(answer.json()["details"]["permission"], "keys:create");

    let answer = with("/keys", "slow").await;
    assert_eq!(answer.refusal(), (503, "AUTH_UNAVAILABLE".into(), None));
    assert_eq!(answer.header("retry-after"), "2");
}

#[tokio::test]
async fn paths_and_queries_name_what_is_wrong() {
    let id = KeyId::from_u128(9).to_string();
    assert_eq!(plain(&format!("/keys/{id}")).await.body, id);
    let answer = plain("/keys/nine").await;
    assert_eq!(
        answer.refusal(),
        (400, "INVALID_PATH".into(), Some("id".into()))
    );
    assert!(answer.body.contains("key_"), "{}", answer.body);
    let answer = plain("/bytes?bytes=-1").await;
    assert_eq!(
        answer.refusal(),
        (400, "INVALID_QUERY".into(), Some("bytes".into()))
    );
}

#[tokio::test]
async fn every_answer_carries_id_and_security_headers() {
    for uri in ["/bytes", "/nowhere", "/panic", "/keys"] {
        let answer = plain(uri).await;
        assert!(answer.header("x-request-id").starts_with("req_"), "{uri}");
        assert_eq!(answer.header("x-request-id"), answer.header("request-id"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{uri}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert!(
            answer
                .header("content-security-policy")
                .contains("frame-ancestors 'none'")
        );
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn what_does_not_fit_is_told_in_the_envelope() {
    let answer = plain("/nowhere").await;
    assert_eq!(answer.refusal(), (404, "ROUTE_NOT_FOUND".into(), None));
    let delete = request(Method::DELETE, "/notes")
        .body(Body::empty())
        .unwrap();
    let answer = ask(app(&HttpSettings::default()), delete).await;
    assert_eq!(answer.refusal(), (405, "METHOD_NOT_ALLOWED".into(), None));
    assert_eq!(answer.header("allow"), "POST");
}

#[tokio::test]
async fn a_panic_is_an_answer_that_tells_nothing() {
    let answer = plain("/panic").await;
    assert_eq!(answer.refusal(), (500, "INTERNAL_ERROR".into(), None));
    assert!(!answer.body.contains("canary"));
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_hangs_is_ended() {
    let answer = plain("/never").await;
    assert_eq!(answer.refusal(), (503, "REQUEST_TIMEOUT".into(), None));
}

#[tokio::test]
async fn only_listed_origins_are_let_in() {
    let settings = |origins: &[&str]| HttpSettings {
        cors_origins: origins.iter().map(|origin| (*origin).to_owned()).collect(),
        ..HttpSettings::default()
    };
    let from = |origins: &'static [&'static str], method: Method| async move {
        let request = request(method, "/bytes")
            .header("origin", "https://a.example")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization, x-api-key");
        ask(
            app(&settings(origins)),
            request.body(Body::empty()).unwrap(),
        )
        .await
    };
    let allowed = |answer: &Answer| answer.header("access-control-allow-origin").to_owned();

    assert_eq!(allowed(&from(&[], Method::GET).await), "");
    assert_eq!(
        allowed(&from(&["https://b.example"], Method::GET).await),
        ""
    );
    let answer = from(&["https://a.example"], Method::GET).await;
    assert_eq!(allowed(&answer), "https://a.example");
    assert_eq!(answer.header("vary"), "origin");
    assert_eq!(allowed(&from(&["*"], Method::GET).await), "*");

    let answer = from(&["https://a.example"], Method::OPTIONS).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(
        answer.header("access-control-allow-headers"),
        "authorization, x-api-key"
    );
    let answer = from(&["https://b.example"], Method::OPTIONS).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[test]
fn settings_name_what_is_wrong() {
    use config::{Check, Validate};
    let settings = HttpSettings {
        cors_origins: vec!["*".into(), "https://a.example".into(), "a.example/x".into()],
        max_body_bytes: 1,
        request_timeout_ms: 0,
    };
    let mut check = Check::new();
    settings.validate(&mut check);
    let found = check.messages();
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].starts_with("cors_origins[2]: expected `*` or an origin"));
}

#[test]
fn the_codes_are_listed_with_their_kinds() {
    for (code, kind, meaning) in crate::CODES {
        assert!(
            code.bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte == b'_')
        );
        assert!(kind.status() >= 400 && !meaning.is_empty());
    }
}

#[tokio::test]
async fn figures_carry_the_template_and_never_the_path() {
    plain("/keys/a-path-that-somebody-made-up").await;
    plain("/nowhere/that-somebody-made-up").await;
    let text = telemetry::registry().render();
    for labels in [
        "{method=\"GET\",route=\"/keys/{id}\",status_class=\"4xx\"} ",
        "{method=\"GET\",route=\"unmatched\",status_class=\"4xx\"} ",
    ] {
        assert!(
            text.contains(&format!("http_requests_total{labels}")),
            "{text}"
        );
    }
    assert!(
        text.contains("http_request_duration_seconds_count{method=\"GET\",route=\"/keys/{id}\"} ")
    );
    assert!(!text.contains("made-up"));
}
