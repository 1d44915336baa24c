//! Clients that call without a pause, and what they saw. Every call has a number, which decides its usage and so
//! its price, and which stands in its tags.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use doubles::Provider;
use doubles::patience::{self, PATIENCE};
use doubles::provider::reply::Surface;
use doubles::provider::{Answer, Gate, Recorded, Reply, Script};
use kernel::Usage;
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::binary::{Product, client};
use crate::ground::model;

/// Asks the provider to stop in the middle of the stream, until the test lets it go on.
const HOLD: &str = "x-hold";

/// What the provider counts for a call.
pub fn usage(number: u64) -> Usage {
    Usage {
        input: 100 + number % 97,
        output: 10 + number % 31,
        cache_read: number % 13,
        ..Usage::default()
    }
}

/// What it costs under the prices of [`settings`], in nano-dollars.
pub fn cost(number: u64) -> u64 {
    let usage = usage(number);
    usage.input * 3_000 + usage.output * 9_000 + usage.cache_read * 300
}

/// A provider that answers by the number of the call.
pub struct Upstream {
    pub provider: Provider,
    /// Where held streams wait.
    pub gate: Gate,
}

/// Starts one.
pub async fn provider() -> Upstream {
    let provider = Provider::start().await;
    let gate = Gate::closed();
    for surface in Surface::STREAMING {
        let gate = gate.clone();
        let answer = move |request: &Recorded| {
            let number: u64 = request.header("x-number").unwrap().parse().unwrap();
            let reply = Reply::text("What was asked for, in a few words.").usage(usage(number));
            let script: Script = reply.script(request);
            match request.header(HOLD) {
                Some(_) => script.wait_after(4, &gate),
                None => script,
            }
        };
        provider.on(surface.path(), Answer::from_request(answer));
    }
    Upstream { provider, gate }
}

/// Settings that send every model of these tests to this provider, at prices of our own.
pub fn settings(upstream: &Provider) -> String {
    let mut settings = format!(
        "[[providers]]\nname = \"anthropic\"\nkind = \"anthropic\"\nbase_url = \"{}\"\napi_key = \"upstream\"\n\
         [[providers]]\nname = \"openai\"\nkind = \"openai\"\nbase_url = \"{}\"\napi_key = \"upstream\"\n",
        upstream.url(),
        upstream.openai_url()
    );
    for (provider, surface) in [("anthropic", Surface::Messages), ("openai", Surface::Chat)] {
        let _ = write!(
            settings,
            "[[models]]\nid = \"{}\"\nroute = [{{ provider = \"{provider}\" }}]\n\
             price = {{ input = \"3\", output = \"9\", cache_read = \"0.3\" }}\n",
            model(surface)
        );
    }
    settings
}

/// What a client saw of one call.
#[derive(Debug, Clone)]
pub struct Seen {
    pub number: u64,
    /// The call's id, where the head of an answer came.
    pub id: Option<String>,
    pub ending: Ending,
}

/// How a call ended for its client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The whole answer was read.
    Whole,
    /// The connection broke.
    Broken,
    /// Another status than 200, and its body.
    Refused(u16, Value),
}

/// One client.
#[derive(Clone)]
pub struct Caller {
    http: reqwest::Client,
    base: String,
    key: String,
    numbers: Arc<AtomicU64>,
    pieces: watch::Sender<u64>,
    /// Calls under way, with how many bytes of their answers came; `None` where nothing came yet.
    under_way: Arc<Mutex<BTreeMap<u64, Option<usize>>>>,
}

impl Caller {
    /// Numbers are taken from `numbers`, which outlives one process.
    pub fn new(product: &Product, key: &str, numbers: &Arc<AtomicU64>) -> Self {
        Self {
            http: client(),
            base: product.base().to_owned(),
            key: key.to_owned(),
            numbers: Arc::clone(numbers),
            pieces: watch::Sender::new(0),
            under_way: Arc::default(),
        }
    }

    /// Makes the next call: surfaces take turns, streams and whole answers too.
    pub async fn next(&self) -> Seen {
        let number = self.numbers.fetch_add(1, Ordering::SeqCst);
        let surface = Surface::STREAMING[usize::try_from(number % 3).unwrap()];
        self.call(number, surface, number.is_multiple_of(2), false)
            .await
    }

    /// Begins a stream that stops in the middle until the provider goes on.
    pub async fn hold(&self) -> Seen {
        let number = self.numbers.fetch_add(1, Ordering::SeqCst);
        let surface = Surface::STREAMING[usize::try_from(number % 3).unwrap()];
        self.call(number, surface, true, true).await
    }

    async fn call(&self, number: u64, surface: Surface, stream: bool, held: bool) -> Seen {
        self.note(number, None);
        let seen = self.exchange(number, surface, stream, held).await;
        self.under_way.lock().unwrap().remove(&number);
        seen
    }

    fn note(&self, number: u64, read: Option<usize>) {
        self.under_way.lock().unwrap().insert(number, read);
    }

    async fn exchange(&self, number: u64, surface: Surface, stream: bool, held: bool) -> Seen {
        let body = surface.request(model(surface), stream).to_string();
        let mut request = self
            .http
            .post(format!("{}{}", self.base, surface.path()))
            .bearer_auth(&self.key)
            .header("content-type", "application/json")
            .header("x-number", number)
            .header("x-switchyard-tags", format!("number={number}"))
            .body(body);
        if held {
            request = request.header(HOLD, "1");
        }
        let mut seen = Seen {
            number,
            id: None,
            ending: Ending::Broken,
        };
        let Ok(mut answer) = request.send().await else {
            return seen;
        };
        let status = answer.status().as_u16();
        let id = answer.headers().get("x-switchyard-call-id");
        seen.id = id.map(|id| id.to_str().unwrap().to_owned());
        let mut read = Vec::new();
        self.note(number, Some(0));
        loop {
            match answer.chunk().await {
                Ok(Some(piece)) => {
                    read.extend_from_slice(&piece);
                    self.note(number, Some(read.len()));
                    self.pieces.send_modify(|pieces| *pieces += 1);
                }
                Ok(None) => break,
                Err(_) => return seen,
            }
        }
        seen.ending = if status == 200 {
            Ending::Whole
        } else {
            Ending::Refused(status, serde_json::from_slice(&read).unwrap_or_default())
        };
        seen
    }
}

/// Clients at work.
pub struct Load {
    caller: Caller,
    stop: Arc<AtomicBool>,
    tasks: JoinSet<Vec<Seen>>,
}

impl Load {
    /// Starts this many clients that call one after the other, and this many that hold a stream.
    pub fn start(caller: Caller, clients: usize, holding: usize) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        for _ in 0..holding {
            let caller = caller.clone();
            tasks.spawn(async move { vec![caller.hold().await] });
        }
        for _ in 0..clients {
            let (caller, stop) = (caller.clone(), Arc::clone(&stop));
            tasks.spawn(async move {
                let mut book = Vec::new();
                while !stop.load(Ordering::SeqCst) {
                    let seen = caller.next().await;
                    let broken = seen.ending == Ending::Broken;
                    book.push(seen);
                    if broken {
                        break;
                    }
                }
                book
            });
        }
        Self {
            caller,
            stop,
            tasks,
        }
    }

    /// Resolves once the clients have read this many pieces of answers together.
    pub async fn pieces_at_least(&self, count: u64) {
        let mut pieces = self.caller.pieces.subscribe();
        let read = pieces.wait_for(|pieces| *pieces >= count);
        patience::expect("clients to read answers", read)
            .await
            .unwrap();
    }

    /// How many pieces they have read so far.
    pub fn pieces(&self) -> u64 {
        *self.caller.pieces.borrow()
    }

    /// Lets every client finish its call, and gives all that they saw.
    pub async fn end(mut self) -> Vec<Seen> {
        self.stop.store(true, Ordering::SeqCst);
        let mut all = Vec::new();
        let ending = async {
            while let Some(book) = self.tasks.join_next().await {
                all.extend(book.unwrap());
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, ending).await;
        let under_way = self.caller.under_way.lock().unwrap();
        assert!(in_time.is_ok(), "clients do not end: {under_way:?}");
        all
    }
}
