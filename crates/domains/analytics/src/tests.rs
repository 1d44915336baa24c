//! The room against both databases.

mod calls;
mod fixture;
mod http;
mod ingest;
mod retention;
mod usage;
mod year;
