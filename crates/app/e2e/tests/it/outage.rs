//! PostgreSQL goes away under load and comes back: calls go on, the journal holds what the store cannot take, and afterwards
//! counts match to the call.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use doubles::patience;
use doubles::postgres::Postgres;
use serde_json::{Value, json};

use crate::binary::{Place, Product, proving};
use crate::ledger::Ledger;
use crate::load::{self, Caller, Ending, Load};
use crate::relay::Relay;

/// The smallest bound that the settings allow.
const SMALL_JOURNAL: &str = "[journal]\nmax_bytes = 1048576\n";

struct Ground {
    upstream: load::Upstream,
    postgres: Postgres,
    product: Product,
    key_id: String,
    caller: Caller,
    _place: Place,
}

impl Ground {
    async fn start(settings: &str) -> Self {
        let postgres = Postgres::private().await.unwrap();
        let database = postgres.database().await;
        Self::on(postgres, &database, settings).await
    }

    async fn on(postgres: Postgres, database: &str, settings: &str) -> Self {
        let upstream = load::provider().await;
        let place = Place::new(&(settings.to_owned() + &load::settings(&upstream.provider)))
            .env("DATABASE_URL", database);
        let product = place.start().await;
        let budget = json!([{"amount_usd": "1000", "period": "total", "hard": true}]);
        let (key_id, key) = product
            .key(&json!({"name": "load", "limits": {}, "budgets": budget}))
            .await;
        let caller = Caller::new(&product, &key, &Arc::new(AtomicU64::new(0)));
        Self {
            upstream,
            postgres,
            product,
            key_id,
            caller,
            _place: place,
        }
    }

    /// The store has exactly these many calls, each right, and everything adds up.
    async fn check(&self, ledger: &mut Ledger, seen: &[load::Seen]) {
        let whole = seen.iter().filter(|call| call.ending == Ending::Whole);
        let whole = whole.count();
        ledger.read_until(&self.product, whole).await;
        assert_eq!(ledger.len(), whole, "calls in the store");
        ledger.check_rows();
        ledger.check_seen(seen);
        ledger.check_upstream(&self.upstream.provider);
        ledger.check_sums(&self.product, &self.key_id).await;
    }
}

fn is_degraded(code: u16, told: &Value) -> bool {
    code == 200 && told["status"] == "degraded"
}

fn is_well(code: u16, told: &Value) -> bool {
    code == 200 && told["status"] == "ok"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_go_on_without_the_store_and_counts_match_afterwards() {
    let outage = Duration::from_secs(if proving() { 30 } else { 5 });
    let ground = Ground::start("").await;
    let load = Load::start(ground.caller.clone(), 4, 0);
    load.pieces_at_least(100).await;

    ground.postgres.stop().await;
    let since = Instant::now();
    let before = load.pieces();
    ground
        .product
        .ready_when("the outage to be noticed", is_degraded)
        .await;
    let mut look = tokio::time::interval(Duration::from_millis(100));
    while since.elapsed() < outage {
        look.tick().await;
        let (code, told) = ground.product.get("/health/ready").await;
        assert!(is_degraded(code, &told), "{code}: {told}");
    }
    let meanwhile = load.pieces() - before;
    assert!(meanwhile > 0, "calls went on");
    ground.postgres.start().await;
    ground.product.ready_when("all to be well", is_well).await;
    let back = load.pieces();
    load.pieces_at_least(back + 100).await;

    let seen = load.end().await;
    let lost = seen.iter().find(|call| call.ending != Ending::Whole);
    assert!(lost.is_none(), "a call failed: {lost:?}");
    let mut ledger = Ledger::default();
    ground.check(&mut ledger, &seen).await;
    println!(
        "proof: PostgreSQL stopped for {} s under load => {} calls, none failed, none missing, none twice; cost exact",
        outage.as_secs(),
        seen.len()
    );
    ground.product.stop().await;
}

/// Calls until the journal takes no more; gives what was seen, refusals and all.
async fn fill(caller: &Caller) -> Vec<load::Seen> {
    let mut all = Vec::new();
    let filling = async {
        loop {
            let seen = caller.next().await;
            let refused = seen.ending != Ending::Whole;
            all.push(seen);
            if refused {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(patience::PATIENCE * 3, filling).await;
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_journal_refuses_new_calls_and_drops_nothing() {
    let ground = Ground::start(SMALL_JOURNAL).await;
    // A key is known once it has called.
    let mut seen = vec![ground.caller.next().await];
    let held = Load::start(ground.caller.clone(), 0, 3);
    ground.upstream.gate.arrivals_at_least(3).await;
    ground.postgres.stop().await;
    ground
        .product
        .ready_when("the outage to be noticed", is_degraded)
        .await;
    seen.extend(fill(&ground.caller).await);
    // Each surface in its own shape; Anthropic's has no place for a code.
    for _ in 0..3 {
        seen.push(ground.caller.next().await);
    }
    let (whole, refused): (Vec<_>, Vec<_>) = seen
        .into_iter()
        .partition(|call| call.ending == Ending::Whole);
    let mut seen = whole;
    let mut codes = 0;
    for call in &refused {
        let Ending::Refused(503, body) = &call.ending else {
            panic!("{call:?}");
        };
        assert!(body.to_string().contains("the journal is full"), "{body}");
        codes += usize::from(body["error"]["code"] == "JOURNAL_UNAVAILABLE");
    }
    assert!(codes > 0, "the journal was never full: {refused:?}");
    let told = ground.product.status(503).await;
    assert!(told.to_string().contains("journal"), "{told}");
    assert!(seen.len() > 100, "{} calls fill a mebibyte", seen.len());
    // What was begun is finished: there is room for its end.
    ground.upstream.gate.open();
    seen.extend(held.end().await);
    assert!(seen.iter().all(|call| call.ending == Ending::Whole));

    ground.postgres.start().await;
    ground
        .product
        .ready_when("recovery by itself", is_well)
        .await;
    seen.push(ground.caller.next().await);
    assert_eq!(seen.last().unwrap().ending, Ending::Whole);
    let mut ledger = Ledger::default();
    ground.check(&mut ledger, &seen).await;
    println!(
        "proof: journal full while the store is away => 503 JOURNAL_UNAVAILABLE after {} calls, all of them stored once it is back",
        seen.len() - 1
    );
    ground.product.stop().await;
}

/// As when a firewall drops packets or a machine goes: no connection is told that it is dead.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_falls_silent_is_found_again() {
    let postgres = Postgres::private().await.unwrap();
    let database = postgres.database().await;
    let (before, after) = database.split_once("127.0.0.1:").unwrap();
    let (port, name) = after.split_once('/').unwrap();
    let server = ([127, 0, 0, 1], port.parse::<u16>().unwrap());
    let relay = Relay::before(server.into()).await;
    let ground = Ground::on(postgres, &format!("{before}{}/{name}", relay.address()), "").await;
    let load = Load::start(ground.caller.clone(), 2, 0);
    load.pieces_at_least(50).await;
    relay.fall_silent();
    ground
        .product
        .ready_when("the silence to be noticed", is_degraded)
        .await;
    let since = Instant::now();
    let silence = Duration::from_secs(if proving() { 30 } else { 12 });
    let mut look = tokio::time::interval(Duration::from_millis(100));
    while since.elapsed() < silence {
        look.tick().await;
        let (code, told) = ground.product.get("/health/ready").await;
        assert!(is_degraded(code, &told), "{code}: {told}");
    }
    relay.speak();
    let spoken = Instant::now();
    ground.product.ready_when("all to be well", is_well).await;
    println!(
        "well again {:?} after the store could be reached",
        spoken.elapsed()
    );
    let seen = load.end().await;
    let lost = seen.iter().find(|call| call.ending != Ending::Whole);
    assert!(lost.is_none(), "a call failed: {lost:?}");
    ground.check(&mut Ledger::default(), &seen).await;

    // What another replica changes is heard of too.
    let other = Place::new("").env("DATABASE_URL", &database);
    other.run(&["keys", "revoke", &ground.key_id]).await.well();
    doubles::patience::expect("the revocation to be heard of", async {
        while ground.caller.next().await.ending == Ending::Whole {
            look.tick().await;
        }
    })
    .await;
    ground.product.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_dies_during_the_outage_loses_nothing() {
    let ground = Ground::start("").await;
    let mut seen = vec![ground.caller.next().await];
    ground.postgres.stop().await;
    ground
        .product
        .ready_when("the outage to be noticed", is_degraded)
        .await;
    let load = Load::start(ground.caller.clone(), 2, 0);
    load.pieces_at_least(60).await;
    let Ground {
        product,
        postgres,
        _place: place,
        key_id,
        upstream,
        ..
    } = ground;
    product.kill().await;
    seen.extend(load.end().await);
    postgres.start().await;
    let product = place.start().await;
    let mut ledger = Ledger::default();
    let known = seen.iter().filter(|call| call.id.is_some()).count();
    ledger.read_until(&product, known).await;
    ledger.check_rows();
    ledger.check_seen(&seen);
    ledger.check_upstream(&upstream.provider);
    ledger.check_sums(&product, &key_id).await;
    product.stop().await;
}
