//! What the tests of this room stand on: a gateway with a journal of its own, and calls opened without a request.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use facts::{CallClosed, Surface};
use guard::limits::Limits;
use guard::{Budgets, Caller, KeyLimits, ModelAllow};
use journal::{Delivery, Journal};
use kernel::{Clock, KeyId, OrgId, Principal, ProjectId, RequestId, Scopes, SystemClock};
use llm::prices::PriceBook;
use llm::{Target, Upstream};
use parking_lot::Mutex;
use serde_json::{Value, json};
use wire::{Meter, Protocol};

use crate::call::{Call, Opening};
use crate::gateway::{Deps, Gateway, GatewaySettings, State};
use crate::ports::{CapturedPayload, PayloadSink};
use crate::reader::Reader;
use crate::relay::Relay;

/// A gateway in a folder of its own.
pub(crate) struct House {
    pub gateway: Gateway,
    pub caller: Caller,
    pub payloads: Arc<Payloads>,
    journal: Journal,
    records: Arc<Records>,
    _running: journal::Running,
    _folder: tempfile::TempDir,
}

/// The records of calls that ended.
#[derive(Default)]
struct Records(Mutex<Vec<Arc<CallClosed>>>);

#[async_trait]
impl journal::Sink for Records {
    async fn deliver(&self, batch: &[Delivery]) -> Result<(), journal::BoxError> {
        let calls = batch.iter().map(|delivery| delivery.call.clone());
        self.0.lock().extend(calls);
        Ok(())
    }
}

/// Payloads that were captured.
#[derive(Default)]
pub(crate) struct Payloads(pub Mutex<Vec<CapturedPayload>>);

impl PayloadSink for Payloads {
    fn capture(&self, payload: CapturedPayload) {
        self.0.lock().push(payload);
    }
}

struct Nobody;

#[async_trait]
impl web::Authenticate for Nobody {
    fn known(&self, _: &str) -> Option<Result<Arc<Caller>, web::AuthError>> {
        Some(Err(web::AuthError::Unknown))
    }

    async fn authenticate(&self, _: &str) -> Result<Arc<Caller>, web::AuthError> {
        Err(web::AuthError::Unknown)
    }
}

/// A caller without limits or budgets.
pub(crate) fn caller() -> Caller {
    Caller {
        principal: Principal {
            org: OrgId::new(),
            project: ProjectId::new(),
            key: KeyId::new(),
            key_name: "test".into(),
            scopes: Scopes::all(),
        },
        models: ModelAllow::any(),
        limits: Arc::new(KeyLimits::new(&Limits::default())),
        budgets: Arc::new(Budgets::new(Vec::new(), Vec::new())),
        tags: std::collections::BTreeMap::new(),
        capture: false,
        expires_at: None,
    }
}

impl House {
    /// With a provider `double` of kind openai at this address, besides the simulated one.
    pub fn new(base_url: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let options = journal::Options::new(folder.path().join("journal"));
        let (journal, _) = Journal::open(options, clock.clone()).unwrap();
        let records = Arc::new(Records::default());
        let payloads = Arc::new(Payloads::default());
        let running = journal.start(records.clone());
        let providers: Vec<Value> = base_url
            .into_iter()
            .map(|base_url| json!({"name": "double", "kind": "openai", "base_url": base_url}))
            .collect();
        let settings = GatewaySettings {
            providers: serde_json::from_value(json!(providers)).unwrap(),
            ..GatewaySettings::default()
        };
        let deps = Deps {
            clock: clock.clone(),
            journal: journal.clone(),
            authenticate: Arc::new(Nobody),
            payloads: payloads.clone(),
            breakers: Arc::new(guard::Breakers::new(clock)),
            prices: Arc::new(PriceBook::bundled().unwrap()),
            marker: Arc::new(crypto::Pepper::new(&[7; 32]).marker("test")),
        };
        Self {
            gateway: Gateway::new(deps, &settings).unwrap(),
            caller: caller(),
            payloads,
            journal,
            records,
            _running: running,
            _folder: folder,
        }
    }

    pub fn state(&self) -> Arc<State> {
        self.gateway.shared.state.load_full()
    }

    pub fn upstream(&self, name: &str) -> Arc<Upstream> {
        self.state().catalogue.provider(name).unwrap().clone()
    }

    /// A call that was sent and whose head has come.
    pub fn call(&self, upstream: &Arc<Upstream>, model: &str) -> Box<Call> {
        let opening = Opening {
            request: RequestId::new(),
            surface: Surface::Chat,
            requested_model: model.to_owned(),
            target: Target::to(upstream, None),
            stream: true,
            governed: None,
            max_output: None,
            choices: 1,
            background: false,
            body: &Bytes::from_static(b"{}"),
            tags: std::collections::BTreeMap::new(),
            session: None,
            client: None,
            end_user: None,
            unreserved: false,
        };
        let shared = &self.gateway.shared;
        let mut call = Call::open(shared, &self.state(), &self.caller, opening).unwrap();
        call.attempt();
        call.answered(200, None);
        call
    }

    /// A relay of a chat stream over this body.
    pub fn relay(&self, upstream: &Arc<Upstream>, model: &str, body: llm::AnswerBody) -> Relay {
        Relay::new(
            self.call(upstream, model),
            upstream.clone(),
            body,
            Reader::Own(Meter::new(Protocol::Chat)),
            64 << 10,
            Some(upstream.breaker.try_acquire().unwrap()),
            upstream.bulkhead.try_acquire().unwrap(),
        )
    }

    /// The records so far.
    pub async fn records(&self) -> Vec<Arc<CallClosed>> {
        self.journal.delivered().await;
        self.records.0.lock().clone()
    }
}
