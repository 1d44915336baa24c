//! TestApp: the whole product started inside a test, on real sockets, with clients for its own routes. For tests only.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot be set up fails at once"
)]

mod app;
mod builder;

pub use app::{Answer, IssuedKey, TestApp};
pub use builder::Builder;

/// Longest wait for any condition.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);
