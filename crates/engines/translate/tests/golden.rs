//! Golden files: what goes in and what must come out, for each pair, direction and scenario.
//!
//! `tests/golden/<pair>/<scenario>/` holds any of these; what stands on the right is compared and, with `BLESS=1`,
//! written:
//!
//! | in | out |
//! |---|---|
//! | `request.in.json` | `request.out.json`, `dropped.txt`, or `refused.txt` |
//! | `answer.in.json` | `answer.out.json`, or `failed.txt` |
//! | `stream.in.sse` | `stream.out.sse` |
//! | `error.<status>.in.json` | `error.<status>.out.json` |
//! | `count.in.json`, `counted.in.json` | `count.out.json`, `counted.out.json` |
//!
//! `with.json` may name the dialect, the model, what is known of it, and signatures. Answers and streams are read with
//! the state that `request.in.json` leaves, or that of a bare request.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod golden_parts;

use std::path::Path;

use golden_parts::{Scenario, compare, scenarios};

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden"))
}

/// Runs a check over every scenario and tells all that differ at once.
fn each(check: impl Fn(&Scenario) -> Vec<String>) {
    let found = scenarios(folder());
    assert!(!found.is_empty());
    let faults: Vec<String> = found.iter().flat_map(check).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

#[test]
fn requests() {
    each(Scenario::request);
}

#[test]
fn answers() {
    each(Scenario::answer);
}

#[test]
fn streams() {
    each(Scenario::stream);
}

#[test]
fn errors() {
    each(Scenario::errors);
}

#[test]
fn counts() {
    each(Scenario::counts);
}

#[test]
fn the_page_in_docs_is_up_to_date() {
    let docs = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../docs"));
    let fault = compare(&docs.join("translation.md"), translate::page().as_bytes());
    assert!(fault.is_none(), "{}", fault.unwrap_or_default());
}
