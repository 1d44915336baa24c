//! What tests stand against: model providers with scripted faults, the clouds around them, a certificate authority, a private PostgreSQL.
//! Knows the foreign protocols only as an outsider would: it builds and reads them with plain JSON, never through the code under test.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a double that cannot stand, or a condition that never comes, must end its test there"
)]

pub mod cloud;
pub mod patience;
pub mod postgres;
pub mod provider;
pub mod tls;

pub use provider::Provider;
