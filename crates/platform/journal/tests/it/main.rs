//! The journal from outside: what is on disk after any end, and what reaches the store.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod bound;
mod carry;
mod crash;
mod delivery;
mod kill;
mod replay;
mod support;
