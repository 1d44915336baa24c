//! Facts to append, and a store that remembers what it was given.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use facts::{Attempt, CallClosed, CallOpened, CallProgress, CallStatus, Cost, Fact, Surface};
use journal::{BoxError, Delivery, Journal, Options, Recovery, Sink};
use kernel::{CallId, KeyId, Nano, OrgId, ProjectId, RequestId, SystemClock, Timestamp, Usage};
use parking_lot::Mutex;
use tokio::sync::watch;

/// Small enough that a handful of calls fills several segments.
pub const SMALL_SEGMENT: u64 = 4 << 10;

pub fn options(dir: &Path) -> Options {
    Options {
        sync_every: Duration::from_millis(5),
        deliver_every: Duration::from_millis(5),
        ..Options::new(dir.to_owned())
    }
}

pub fn open(options: Options) -> (Journal, Recovery) {
    Journal::open(options, Arc::new(SystemClock::new())).unwrap()
}

pub fn id(number: u64) -> CallId {
    CallId::from_u128(u128::from(number) + 1)
}

pub fn opened(number: u64) -> Fact {
    Fact::Opened(Box::new(CallOpened {
        id: id(number),
        request: RequestId::from_u128(1),
        org: OrgId::from_u128(2),
        project: ProjectId::from_u128(3),
        key: KeyId::from_u128(4),
        surface: Surface::Messages,
        requested_model: "house-large".into(),
        provider: "anthropic".into(),
        upstream_model: "claude-opus-5-5".into(),
        stream: true,
        at: Timestamp::from_secs(1_000),
        input_estimate: 100 + number,
        input_estimate_nano: Nano(7),
        reserved_nano: Nano(900),
        billed_by_client: number == 1,
        unpriced: number == 0,
        tags: BTreeMap::from([("team".into(), "blue".into())]),
        session: None,
    }))
}

pub fn progress(number: u64, output: u64) -> Fact {
    Fact::Progress(CallProgress {
        id: id(number),
        at: Timestamp::from_secs(1_000).plus(Duration::from_secs(output)),
        usage: Usage {
            output,
            ..Usage::default()
        },
        nano_usd: Nano(i64::try_from(output).unwrap() * 11),
    })
}

pub fn call(number: u64) -> CallClosed {
    CallClosed {
        id: id(number),
        request: RequestId::from_u128(1),
        org: OrgId::from_u128(2),
        project: ProjectId::from_u128(3),
        key: KeyId::from_u128(4),
        surface: Surface::Messages,
        requested_model: "house-large".into(),
        model: "claude-opus-5-5".into(),
        provider: "anthropic".into(),
        stream: true,
        status: CallStatus::Ok,
        http_status: 200,
        error_code: None,
        error: None,
        started_at: Timestamp::from_secs(1_000),
        duration_us: 2_000_000,
        first_byte_us: Some(300_000),
        usage: Usage {
            input: 10,
            output: number,
            ..Usage::default()
        },
        tools: kernel::tokens::ServerTools::default(),
        cost: Cost {
            nano_usd: Nano(1_234),
            ..Cost::default()
        },
        service: Some("standard".into()),
        response_id: Some(format!("msg_{number}")),
        stop_reason: Some("end_turn".into()),
        request_bytes: 1_000,
        response_bytes: 2_000,
        tags: BTreeMap::new(),
        session: None,
        client: Some("claude-cli".into()),
        end_user: None,
        captured: false,
        attempts: vec![Attempt {
            provider: "anthropic".into(),
            model: "claude-opus-5-5".into(),
            started_us: 10,
            duration_us: 1_999_000,
            http_status: Some(200),
            error: None,
            upstream_request_id: Some("req_upstream".into()),
        }],
    }
}

pub fn closed(number: u64) -> Fact {
    Fact::Closed(Box::new(call(number)))
}

/// A store in memory: idempotent by call id, and it fails when told to.
#[derive(Default)]
pub struct Recorder {
    inner: Mutex<Inner>,
    failing: watch::Sender<u64>,
}

#[derive(Default)]
struct Inner {
    calls: BTreeMap<CallId, Arc<CallClosed>>,
    /// Calls that came again after they were taken.
    again: usize,
    down: bool,
    poison: Option<CallId>,
    largest_batch: usize,
}

impl Recorder {
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    pub fn set_down(&self, down: bool) {
        self.inner.lock().down = down;
    }

    pub fn refuse(&self, call: CallId) {
        self.inner.lock().poison = Some(call);
    }

    /// Returns once `count` batches were refused.
    pub async fn refused(&self, count: u64) {
        self.failing
            .subscribe()
            .wait_for(|refused| *refused >= count)
            .await
            .unwrap();
    }

    pub fn calls(&self) -> BTreeMap<CallId, Arc<CallClosed>> {
        self.inner.lock().calls.clone()
    }

    pub fn count(&self) -> usize {
        self.inner.lock().calls.len()
    }

    pub fn again(&self) -> usize {
        self.inner.lock().again
    }

    pub fn largest_batch(&self) -> usize {
        self.inner.lock().largest_batch
    }

    pub fn status(&self, number: u64) -> Option<CallStatus> {
        self.inner
            .lock()
            .calls
            .get(&id(number))
            .map(|call| call.status)
    }
}

#[async_trait::async_trait]
impl Sink for Recorder {
    async fn deliver(&self, batch: &[Delivery]) -> Result<(), BoxError> {
        let mut inner = self.inner.lock();
        let ids: HashSet<CallId> = batch.iter().map(|delivery| delivery.call.id).collect();
        assert_eq!(ids.len(), batch.len(), "a call stands twice in a batch");
        if inner.down || inner.poison.is_some_and(|poison| ids.contains(&poison)) {
            drop(inner);
            self.failing.send_modify(|count| *count += 1);
            return Err("the store is down".into());
        }
        inner.largest_batch = inner.largest_batch.max(batch.len());
        for delivery in batch {
            let written: Fact = serde_json::from_str(&delivery.json).unwrap();
            assert_eq!(written, Fact::Closed(Box::new((*delivery.call).clone())));
            if inner
                .calls
                .insert(delivery.call.id, Arc::clone(&delivery.call))
                .is_some()
            {
                inner.again += 1;
            }
        }
        Ok(())
    }
}

/// Opens the journal, delivers what it holds and closes it again.
pub async fn drain(options: Options, sink: &Arc<Recorder>) -> Recovery {
    let (journal, recovery) = open(options);
    let running = journal.start(Arc::clone(sink) as Arc<dyn Sink>);
    journal.delivered().await;
    running.stop().await;
    recovery
}

/// The segment files of a folder, in the order of writing.
pub fn segments(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut paths: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "wal"))
        .collect();
    paths.sort();
    paths
}
