//! A room on each database, and calls to put into it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use ::store::Store;
use ::store::testing::Guard;
use async_trait::async_trait;
use bytes::Bytes;
use facts::{Attempt, CallClosed, CallStatus, Cost, Fact, Surface};
use journal::{Delivery, Sink};
use kernel::tokens::ServerTools;
use kernel::{CallId, KeyId, Nano, OrgId, ProjectId, RequestId, TestClock, Timestamp, Usage};

use crate::{
    AlwaysFresh, Analytics, AnalyticsConfig, BoxError, Deps, Payloads, RetentionConfig, migrations,
};

pub(super) const ORG: OrgId = OrgId::from_u128(1);
pub(super) const OTHER_ORG: OrgId = OrgId::from_u128(2);
pub(super) const PROJECT: ProjectId = ProjectId::from_u128(3);
pub(super) const KEY: KeyId = KeyId::from_u128(4);
pub(super) const OTHER_KEY: KeyId = KeyId::from_u128(5);

pub(super) fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// Now, in every test.
pub(super) fn now() -> Timestamp {
    at("2026-11-21T12:00:00Z")
}

/// Payloads in memory.
#[derive(Default)]
pub(super) struct Drawer(Mutex<HashMap<CallId, (OrgId, Timestamp, Bytes)>>);

impl Drawer {
    pub(super) fn put(&self, call: &CallClosed, payload: &'static str) {
        let kept = (
            call.org,
            call.started_at,
            Bytes::from_static(payload.as_bytes()),
        );
        self.0.lock().unwrap().insert(call.id, kept);
    }
}

#[async_trait]
impl Payloads for Drawer {
    async fn read(
        &self,
        org: OrgId,
        call: CallId,
        _: Timestamp,
    ) -> Result<Option<Bytes>, BoxError> {
        let drawer = self.0.lock().unwrap();
        let found = drawer.get(&call).filter(|kept| kept.0 == org);
        Ok(found.map(|kept| kept.2.clone()))
    }

    async fn purge(&self, before: Timestamp, limit: usize) -> Result<usize, BoxError> {
        let mut drawer = self.0.lock().unwrap();
        let gone: Vec<CallId> = drawer
            .iter()
            .filter(|(_, kept)| kept.1 < before)
            .map(|(id, _)| *id)
            .take(limit)
            .collect();
        gone.iter().for_each(|id| {
            drawer.remove(id);
        });
        Ok(gone.len())
    }
}

/// A room on one database.
pub(super) struct Fixture {
    pub(super) database: &'static str,
    pub(super) room: Analytics,
    pub(super) store: Store,
    pub(super) drawer: Arc<Drawer>,
    _guard: Guard,
}

impl Fixture {
    /// A room on each database that can be had.
    pub(super) async fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for (database, store, guard) in ::store::testing::stores().await {
            store.migrate(migrations()).await.unwrap();
            let drawer = Arc::new(Drawer::default());
            let room = Analytics::new(Deps {
                store: store.clone(),
                clock: Arc::new(TestClock::at(now())),
                freshness: Arc::new(AlwaysFresh),
                payloads: drawer.clone(),
                config: AnalyticsConfig::default(),
                retention: RetentionConfig::default(),
            });
            all.push(Self {
                database,
                room,
                store,
                drawer,
                _guard: guard,
            });
        }
        all
    }

    pub(super) async fn deliver(&self, calls: &[CallClosed]) {
        let batch: Vec<Delivery> = calls.iter().map(delivery).collect();
        self.room.sink().deliver(&batch).await.unwrap();
    }
}

pub(super) fn delivery(call: &CallClosed) -> Delivery {
    let json = serde_json::to_string(&Fact::Closed(Box::new(call.clone()))).unwrap();
    Delivery {
        call: Arc::new(call.clone()),
        json: json.into(),
    }
}

/// A finished call: a minute before now for number 0, each further one a minute earlier.
pub(super) fn call(number: u64) -> CallClosed {
    CallClosed {
        id: CallId::from_u128(u128::from(u64::MAX - number)),
        request: RequestId::from_u128(u128::from(number)),
        org: ORG,
        project: PROJECT,
        key: KEY,
        surface: Surface::Chat,
        requested_model: "gpt-5".to_owned(),
        model: "gpt-5".to_owned(),
        provider: "openai".to_owned(),
        stream: false,
        status: CallStatus::Ok,
        http_status: 200,
        error_code: None,
        error: None,
        started_at: Timestamp(now().0 - 60_000_000 * (i64::try_from(number).unwrap() + 1)),
        duration_us: 2_000_000,
        first_byte_us: Some(500_000),
        usage: Usage {
            input: 100,
            cache_read: 40,
            cache_write_5m: 7,
            cache_write_1h: 3,
            audio_in: 5,
            output: 20,
            reasoning: 9,
            ..Usage::default()
        },
        tools: ServerTools::default(),
        cost: Cost {
            nano_usd: Nano(1_500),
            ..Cost::default()
        },
        service: None,
        response_id: Some("chatcmpl-1".to_owned()),
        stop_reason: Some("stop".to_owned()),
        request_bytes: 10,
        response_bytes: 20,
        tags: [("team".to_owned(), "core".to_owned())].into(),
        session: None,
        client: None,
        end_user: None,
        captured: false,
        attempts: vec![Attempt {
            provider: "openai".to_owned(),
            model: "gpt-5".to_owned(),
            started_us: 10,
            duration_us: 1_900_000,
            http_status: Some(200),
            error: None,
            upstream_request_id: Some("req-up".to_owned()),
        }],
    }
}
