//! A thousand streams at once, each event let through only when every stream has the one before: nothing is lost, nothing is
//! mixed up, nothing is held back, and memory stays within bounds.

use std::sync::Arc;

use bytes::Bytes;
use doubles::provider::reply::Surface;
use doubles::provider::{Answer, Gate, Reply, Script};
use doubles::{Provider, patience};
use rustix::process::{Resource, Rlimit};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::binary::{ADMIN_KEY, Place, Product, client};
use crate::ground::model;
use crate::identity::untagged;
use crate::ledger::Ledger;
use crate::load;

const STREAMS: u64 = 1_000;
const EVENTS: usize = 64;

/// Resident memory that one held stream may take, both its connections included.
const KIB_PER_STREAM: u64 = 128;

/// Descriptors that a process needs besides those of its streams.
const FILES_BESIDES: u64 = 200;

/// Raises the soft limit of open files, which the product inherits, and gives how many streams that is enough for.
fn room(wanted: u64) -> u64 {
    let limit = rustix::process::getrlimit(Resource::Nofile);
    let most = limit.maximum.unwrap_or(u64::MAX);
    let needed = (2 * wanted + FILES_BESIDES).min(most);
    if limit.current.is_some_and(|current| current < needed) {
        let raised = Rlimit {
            current: Some(needed),
            maximum: limit.maximum,
        };
        rustix::process::setrlimit(Resource::Nofile, raised).unwrap();
    }
    wanted.min((needed - FILES_BESIDES) / 2)
}

fn surface(number: usize) -> Surface {
    Surface::STREAMING[number % 3]
}

/// The events of one stream: as many as every other's, and none of them in any other.
fn events(number: usize) -> Vec<Bytes> {
    let surface = surface(number);
    let reply = |text: &str| {
        let reply = Reply::text(text).pieces(text.len());
        let reply = reply.id(&format!("stream-{number}"));
        let counted = u64::try_from(number).unwrap();
        reply
            .usage(load::usage(counted))
            .events(surface, model(surface), true)
    };
    let besides = reply("x").len() - 1;
    reply(&"x".repeat(EVENTS - besides))
}

struct Pace {
    /// Gate `n` lets event `n + 1` through.
    gates: Vec<Gate>,
    /// Events that all clients together have read.
    read: watch::Sender<usize>,
}

impl Pace {
    fn script(&self, number: usize) -> Script {
        let mut script = Script::stream([]);
        for (index, event) in events(number).into_iter().enumerate() {
            if index > 0 {
                script = script.wait(&self.gates[index - 1]);
            }
            script = script.chunk(event);
        }
        script
    }

    /// Lets event after event through; gives the most memory that the product took meanwhile.
    async fn keep(&self, product: &Product, streams: usize) -> u64 {
        let mut most = 0;
        for (index, gate) in self.gates.iter().enumerate() {
            let wanted = streams * (index + 1);
            let mut read = self.read.subscribe();
            let what = format!("event {index} of {streams} streams");
            patience::expect(&what, read.wait_for(|all| *all >= wanted))
                .await
                .unwrap();
            most = most.max(product.memory());
            gate.open();
        }
        most
    }
}

/// Reads one stream to its end and holds it against what the provider sent.
async fn follow(http: reqwest::Client, base: String, number: usize, pace: Arc<Pace>) {
    let surface = surface(number);
    let mut body = surface.request(model(surface), true);
    if surface == Surface::Chat {
        body["stream_options"] = serde_json::json!({"include_usage": true});
    }
    let request = http
        .post(format!("{base}{}", surface.path()))
        .bearer_auth(ADMIN_KEY)
        .header("x-number", number)
        .header("x-switchyard-tags", format!("number={number}"))
        .json(&body);
    let mut answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let mut read = Vec::new();
    let mut seen = 0;
    while let Some(piece) = answer.chunk().await.unwrap() {
        read.extend_from_slice(&piece);
        let ends = read.windows(2).filter(|two| *two == b"\n\n").count();
        pace.read.send_modify(|all| *all += ends - seen);
        seen = ends;
    }
    assert!(
        untagged(&read) == events(number).concat(),
        "stream {number} differs: {}",
        String::from_utf8_lossy(&read)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_streams_are_held_and_lose_no_event() {
    let streams = usize::try_from(room(STREAMS)).unwrap();
    let pace = Arc::new(Pace {
        gates: (1..EVENTS).map(|_| Gate::closed()).collect(),
        read: watch::Sender::new(0),
    });
    let upstream = Provider::start().await;
    for surface in Surface::STREAMING {
        let pace = Arc::clone(&pace);
        let script = move |request: &doubles::provider::Recorded| {
            pace.script(request.header("x-number").unwrap().parse().unwrap())
        };
        upstream.on(surface.path(), Answer::from_request(script));
    }
    let place = Place::new(&load::settings(&upstream));
    let product = place.start().await;
    let before = product.memory();
    let mut clients = JoinSet::new();
    let http = client();
    for number in 0..streams {
        let (http, base) = (http.clone(), product.base().to_owned());
        clients.spawn(follow(http, base, number, Arc::clone(&pace)));
    }
    let held = pace.keep(&product, streams).await;
    patience::expect("every stream to end", async {
        while let Some(ended) = clients.join_next().await {
            ended.unwrap();
        }
    })
    .await;
    let each = held.saturating_sub(before) / u64::try_from(streams).unwrap();
    assert!(
        each <= KIB_PER_STREAM,
        "{each} KiB for a stream: {before} to {held}"
    );
    let mut ledger = Ledger::default();
    ledger.read_until(&product, streams).await;
    ledger.check_rows();
    assert_eq!((ledger.len(), ledger.count("ok")), (streams, streams));
    println!(
        "proof: {streams} concurrent streams of {EVENTS} paced events => no event lost, every byte as sent, every call priced \
         exactly; {each} KiB a stream"
    );
    product.stop().await;
}
