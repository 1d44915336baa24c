//! The binary as a process: how it starts, what it says, how it reloads, how it stops. Its commands stand in the files below.

mod commands;
mod connect;
mod first_start;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use doubles::Provider;
use doubles::provider::reply::Surface;
use doubles::provider::{Answer, Gate, Reply, Script};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::binary::{ADMIN_KEY, Place, Product};
use crate::ground::model;
use crate::ledger::Ledger;
use crate::load::{self, Caller, Ending, Load};
use crate::raw::Ask;

/// Far above the figure that the bench holds it to: here other tests may run beside it.
const READY_WITHIN: Duration = Duration::from_secs(5);

async fn ask(product: &Product, key: &str, model: &str) -> (u16, Value) {
    let body = Surface::Chat.request(model, false).to_string();
    let ask = Ask::post(Surface::Chat.path(), body).bearer(key);
    let answer = ask.send(product.base()).await;
    (answer.status, answer.json())
}

#[tokio::test]
async fn an_empty_folder_is_served_from_at_once() {
    let place = Place::new("");
    let product = place.start().await;
    println!("ready {:?} after the start", product.ready_after);
    assert!(product.ready_after < READY_WITHIN);
    let (status, _) = ask(&product, ADMIN_KEY, "sim/echo").await;
    assert_eq!(status, 200);
    product.stop().await;
}

#[tokio::test]
async fn a_second_process_on_the_same_folder_is_refused() {
    let place = Place::new("");
    let product = place.start().await;
    let second = place.run(&["serve"]).await.badly();
    assert!(
        second.err.contains("in use by another process"),
        "{second:?}"
    );
    assert!(second.err.contains("--data-dir"), "{second:?}");
    assert_eq!(ask(&product, ADMIN_KEY, "sim/echo").await.0, 200);
    product.stop().await;
}

#[tokio::test]
async fn a_taken_address_is_told_with_a_remedy() {
    let product = Place::new("").start().await;
    let address = product.base().strip_prefix("http://").unwrap();
    let second = Place::new("");
    let refused = second.run(&["serve", "--listen", address]).await.badly();
    assert!(refused.err.contains("cannot listen on"), "{refused:?}");
    assert!(refused.err.contains("--listen"), "{refused:?}");
    product.stop().await;
}

#[tokio::test]
async fn a_second_signal_ends_live_streams_at_once_in_their_own_grammar() {
    let upstream = load::provider().await;
    let place = Place::new(&load::settings(&upstream.provider));
    let product = place.start().await;
    let caller = Caller::new(&product, ADMIN_KEY, &Arc::new(AtomicU64::new(0)));
    let load = Load::start(caller, 0, 3);
    upstream.gate.arrivals_at_least(3).await;
    product.signal(Signal::INT);
    product.says("stopping").await;
    product.signal(Signal::INT);
    let (status, log) = product.ended().await;
    assert!(status.success(), "{status}: {log}");
    let seen = load.end().await;
    assert!(
        seen.iter().all(|call| call.ending == Ending::Whole),
        "{seen:?}"
    );

    let product = place.start().await;
    let calls = product.read("/v1/calls").await;
    let calls = calls["data"].as_array().unwrap();
    assert_eq!(calls.len(), 3);
    for call in calls {
        assert_eq!(call["status"], "unavailable", "{call}");
        assert_eq!(call["estimated"], true, "{call}");
    }
    product.stop().await;
}

#[tokio::test]
async fn faulty_settings_keep_it_from_starting_and_are_all_told() {
    let place = Place::new("[server]\nprot = 1\n[journal]\nsync_ms = 5000\n");
    let refused = place.run(&["serve"]).await.badly();
    assert!(refused.err.contains("switchyard.toml:2"), "{}", refused.err);
    assert!(refused.err.contains("switchyard.toml:4"), "{}", refused.err);
}

#[tokio::test]
async fn a_signal_to_stop_lets_live_streams_end_and_is_a_success() {
    let upstream = Provider::start().await;
    let gate = Gate::closed();
    let reply = Reply::text("Something to say until the very end.").usage(load::usage(1));
    let events = reply.events(Surface::Messages, model(Surface::Messages), true);
    let script = Script::stream(events.clone()).wait_after(4, &gate);
    upstream.on(Surface::Messages.path(), Answer::from(script));
    let place = Place::new(&load::settings(&upstream));
    let product = place.start().await;

    let body = Surface::Messages.request(model(Surface::Messages), true);
    let ask = Ask::post(Surface::Messages.path(), body.to_string())
        .bearer(ADMIN_KEY)
        .header("x-switchyard-tags", "number=1");
    let mut live = ask.open(product.base()).await;
    live.until(|answer| answer.body.len() >= events[..4].concat().len())
        .await;
    product.signal(Signal::TERM);
    product.says("stopping").await;
    gate.open();
    live.to_end().await;
    assert!(live.answer.whole);
    assert!(
        live.answer.body == events.concat(),
        "{}",
        live.answer.text()
    );
    let (status, log) = product.ended().await;
    assert!(status.success(), "{status}: {log}");

    let product = place.start().await;
    let mut ledger = Ledger::default();
    ledger.read_until(&product, 1).await;
    ledger.check_rows();
    assert_eq!((ledger.len(), ledger.count("ok")), (1, 1));
    product.stop().await;
}

#[tokio::test]
async fn a_stream_that_outlasts_the_drain_ends_in_its_own_grammar() {
    let upstream = Provider::start().await;
    let reply = Reply::text("Never to be finished.");
    for surface in Surface::STREAMING {
        let events = reply.events(surface, model(surface), true);
        upstream.on(surface.path(), Script::stream(events).hang_after(4));
    }
    let place = Place::new(&format!(
        "[server]\ndrain_ms = 200\n{}",
        load::settings(&upstream)
    ));
    let product = place.start().await;
    let mut live = Vec::new();
    for surface in Surface::STREAMING {
        let body = surface.request(model(surface), true).to_string();
        let mut reader = Ask::post(surface.path(), body)
            .bearer(ADMIN_KEY)
            .open(product.base())
            .await;
        let four = |answer: &crate::raw::Answer| {
            answer.body.windows(2).filter(|two| *two == b"\n\n").count() >= 4
        };
        reader.until(four).await;
        live.push((surface, reader));
    }
    product.signal(Signal::TERM);
    for (surface, mut reader) in live {
        reader.to_end().await;
        let text = reader.answer.text();
        assert!(reader.answer.whole, "{surface:?}: {text}");
        let (_, last) = text.trim_end().rsplit_once("data: ").unwrap();
        let (_, event) = match surface {
            // Chat ends with [DONE] after its error.
            Surface::Chat => text.split_once("\"error\"").map_or(("", ""), |parts| parts),
            _ => ("", last),
        };
        assert!(
            !event.is_empty(),
            "{surface:?} does not end in an error: {text}"
        );
        if surface != Surface::Chat {
            assert!(
                event.contains("error") || event.contains("failed"),
                "{text}"
            );
        }
    }
    let (status, log) = product.ended().await;
    assert!(status.success(), "{status}: {log}");
    upstream.idle().await;
}

#[tokio::test]
async fn a_hangup_reads_the_settings_again_and_a_bad_file_changes_nothing() {
    let with = |name: &str| {
        format!(
            "[[models]]\nid = \"{name}\"\nroute = [{{ provider = \"sim\", model = \"sim/echo\" }}]\n"
        )
    };
    let place = Place::new(&with("house-a"));
    let product = place.start().await;
    assert_eq!(ask(&product, ADMIN_KEY, "house-a").await.0, 200);
    let (status, unknown) = ask(&product, ADMIN_KEY, "house-b").await;
    assert_eq!(status, 404, "{unknown}");

    // Same size and time: only the signal can tell that the file is another.
    let write_unseen = |text: &str| {
        let file = place.settings_file();
        let before = std::fs::metadata(&file).unwrap().modified().unwrap();
        place.write_settings(text);
        let file = std::fs::File::options().write(true).open(file).unwrap();
        file.set_modified(before).unwrap();
    };
    write_unseen(&with("house-b"));
    product.signal(Signal::HUP);
    product.says("settings reloaded").await;
    assert_eq!(ask(&product, ADMIN_KEY, "house-b").await.0, 200);
    assert_eq!(ask(&product, ADMIN_KEY, "house-a").await.0, 404);

    write_unseen(&with("house-c").replace("route", "ruote"));
    product.signal(Signal::HUP);
    product.says("were not reloaded").await;
    assert!(product.log().contains("ruote"), "{}", product.log());
    assert_eq!(ask(&product, ADMIN_KEY, "house-b").await.0, 200);
    product.stop().await;
}

#[tokio::test]
async fn a_file_that_goes_is_told_and_one_that_returns_is_taken() {
    let place = Place::new("");
    let product = place.start().await;
    std::fs::remove_file(place.settings_file()).unwrap();
    product.says("the settings file is gone").await;
    place.write_settings("[server]\nmax_connections = 99\n\n[gateway]\nretries = 1\n");
    product.says("settings reloaded").await;
    // What is read at the start only is named.
    assert!(
        product.log().contains("server.max_connections"),
        "{}",
        product.log()
    );
    product.stop().await;
}

#[tokio::test]
async fn a_changed_file_is_followed_without_a_signal() {
    let place = Place::new("");
    let product = place.start().await;
    assert_eq!(ask(&product, ADMIN_KEY, "house-model").await.0, 404);
    place.write_settings(
        "[[models]]\nid = \"house-model\"\nroute = [{ provider = \"sim\", model = \"sim/echo\" }]\n",
    );
    product.says("settings reloaded").await;
    assert_eq!(ask(&product, ADMIN_KEY, "house-model").await.0, 200);
    let shown = product.read("/v1/debug/settings").await;
    assert!(!shown.to_string().contains(ADMIN_KEY), "{shown}");
    product.stop().await;
}

#[tokio::test]
async fn keys_made_before_a_restart_hold_after_it() {
    let place = Place::new("");
    let product = place.start().await;
    let (id, key) = product.key(&json!({"name": "kept"})).await;
    product.kill().await;
    let product = place.start().await;
    assert_eq!(ask(&product, &key, "sim/echo").await.0, 200);
    let revoke = crate::binary::client()
        .delete(format!("{}/v1/keys/{id}", product.base()))
        .bearer_auth(ADMIN_KEY);
    assert!(revoke.send().await.unwrap().status().is_success());
    assert_eq!(ask(&product, &key, "sim/echo").await.0, 401);
    product.stop().await;
}
