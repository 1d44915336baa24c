//! Operations: health, metrics, the API document and its page, breakers, and a look inside the process. It knows no other room:
//! what it shows comes through ports, and nothing here asks the store while a request waits.

pub mod config;
pub mod error;
pub mod http;
pub mod jobs;
pub mod model;
pub mod ports;
pub mod service;

pub use config::{MetricsAccess, OpsSettings};
pub use error::OpsError;
pub use http::{document, routes, security_schemes};
pub use model::{Finding, Phase, Readiness};
pub use ports::{ActLog, Gravity, HealthProbe, LiveCall, LiveCalls, SettingsView};
pub use service::{Deps, Ops};

/// The codes that this room answers with, for docs/errors.md: code, kind, meaning.
pub const CODES: &[(&str, kernel::Kind, &str)] = &[
    (
        "BREAKER_NOT_FOUND",
        kernel::Kind::NotFound,
        "no provider of this name has a breaker",
    ),
    (
        "FILE_NOT_FOUND",
        kernel::Kind::NotFound,
        "the documentation page has no such file",
    ),
    (
        "DOCUMENT_NOT_READY",
        kernel::Kind::Unavailable,
        "the API document is not assembled yet; the process is starting",
    ),
    (
        "PROFILE_RUNNING",
        kernel::Kind::Conflict,
        "a CPU profile is being taken already; one at a time",
    ),
    (
        "INVALID_LOG_LEVEL",
        kernel::Kind::Invalid,
        "the log level is not one of those offered",
    ),
];
