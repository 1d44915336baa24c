//! The relational store: SQLite and PostgreSQL behind one set of queries, and its migrations.
//!
//! Rooms own their tables and their queries; this crate owns connections, the order of schema changes, the change
//! sequence that keeps memories fresh, and the record of administrative acts. It knows no room.
//!
//! One query set: placeholders are `$1`, `$2` …; ids are text in collation C; times are integer microseconds;
//! sums are cast to BIGINT; JSON is text; no date functions. Statements that lock stand in `dialect`.

pub mod acts;
pub mod bulk;
pub mod changes;
mod connection;
mod dialect;
mod error;
mod migrate;
mod options;
pub mod schema;
mod tables;
#[cfg(feature = "testing")]
pub mod testing;
mod within;

pub use connection::Store;
pub use error::StoreError;
pub use options::{InvalidUrl, StoreOptions, StoreUrl};
pub use sea_orm;
pub use sea_orm_migration;
pub use tables::migrations;
pub use within::within;
