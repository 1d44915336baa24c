//! `kill -9` at random points under load: what a client saw finish is recorded once and to the nano-dollar, what was open is
//! recorded as interrupted.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use doubles::Provider;
use doubles::provider::reply::Surface;
use doubles::provider::{Answer, Gate, Reply, Script};
use serde_json::json;

use crate::binary::{ADMIN_KEY, LOOK_EVERY, Place, proving};
use crate::ground::model;
use crate::ledger::Ledger;
use crate::load::{self, Caller, Ending, Load, Seen};
use crate::raw::Ask;

const CLIENTS: usize = 6;
const HOLDING: usize = 2;

/// Pieces of answers that a round's clients read at most before the end.
const LONGEST_ROUND: u64 = 400;

/// A walk that looks random and is the same every time (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

async fn survives(database: Option<String>, store: &str) {
    let rounds = if proving() { 100 } else { 10 };
    let upstream = load::provider().await;
    let mut place = Place::new(&load::settings(&upstream.provider));
    if let Some(url) = database {
        place = place.env("DATABASE_URL", &url);
    }
    let numbers = Arc::new(AtomicU64::new(0));
    let mut dice = Dice(0x5eed_0f54_17c4_7a01);
    let mut ledger = Ledger::default();
    let mut finished = 0;
    let mut seen: Vec<Seen> = Vec::new();

    let mut product = place.start().await;
    let budget = json!([{"amount_usd": "1000", "period": "total", "hard": true}]);
    let (id, key) = product
        .key(&json!({"name": "load", "limits": {}, "budgets": budget}))
        .await;
    for round in 0..rounds {
        let caller = Caller::new(&product, &key, &numbers);
        let load = Load::start(caller, CLIENTS, HOLDING);
        load.pieces_at_least(dice.below(LONGEST_ROUND)).await;
        product.kill().await;
        seen.extend(load.end().await);
        // A second death before anything of this could be moved, now and then.
        if dice.below(4) == 0 {
            place.start().await.kill().await;
        }

        product = place.start().await;
        let known = seen.iter().filter(|call| call.id.is_some()).count();
        ledger.read_until(&product, known).await;
        ledger.check_rows();
        ledger.check_seen(&seen);
        ledger.check_upstream(&upstream.provider);
        ledger.check_sums(&product, &id).await;
        let refused = seen
            .iter()
            .find(|call| matches!(call.ending, Ending::Refused(..)));
        assert!(refused.is_none(), "round {round}: {refused:?}");
        finished = seen
            .iter()
            .filter(|call| call.ending == Ending::Whole)
            .count();
    }
    assert!(
        ledger.count("interrupted") > 0,
        "calls were open at the end of some round"
    );
    assert!(finished > rounds, "clients saw calls finish");
    product.stop().await;
    println!(
        "proof: kill -9 at {rounds} random points under load ({store}) => {finished} calls that a client saw finish: each once, \
         exact; {} open ones interrupted once; rollups and budget equal the {} rows",
        ledger.count("interrupted"),
        ledger.len()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_a_client_saw_finish_is_lost() {
    survives(None, "SQLite").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_with_postgresql_either() {
    let database = doubles::postgres::database().await;
    survives(Some(database), "PostgreSQL").await;
}

/// Whether the journal of this place holds a note of a stream's progress.
fn has_progress(place: &Place) -> bool {
    let files = std::fs::read_dir(place.data_dir().join("journal")).unwrap();
    let mut texts = files.filter_map(|file| std::fs::read(file.unwrap().path()).ok());
    texts.any(|text| text.windows(10).any(|ten| ten == b"\"progress\""))
}

#[tokio::test]
async fn a_stream_that_was_open_is_priced_by_how_far_it_had_come() {
    let upstream = Provider::start().await;
    let gate = Gate::closed();
    let text = "Words that come one by one and never end. ".repeat(100);
    let reply = Reply::text(&text).pieces(400).usage(load::usage(7));
    let mut script = Script::stream([]);
    for event in reply.events(Surface::Messages, model(Surface::Messages), true) {
        script = script.chunk(event).wait(&gate);
    }
    upstream.on(Surface::Messages.path(), Answer::from(script));
    let place = Place::new(&load::settings(&upstream));
    let product = place.start().await;
    let body = Surface::Messages.request(model(Surface::Messages), true);
    let ask = Ask::post(Surface::Messages.path(), body.to_string()).bearer(ADMIN_KEY);
    let mut live = ask.open(product.base()).await;
    let text_began = |answer: &crate::raw::Answer| answer.text().contains("text_delta");
    gate.let_one_through();
    let mut look = tokio::time::interval(LOOK_EVERY);
    doubles::patience::expect("progress to be noted", async {
        while !has_progress(&place) || !text_began(&live.answer) {
            gate.let_one_through();
            look.tick().await;
            let before = live.answer.body.len();
            live.until(|answer| answer.body.len() > before).await;
        }
    })
    .await;
    product.kill().await;
    let product = place.start().await;
    let id = live.answer.header("x-switchyard-call-id").unwrap();
    let call = product.read(&format!("/v1/calls/{id}")).await;
    assert_eq!(call["status"], "interrupted", "{call}");
    assert_eq!(call["estimated"], true, "{call}");
    // What the provider said at the start is exact, what it never said is estimated.
    assert_eq!(call["input_tokens"], load::usage(7).input, "{call}");
    assert!(call["output_tokens"].as_u64() > Some(0), "{call}");
    let least = load::usage(7).input * 3_000;
    assert!(call["cost_nano_usd"].as_u64() > Some(least), "{call}");
    product.stop().await;
}
