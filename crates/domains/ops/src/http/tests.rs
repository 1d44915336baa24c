//! The room's routes behind the layers that the application puts around them.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use axum::body::Body;
use guard::{BreakerSettings, Breakers, Caller};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use kernel::{Clock, KeyId, OrgId, Principal, ProjectId, Scopes, TestClock, Timestamp};
use parking_lot::Mutex;
use tower::ServiceExt;
use web::{AuthError, Authenticate, RequestContext};

use super::*;
use crate::config::{MetricsAccess, OpsSettings};
use crate::model::{Finding, Phase};
use crate::ports::{ActLog, BoxError, Gravity, HealthProbe, LiveCall, LiveCalls, SettingsView};
use crate::service::Deps;

struct Fake {
    store: Mutex<Finding>,
    journal_full: Mutex<bool>,
    acts: Mutex<Vec<facts::Act>>,
}

struct StoreProbe(Arc<Fake>);

#[async_trait]
impl HealthProbe for StoreProbe {
    fn name(&self) -> &'static str {
        "store"
    }

    fn gravity(&self) -> Gravity {
        Gravity::Degrades
    }

    async fn check(&self) -> Finding {
        self.0.store.lock().clone()
    }
}

struct JournalProbe(Arc<Fake>);

#[async_trait]
impl HealthProbe for JournalProbe {
    fn name(&self) -> &'static str {
        "journal"
    }

    fn gravity(&self) -> Gravity {
        Gravity::Blocks
    }

    async fn check(&self) -> Finding {
        Finding::Up
    }

    fn now(&self) -> Option<Finding> {
        self.0
            .journal_full
            .lock()
            .then(|| Finding::Down("full".into()))
    }
}

struct HangingProbe;

#[async_trait]
impl HealthProbe for HangingProbe {
    fn name(&self) -> &'static str {
        "hanging"
    }

    fn gravity(&self) -> Gravity {
        Gravity::Degrades
    }

    async fn check(&self) -> Finding {
        std::future::pending().await
    }
}

#[async_trait]
impl ActLog for Fake {
    async fn record(&self, act: facts::Act) -> Result<(), BoxError> {
        self.acts.lock().push(act);
        Ok(())
    }
}

impl SettingsView for Fake {
    fn entries(&self) -> Vec<::config::show::Entry> {
        vec![::config::show::Entry {
            path: "http.port".into(),
            value: 8000.into(),
            origin: "default".into(),
        }]
    }
}

impl LiveCalls for Fake {
    fn list(&self, _limit: usize) -> Vec<LiveCall> {
        vec![LiveCall {
            id: kernel::CallId::from_u128(1),
            key: KeyId::from_u128(3),
            surface: "chat".into(),
            model: "m".into(),
            provider: "p".into(),
            stream: true,
            started_at: START,
        }]
    }

    fn count(&self) -> usize {
        1
    }
}

/// The credential is the scopes themselves, with `+` between.
struct Door;

#[async_trait]
impl Authenticate for Door {
    fn known(&self, _presented: &str) -> Option<Result<Arc<Caller>, AuthError>> {
        None
    }

    async fn authenticate(&self, presented: &str) -> Result<Arc<Caller>, AuthError> {
        let scopes: Vec<&str> = presented.split('+').collect();
        let scopes = Scopes::parse(&scopes).map_err(|_| AuthError::Unknown)?;
        Ok(Arc::new(Caller {
            principal: Principal {
                org: OrgId::from_u128(1),
                project: ProjectId::from_u128(2),
                key: KeyId::from_u128(3),
                key_name: "test".into(),
                scopes,
            },
            models: guard::ModelAllow::any(),
            limits: Arc::new(guard::KeyLimits::new(&guard::Limits::default())),
            budgets: Arc::new(guard::Budgets::new(Vec::new(), Vec::new())),
            tags: BTreeMap::new(),
            capture: false,
            expires_at: None,
        }))
    }
}

const START: Timestamp = Timestamp::from_secs(1_700_000_000);

struct House {
    ops: Arc<Ops>,
    fake: Arc<Fake>,
    clock: TestClock,
    breakers: Arc<Breakers>,
    router: axum::Router,
}

fn house(metrics_access: MetricsAccess) -> House {
    let clock = TestClock::at(START);
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    let breakers = Arc::new(Breakers::new(Arc::clone(&shared)));
    let fake = Arc::new(Fake {
        store: Mutex::new(Finding::Up),
        journal_full: Mutex::new(false),
        acts: Mutex::default(),
    });
    let ops = Ops::new(Deps {
        clock: shared,
        settings: OpsSettings {
            metrics_access,
            ..OpsSettings::default()
        },
        version: "1.2.3",
        probes: vec![
            Arc::new(StoreProbe(Arc::clone(&fake))),
            Arc::new(JournalProbe(Arc::clone(&fake))),
        ],
        breakers: Arc::clone(&breakers),
        settings_view: Arc::clone(&fake) as Arc<dyn SettingsView>,
        live_calls: Arc::clone(&fake) as Arc<dyn LiveCalls>,
        acts: Arc::clone(&fake) as Arc<dyn ActLog>,
        logs: telemetry::logs::init(&telemetry::LogSettings::default()).unwrap(),
        registry: Arc::new(telemetry::Registry::new()),
    });
    ops.enter(Phase::Serving);
    let (router, mut document) = routes(Arc::clone(&ops)).split_for_parts();
    security_schemes(&mut document);
    ops.publish(&document);
    let door: Arc<dyn Authenticate> = Arc::new(Door);
    let router = web::harden(router, &web::HttpSettings::default()).layer(axum::Extension(door));
    House {
        ops,
        fake,
        clock,
        breakers,
        router,
    }
}

struct Answer {
    status: u16,
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
}

impl House {
    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    async fn get(&self, uri: &str, scopes: &str) -> Answer {
        self.call(Method::GET, uri, scopes, Body::empty()).await
    }

    async fn call(&self, method: Method, uri: &str, scopes: &str, body: Body) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(uri)
            .header("content-type", "application/json");
        if !scopes.is_empty() {
            request = request.header("x-api-key", scopes);
        }
        self.send(request.body(body).unwrap()).await
    }
}

#[tokio::test]
async fn readiness_follows_phase_and_parts() {
    let house = house(MetricsAccess::Loopback);
    let ready = || async {
        let answer = house.get("/health/ready", "").await;
        (
            answer.status,
            answer.json()["status"].as_str().unwrap().to_owned(),
        )
    };
    house.ops.enter(Phase::Starting);
    assert_eq!(ready().await, (503, "unavailable".into()));
    house.ops.enter(Phase::Serving);
    assert_eq!(ready().await, (200, "ok".into()));

    *house.fake.store.lock() = Finding::Down("no connection".into());
    assert_eq!(
        ready().await,
        (200, "ok".into()),
        "a request never looks by itself"
    );
    crate::jobs::look(&house.ops).await;
    assert_eq!(ready().await, (200, "degraded".into()));

    *house.fake.journal_full.lock() = true;
    assert_eq!(
        ready().await,
        (503, "unavailable".into()),
        "what memory knows counts at once"
    );
    let reasons = house.get("/ready", "").await.json()["reasons"].clone();
    assert_eq!(
        reasons,
        serde_json::json!(["store: no connection", "journal: full"])
    );

    *house.fake.journal_full.lock() = false;
    house.ops.enter(Phase::Draining);
    assert_eq!(ready().await, (503, "unavailable".into()));
    assert_eq!(house.get("/health/live", "").await.status, 200);
    assert_eq!(house.get("/health", "").await.status, 503);
}

#[tokio::test]
async fn details_tell_since_when_and_need_a_key() {
    let house = house(MetricsAccess::Loopback);
    assert_eq!(house.get("/health/detailed", "").await.status, 401);
    assert_eq!(
        house.get("/health/detailed", "gateway:invoke").await.status,
        403
    );
    crate::jobs::look(&house.ops).await;
    house.clock.advance(Duration::from_secs(60));
    *house.fake.store.lock() = Finding::Degraded("slow".into());
    crate::jobs::look(&house.ops).await;
    house.clock.advance(Duration::from_secs(5));
    crate::jobs::look(&house.ops).await;
    let body = house.get("/health/detailed", "ops:read").await.json();
    let store = &body["parts"][0];
    assert_eq!(
        (&store["state"], &store["reason"]),
        (&"degraded".into(), &"slow".into())
    );
    assert_eq!(
        store["since"],
        START.plus(Duration::from_secs(60)).to_string()
    );
    assert_eq!(
        store["checked_at"],
        START.plus(Duration::from_secs(65)).to_string()
    );
    assert_eq!(
        (&body["uptime_s"], &body["live_calls"]),
        (&65.into(), &1.into())
    );
}

#[tokio::test(start_paused = true)]
async fn a_part_that_hangs_counts_as_down_in_time() {
    let house = house(MetricsAccess::Loopback);
    let hanging = crate::service::Watched {
        probe: Arc::new(HangingProbe),
        seen: parking_lot::RwLock::new(None),
    };
    let mut ops = Arc::into_inner(house.ops_alone()).unwrap();
    ops.watched.push(hanging);
    crate::jobs::look(&ops).await;
    ops.enter(Phase::Serving);
    assert_eq!(ops.readiness().1, ["hanging: no answer within 1000 ms"]);
}

impl House {
    /// The room without its router.
    fn ops_alone(self) -> Arc<Ops> {
        drop(self.router);
        self.ops
    }
}

#[tokio::test]
async fn metrics_are_for_keys_and_for_this_machine() {
    let from = |ip: &str, proxied: bool| {
        let mut request = Request::builder().uri("/metrics");
        if proxied {
            request = request.header("x-forwarded-for", "203.0.113.9");
        }
        let mut request = request.body(Body::empty()).unwrap();
        let ip: IpAddr = ip.parse().unwrap();
        let context = RequestContext::new(ip, request.headers());
        request.extensions_mut().insert(context);
        request
    };
    let house_of = house;
    let house = house_of(MetricsAccess::Loopback);
    let breaker = house
        .breakers
        .ensure("p", "sim", BreakerSettings::default());
    drop(breaker);
    let answer = house.send(from("127.0.0.1", false)).await;
    assert_eq!(answer.status, 200);
    assert!(
        answer.body.contains("breaker_state{name=\"p\"} 0\n"),
        "{}",
        answer.body
    );
    assert!(
        answer
            .header("content-type")
            .starts_with("text/plain; version=0.0.4")
    );
    assert_eq!(
        house.send(from("::ffff:127.0.0.1", false)).await.status,
        200
    );
    assert_eq!(house.send(from("127.0.0.1", true)).await.status, 401);
    assert_eq!(house.send(from("10.0.0.1", false)).await.status, 401);
    assert_eq!(house.get("/metrics", "ops:read").await.status, 200);
    assert_eq!(house.get("/metrics", "keys:read").await.status, 403);

    let house = house_of(MetricsAccess::Key);
    assert_eq!(house.send(from("127.0.0.1", false)).await.status, 401);
    let house = house_of(MetricsAccess::Open);
    assert_eq!(house.send(from("10.0.0.1", true)).await.status, 200);
}

#[tokio::test]
async fn the_page_of_the_api_needs_nothing_from_elsewhere() {
    let house = house(MetricsAccess::Loopback);
    let answer = house.get("/docs", "").await;
    assert_eq!((answer.status, answer.header("location")), (307, "/docs/"));
    let page = house.get("/docs/", "").await;
    assert!(page.header("content-type").starts_with("text/html"));
    let policy = page.header("content-security-policy");
    assert!(policy.contains("script-src 'self'") && policy.contains("frame-ancestors 'none'"));
    assert!(
        !page.body.contains("<script>"),
        "inline scripts would be refused by the policy"
    );

    let sources = page
        .body
        .split(['"', '\''])
        .filter(|part| part.contains('.'));
    let files: Vec<&str> = sources
        .filter(|part| {
            [".js", ".css", ".png"]
                .iter()
                .any(|end| part.ends_with(end))
        })
        .collect();
    assert!(files.len() >= 5, "{files:?}");
    for name in files {
        assert!(!name.contains("//"), "{name} comes from elsewhere");
        let path = format!("/docs/{}", name.trim_start_matches("./"));
        assert_eq!(house.get(&path, "").await.status, 200, "{path}");
    }
    let script = house.get("/docs/swagger-initializer.js", "").await;
    assert!(script.body.contains("/openapi.json") && !script.body.contains("petstore"));
    assert_eq!(house.get("/docs/nothing.js", "").await.status, 404);
}

#[tokio::test]
async fn the_document_names_permission_and_audit_of_every_route() {
    let house = house(MetricsAccess::Loopback);
    let document = house.get("/openapi.json", "").await.json();
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() >= 18);
    for (path, operations) in paths {
        for (method, operation) in operations.as_object().unwrap() {
            let permission = operation["x-permission"].as_str().unwrap_or_default();
            let public = operation["security"] == serde_json::json!([{}]);
            assert!(operation["x-audit"].is_string(), "{method} {path}");
            assert!(
                permission == "public" || permission.contains(':'),
                "{method} {path}"
            );
            assert_eq!(permission == "public", public, "{method} {path}");
        }
    }
    for name in ["ErrorBody", "Health", "BreakerView"] {
        assert!(
            document["components"]["schemas"][name].is_object(),
            "{name}"
        );
    }
}

#[tokio::test]
async fn every_route_with_a_permission_refuses_strangers() {
    let house = house(MetricsAccess::Key);
    let document = house.get("/openapi.json", "").await.json();
    let mut guarded = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            if operation["x-permission"] == "public" {
                continue;
            }
            guarded += 1;
            let path = path.replace("{name}", "p");
            let method: Method = method.to_uppercase().parse().unwrap();
            let ask = |scopes| house.call(method.clone(), &path, scopes, Body::empty());
            assert_eq!(ask("").await.status, 401, "{method} {path}");
            assert_eq!(ask("gateway:invoke").await.status, 403, "{method} {path}");
        }
    }
    assert!(guarded >= 9);
}

#[tokio::test]
async fn breakers_are_listed_and_reset_with_a_record() {
    let house = house(MetricsAccess::Loopback);
    let settings = BreakerSettings::default();
    let breaker = house.breakers.ensure("anthropic", "anthropic", settings);
    while let Ok(pass) = breaker.try_acquire() {
        pass.failure();
    }
    let listed = house.get("/v1/circuit-breakers", "ops:read").await.json();
    let row = &listed["data"][0];
    assert_eq!(
        (&row["name"], &row["state"]),
        (&"anthropic".into(), &"open".into())
    );
    assert!(row["failures"].as_u64().unwrap() > 0 && row["opened_at"].is_string());
    assert!(listed["next_cursor"].is_null());

    let reset = |name: &str, scopes: &'static str| {
        let path = format!("/v1/circuit-breakers/{name}/reset");
        let house = &house;
        async move { house.call(Method::POST, &path, scopes, Body::empty()).await }
    };
    assert_eq!(reset("anthropic", "ops:read").await.status, 403);
    assert_eq!(
        reset("nobody", "ops:update").await.json()["code"],
        "BREAKER_NOT_FOUND"
    );
    assert!(house.fake.acts.lock().is_empty());
    let answer = reset("anthropic", "ops:update").await;
    assert_eq!(
        (answer.status, &answer.json()["state"]),
        (200, &"closed".into())
    );
    let acts = house.fake.acts.lock();
    assert_eq!(
        (acts[0].action.as_str(), acts[0].target.as_str()),
        ("breaker.reset", "anthropic")
    );
    assert_eq!(acts[0].actor, Some(KeyId::from_u128(3)));
}

#[tokio::test]
async fn the_process_shows_its_inside_to_those_who_may() {
    let house = house(MetricsAccess::Loopback);
    let see = |path: &'static str| {
        let house = &house;
        async move {
            let answer = house.get(path, "debug:read").await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.body);
            answer.json()
        }
    };
    assert_eq!(
        see("/v1/debug/settings").await["data"][0]["path"],
        "http.port"
    );
    assert_eq!(see("/v1/debug/streams").await["data"][0]["model"], "m");
    assert!(see("/v1/debug/tasks").await["workers"].as_u64().unwrap() >= 1);
    assert!(
        see("/v1/debug/memory").await["resident_bytes"]
            .as_u64()
            .unwrap()
            > 1_000_000
    );
    assert!(
        see("/v1/debug/cpu-profile?ms=100").await["span_ms"]
            .as_u64()
            .unwrap()
            >= 100
    );
    let answer = house
        .get("/v1/debug/cpu-profile?seconds=1", "debug:read")
        .await;
    assert_eq!(answer.json()["code"], "INVALID_QUERY");
}

#[tokio::test]
async fn the_log_level_changes_with_a_record() {
    let house = house(MetricsAccess::Loopback);
    let put = |body: &'static str| {
        house.call(
            Method::PUT,
            "/v1/debug/log-level",
            "ops:update",
            Body::from(body),
        )
    };
    let answer = put(r#"{"level":"loud"}"#).await;
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (400, &"INVALID_LOG_LEVEL".into())
    );
    assert_eq!(put(r#"{"level":"debug"}"#).await.json()["level"], "debug");
    let shown = house.get("/v1/debug/log-level", "debug:read").await.json();
    assert_eq!(shown["level"], "debug");
    let acts = house.fake.acts.lock();
    assert_eq!(acts.len(), 1);
    assert_eq!(
        acts[0].change,
        serde_json::json!({ "from": "info", "to": "debug" })
    );
}

#[tokio::test]
async fn the_front_door_speaks_to_programs_and_people() {
    let house = house(MetricsAccess::Loopback);
    let index = house.get("/", "").await.json();
    assert_eq!(
        (&index["name"], &index["version"]),
        (&"switchyard".into(), &"1.2.3".into())
    );
    let request = Request::builder()
        .uri("/")
        .header("accept", "text/html,*/*");
    let page = house.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(page.status, StatusCode::OK.as_u16());
    assert!(page.body.contains("href=\"/docs/\"") && !page.body.contains("http://"));
}
