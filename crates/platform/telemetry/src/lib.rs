//! Logs and metrics, both bounded: label sets cannot grow without end, very frequent lines are thinned out, secrets have no way
//! in. It knows no room; rooms record, `ops` shows.

pub mod calls;
pub mod http;
pub mod journal;
pub mod logs;
pub mod metrics;
pub mod names;
pub mod process;

pub use calls::{CallMetrics, Calls};
pub use logs::{LogSettings, Logs};
pub use metrics::{Counter, Gauge, Histogram, Registry, registry};

/// Marks a line as fatal: the process ends because of it, or a part of it cannot go on. Written with the level `fatal`.
#[macro_export]
macro_rules! fatal {
    ($($field:tt)+) => {
        $crate::__tracing::error!(target: "fatal", $($field)+)
    };
}

#[doc(hidden)]
pub use tracing as __tracing;
