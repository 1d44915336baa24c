//! The whole product against doubles of providers and against real clients.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests: a failure ends them, and proofs are printed"
)]

mod bad_input;
mod binary;
mod bytes;
mod clients;
mod faults;
mod ground;
mod identity;
mod kill;
mod leavers;
mod load;
mod outage;
mod process;
mod raw;
mod reach;
mod streams;
mod tour;
