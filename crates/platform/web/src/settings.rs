//! Bounds and origins of our own routes; the application keeps them in the section `http`.

use config::{Check, Validate};
use serde::Deserialize;

/// How our own routes are guarded. Model routes have bounds of their own in `gateway`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpSettings {
    /// Origins whose pages may call us, e.g. `https://console.example`; `*` means any, without credentials in cookies. None by
    /// default: then only pages that we serve ourselves may.
    pub cors_origins: Vec<String>,
    /// Bound of a request body in bytes.
    pub max_body_bytes: usize,
    /// Time in milliseconds until a handler must have begun to answer.
    pub request_timeout_ms: u64,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            cors_origins: Vec::new(),
            max_body_bytes: 1024 * 1024,
            request_timeout_ms: 60_000,
        }
    }
}

impl Validate for HttpSettings {
    fn validate(&self, check: &mut Check) {
        check.each("cors_origins", &self.cors_origins, |origin, check| {
            check.require(
                origin == "*" || is_origin(origin),
                "",
                "expected `*` or an origin like `https://console.example`, without a path",
            );
        });
        check.require(
            self.max_body_bytes >= 1024,
            "max_body_bytes",
            "must be 1024 or more",
        );
        check.require(
            (100..=3_600_000).contains(&self.request_timeout_ms),
            "request_timeout_ms",
            "must lie between 100 and 3600000",
        );
    }
}

fn is_origin(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == text
    })
}
