//! The whole product against doubles of providers and against real clients.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests: a failure ends them, and proofs are printed"
)]

mod bad_input;
mod binary;
mod budgets;
mod bytes;
mod canary;
mod clients;
mod clouds;
mod drain;
mod failover;
mod faults;
mod ground;
mod identity;
mod keys;
mod kill;
mod leavers;
mod ledger;
mod limits;
mod load;
mod money;
mod native;
mod outage;
mod process;
mod raw;
mod reach;
mod relay;
mod reload;
mod routes;
mod story;
mod streams;
mod switching;
mod tags;
mod tour;
mod translated;
mod translated_faults;
mod turns;
mod upstreams;
