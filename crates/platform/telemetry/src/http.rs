//! Figures of HTTP requests. Routes are templates, never paths.

use std::time::Duration;

/// Counts one answered request; `route` is the matched template or `unmatched`.
pub fn observe(_route: &str, _method: &str, _status: u16, _elapsed: Duration) {}
