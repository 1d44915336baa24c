//! Clients that call without a pause, and the book of what they saw. Every call has a number, which decides its usage and so
//! its price, and which stands in its tags.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use doubles::Provider;
use doubles::patience;
use doubles::provider::reply::Surface;
use doubles::provider::{Answer, Gate, Recorded, Reply, Script};
use kernel::Usage;
use serde_json::{Value, json};
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
        loop {
            match answer.chunk().await {
                Ok(Some(piece)) => {
                    read.extend_from_slice(&piece);
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
        patience::expect("clients to end", ending).await;
        all
    }
}

/// The calls in the store, checked as they come.
#[derive(Default)]
pub struct Ledger {
    rows: BTreeMap<String, Value>,
}

impl Ledger {
    /// Reads all calls of the store. What was there before must be there unchanged.
    pub async fn read(&mut self, product: &Product) {
        let mut found = BTreeMap::new();
        let mut cursor = String::new();
        loop {
            let page = product.read(&format!("/v1/calls?limit=500{cursor}")).await;
            for row in page["data"].as_array().unwrap() {
                let id = row["id"].as_str().unwrap().to_owned();
                let twice = found.insert(id, row.clone());
                assert!(twice.is_none(), "listed twice: {row}");
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        for (id, row) in &self.rows {
            assert_eq!(found.get(id), Some(row), "a call changed or went");
        }
        self.rows = found;
    }

    /// Reads until there are at least so many calls.
    pub async fn read_until(&mut self, product: &Product, count: usize) {
        let mut look = tokio::time::interval(std::time::Duration::from_millis(200));
        let what = format!("{count} calls in the store");
        patience::expect(&what, async {
            loop {
                look.tick().await;
                let usage = product.read("/v1/analytics/usage").await;
                if usage["total"]["calls"].as_u64() >= u64::try_from(count).ok() {
                    break;
                }
            }
        })
        .await;
        self.read(product).await;
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Calls with this status.
    pub fn count(&self, status: &str) -> usize {
        let rows = self.rows.values();
        rows.filter(|row| row["status"] == status).count()
    }

    /// Every row is that of one call by its number, exact where it ended well, an estimate where it was interrupted.
    pub fn check_rows(&self) {
        let mut numbers = BTreeSet::new();
        for row in self.rows.values() {
            let number: u64 = row["tags"]["number"].as_str().unwrap().parse().unwrap();
            assert!(numbers.insert(number), "call {number} stands twice: {row}");
            match row["status"].as_str().unwrap() {
                "ok" => {
                    let usage = usage(number);
                    assert_eq!(row["cost_nano_usd"], cost(number), "{row}");
                    assert_eq!(row["input_tokens"], usage.input, "{row}");
                    assert_eq!(row["output_tokens"], usage.output, "{row}");
                    assert_eq!(row["cache_read_tokens"], usage.cache_read, "{row}");
                    assert_eq!(row["estimated"], false, "{row}");
                }
                "interrupted" => {
                    assert_eq!(row["estimated"], true, "{row}");
                    assert_eq!(row["error_code"], "INTERRUPTED", "{row}");
                    assert!(row["cost_nano_usd"].as_u64() > Some(0), "{row}");
                }
                other => panic!("{other}: {row}"),
            }
        }
    }

    /// What clients saw stands there: finished calls as such, begun ones in some way.
    pub fn check_seen(&self, seen: &[Seen]) {
        for call in seen {
            let Some(id) = &call.id else { continue };
            let row = self.rows.get(id);
            let row = row.unwrap_or_else(|| panic!("a client saw {call:?}, the store has nothing"));
            assert_eq!(row["tags"]["number"], call.number.to_string(), "{row}");
            if call.ending == Ending::Whole {
                assert_eq!(row["status"], "ok", "{call:?}: {row}");
            }
        }
    }

    /// Whatever a provider was asked stands there too.
    pub fn check_upstream(&self, upstream: &Provider) {
        let rows = self.rows.values();
        let known: BTreeSet<&str> = rows
            .filter_map(|row| row["tags"]["number"].as_str())
            .collect();
        for request in upstream.requests() {
            let number = request.header("x-number").unwrap();
            assert!(known.contains(number), "the provider was asked {number}");
        }
    }

    /// The rollups and the key's budget say what the rows add up to.
    pub async fn check_sums(&self, product: &Product, key: &str) {
        let sum = |field: &str| -> i64 {
            let rows = self.rows.values();
            rows.map(|row| row[field].as_i64().unwrap_or(0)).sum()
        };
        let count =
            |holds: &dyn Fn(&Value) -> bool| self.rows.values().filter(|row| holds(row)).count();
        let mut expected = json!({
            "calls": self.rows.len(),
            "errors": count(&|row| row["status"] != "ok"),
            "estimated_calls": count(&|row| row["estimated"] == true),
            "unpriced_calls": count(&|row| row["unpriced"] == true),
        });
        for field in [
            "input_tokens",
            "output_tokens",
            "reasoning_tokens",
            "cache_read_tokens",
            "cache_write_tokens",
            "cost_nano_usd",
        ] {
            expected[field] = sum(field).into();
        }
        for query in ["", "?group_by=model", "?group_by=key,surface,provider"] {
            let told = product.read(&format!("/v1/analytics/usage{query}")).await;
            for (field, value) in expected.as_object().unwrap() {
                assert_eq!(&told["total"][field], value, "{field} of usage{query}");
            }
        }
        let key = product.read(&format!("/v1/keys/{key}")).await;
        let spent: kernel::Nano = key["budgets"][0]["spent_usd"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        assert_eq!(spent.0, sum("cost_nano_usd"), "{key}");
    }
}
