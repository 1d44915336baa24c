//! The commands beside `serve`: keys, settings, doctor, journal.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use doubles::postgres::Postgres;
use serde_json::{Value, json};

use super::ask;
use crate::binary::{ADMIN_KEY, Ended, Place, Product};
use crate::ledger::Ledger;
use crate::load::{self, Caller, Load};

fn json(ended: &Ended) -> Value {
    serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{error}: {ended:?}"))
}

/// Makes a key by the command line; gives the secret and its id.
async fn create(place: &Place, name: &str) -> (String, String) {
    let made = place.run(&["keys", "create", name]).await.well();
    let key = made.out.trim().to_owned();
    assert!(key.starts_with("sy_") && !key.contains('\n'), "{made:?}");
    assert!(
        !made.err.contains(&key),
        "the secret goes to standard output only"
    );
    let id = made
        .err
        .split([';', ' '])
        .find(|word| word.starts_with("key_"));
    (key, id.unwrap().to_owned())
}

async fn statuses(place: &Place) -> Vec<(String, String)> {
    let listed = place
        .run(&["keys", "list", "--revoked", "--json"])
        .await
        .well();
    let rows = json(&listed)["data"].as_array().unwrap().clone();
    let field = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    rows.iter()
        .map(|row| (field(row, "id"), field(row, "status")))
        .collect()
}

/// Changes a key in two steps and insists on what it shows afterwards.
async fn change(place: &Place, id: &str) {
    let flags = [
        "--name",
        "renamed",
        "--tokens-per-minute",
        "77",
        "--budget",
        "3/day",
    ];
    let line = [&["keys", "change", id][..], &flags].concat();
    let changed = place.run(&line).await.well();
    assert!(changed.err.contains("is changed"), "{changed:?}");
    let flags = ["keys", "change", id, "--requests-per-minute", "5"];
    place.run(&flags).await.well();
    let shown = place.run(&["keys", "show", id, "--json"]).await.well();
    let shown = json(&shown);
    assert_eq!(shown["name"], "renamed");
    let limits = json!({"requests_per_minute": 5, "tokens_per_minute": 77});
    assert_eq!(shown["limits"], limits, "what is not named stays");
    assert_eq!(shown["budgets"][0]["amount_usd"], "3");
    assert!(shown["budgets"][0]["spent_nano_usd"].is_u64(), "{shown}");
    let told = place.run(&["keys", "show", id]).await.well();
    assert!(told.out.contains("renamed"), "{told:?}");
    let unnamed = place.run(&["keys", "change", id]).await.badly();
    assert!(unnamed.err.contains("--name"), "{unnamed:?}");
}

async fn works(product: &Product, key: &str) -> bool {
    match ask(product, key, "sim/echo").await {
        (200, _) => true,
        (401, _) => false,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn keys_are_kept_through_a_running_server() {
    let place = Place::new("");
    let product = place.start().await;
    let (key, id) = create(&place, "from-the-shell").await;
    assert!(works(&product, &key).await);
    let listed = place.run(&["keys", "list"]).await.well();
    assert!(
        listed.out.contains("from-the-shell") && listed.out.contains(&id),
        "{listed:?}"
    );
    assert!(!listed.out.contains(&key));
    let elsewhere = [
        "keys",
        "list",
        "--url",
        product.base(),
        "--admin-key",
        ADMIN_KEY,
    ];
    place.run(&elsewhere).await.well();
    change(&place, &id).await;

    let rotated = place
        .run(&["keys", "rotate", &id, "--overlap-seconds", "0"])
        .await
        .well();
    let next = rotated.out.trim().to_owned();
    assert!(works(&product, &next).await);
    assert!(!works(&product, &key).await);
    place.run(&["keys", "revoke", &id]).await.well();
    assert!(!works(&product, &next).await);
    let status = statuses(&place)
        .await
        .into_iter()
        .find(|(found, _)| *found == id);
    assert_eq!(status.unwrap().1, "revoked");
    product.stop().await;
}

#[tokio::test]
async fn keys_are_kept_without_a_server_too() {
    let place = Place::new("");
    let (key, id) = create(&place, "before-the-first-start").await;
    let (other, _) = create(&place, "another").await;
    change(&place, &id).await;
    place.run(&["keys", "revoke", &id]).await.well();
    let status = statuses(&place)
        .await
        .into_iter()
        .find(|(found, _)| *found == id);
    assert_eq!(status.unwrap().1, "revoked");
    let product = place.start().await;
    assert!(!works(&product, &key).await);
    assert!(works(&product, &other).await);
    product.stop().await;
}

#[tokio::test]
async fn a_folder_without_a_store_is_told_and_left_alone() {
    let place = Place::new("");
    let id = kernel::KeyId::new().to_string();
    let id = id.as_str();
    for line in [
        &["keys", "list"][..],
        &["keys", "show", id],
        &["keys", "change", id, "--name", "a"],
        &["keys", "rotate", id],
        &["keys", "revoke", id],
    ] {
        let refused = place.run(line).await.badly();
        for word in ["holds no store", "--data-dir", "keys create"] {
            assert!(refused.err.contains(word), "{word}: {refused:?}");
        }
        let folder = place.data_dir();
        assert!(
            refused.err.contains(folder.to_str().unwrap()),
            "{refused:?}"
        );
        assert!(!folder.exists(), "{line:?} made it");
    }
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_named_without_its_password() {
    let place = Place::new("")
        .env("DATABASE_URL", "postgres://me:hunter-two@127.0.0.1:9/gone")
        .env("SWITCHYARD__DATABASE__CONNECT_MS", "200");
    let refused = place.run(&["serve"]).await.badly();
    for word in [
        "PostgreSQL at 127.0.0.1:9/gone",
        "database.url",
        "DATABASE_URL",
    ] {
        assert!(refused.err.contains(word), "{word}: {refused:?}");
    }
    assert!(!refused.err.contains("hunter-two"), "{refused:?}");
    assert!(refused.err.matches("timed out").count() < 2, "{refused:?}");
    let found = place.run(&["doctor", "--offline"]).await.badly();
    assert!(found.out.contains("127.0.0.1:9/gone"), "{found:?}");
    assert!(!found.out.contains("hunter-two"), "{found:?}");
}

#[tokio::test]
async fn a_key_id_that_is_none_is_told_so() {
    let place = Place::new("");
    let refused = place.run(&["keys", "revoke", "nonsense"]).await.badly();
    assert!(
        refused.err.contains("nonsense") && refused.err.contains("keys list"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn every_fault_of_the_settings_is_listed_with_its_line() {
    let place = Place::new(
        "[server]\nprot = 8080\nport = \"many\"\n\n[journal]\nsync_ms = 5000\n\n[[providers]]\nname = \"x\"\nkind = \"opeani\"\n",
    )
    .without("PORT");
    let checked = place.run(&["config", "check"]).await.badly();
    for (line, word) in [
        (2, "server.prot"),
        (3, "server.port"),
        (6, "journal.sync_ms"),
        (10, "kind"),
    ] {
        let place = format!("switchyard.toml:{line}:");
        let told = checked.err.lines().find(|told| told.contains(&place));
        let told = told.unwrap_or_else(|| panic!("nothing of line {line}:\n{}", checked.err));
        assert!(told.contains(word), "{told}");
    }
    assert!(
        checked.err.contains("port"),
        "the unknown key is close to one"
    );

    place.write_settings("[server]\nport = 8080\n");
    place.run(&["config", "check"]).await.well();
}

#[tokio::test]
async fn settings_are_shown_with_their_origin_and_without_secrets() {
    let place = Place::new(
        "[gateway]\nbreaker_failures = 9\n[[providers]]\nname = \"house\"\nkind = \"openai-compatible\"\n\
         base_url = \"http://127.0.0.1:9/v1\"\napi_key = \"very-secret-upstream-key\"\n",
    )
    .env("LOG_LEVEL", "warn");
    let shown = place.run(&["config", "show"]).await.well();
    let line = |word: &str| {
        let found = shown.out.lines().find(|line| line.contains(word));
        found
            .unwrap_or_else(|| panic!("no {word}:\n{}", shown.out))
            .to_owned()
    };
    assert!(line("breaker_failures").contains('9'));
    assert!(
        line("breaker_failures").contains("switchyard.toml:2"),
        "{}",
        shown.out
    );
    assert!(shown.out.contains("LOG_LEVEL"), "{}", shown.out);
    for secret in [
        "very-secret-upstream-key",
        ADMIN_KEY,
        "a-secret-key-of-the-tests",
    ] {
        assert!(!shown.out.contains(secret), "{}", shown.out);
    }
}

#[tokio::test]
async fn doctor_finds_what_is_wrong_and_what_is_not() {
    let place = Place::new("")
        .without("SWITCHYARD_ADMIN_KEY")
        .without("SECRET_KEY");
    place.run(&["doctor", "--offline"]).await.well();
    let product = place.start().await;
    let fine = place.run(&["doctor", "--offline", "--json"]).await.well();
    let findings = json(&fine);
    let subjects: Vec<&str> = findings["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["subject"].as_str().unwrap())
        .collect();
    for subject in ["version", "settings", "store", "journal", "open files"] {
        assert!(
            subjects.iter().any(|found| found.starts_with(subject)),
            "{subject}: {subjects:?}"
        );
    }
    product.stop().await;

    let key = place.data_dir().join("admin.key");
    let found = place.run(&["doctor", "--offline"]).await.well();
    assert!(found.out.contains("admin.key: holds"), "{found:?}");
    // Written in place, so that it stays private.
    std::fs::write(&key, "the key of another store").unwrap();
    let found = place.run(&["doctor", "--offline"]).await.well();
    assert!(
        found.out.contains("admin.key: no longer holds"),
        "{found:?}"
    );
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let found = place.run(&["doctor", "--offline"]).await.badly();
    assert!(
        found.out.contains("FAIL") && found.out.contains("chmod 600"),
        "{found:?}"
    );
}

#[tokio::test]
async fn doctor_asks_the_providers() {
    let place = Place::new(
        "[[providers]]\nname = \"nobody\"\nkind = \"openai-compatible\"\nbase_url = \"http://127.0.0.1:9/v1\"\napi_key = \"k\"\n",
    );
    let found = place.run(&["doctor"]).await.badly();
    assert!(found.out.contains("nobody"), "{found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_journal_of_a_machine_that_did_not_come_back_is_replayed() {
    let postgres = Postgres::private().await.unwrap();
    let database = postgres.database().await;
    let upstream = load::provider().await;
    let settings = load::settings(&upstream.provider);
    let lost = Place::new(&settings).env("DATABASE_URL", &database);
    let product = lost.start().await;
    let budget = json!([{"amount_usd": "1000", "period": "total", "hard": true}]);
    let (id, key) = product
        .key(&json!({"name": "load", "limits": {}, "budgets": budget}))
        .await;
    let caller = Caller::new(&product, &key, &Arc::new(AtomicU64::new(0)));
    let mut seen = vec![caller.next().await];
    postgres.stop().await;
    let load = Load::start(caller, 2, 1);
    load.pieces_at_least(40).await;
    product.kill().await;
    seen.extend(load.end().await);
    postgres.start().await;

    // Another machine on the same database, twice: the second time there is nothing left to move.
    let other = Place::new(&settings).env("DATABASE_URL", &database);
    let journal = lost.data_dir().join("journal");
    let journal = journal.to_str().unwrap();
    let moved = other.run(&["journal", "replay", journal]).await.well();
    assert!(moved.out.contains("calls stored"), "{moved:?}");
    other.run(&["journal", "replay", journal]).await.well();

    let product = other.start().await;
    let known = seen.iter().filter(|call| call.id.is_some()).count();
    let mut ledger = Ledger::default();
    ledger.read_until(&product, known).await;
    ledger.check_rows();
    ledger.check_seen(&seen);
    ledger.check_upstream(&upstream.provider);
    ledger.check_sums(&product, &id).await;
    assert!(ledger.count("interrupted") > 0, "the held stream was open");
    product.stop().await;
}
