//! The room's routes behind the layers that the application puts around them.

mod breakers;
mod debug;
mod document;
mod health;
mod pages;

use std::collections::BTreeMap;

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

    /// The room without its router.
    fn ops_alone(self) -> Arc<Ops> {
        drop(self.router);
        self.ops
    }
}
