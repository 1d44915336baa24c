//! The store's contract, on SQLite and on PostgreSQL alike.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod acts;
mod changes;
mod connection;
mod migrate;
mod outage;
