//! The names of all metrics that we make ourselves, with their help texts. A name stands here once and nowhere else.

use crate::metrics::Kind::{self, Counter, Gauge, Histogram};

/// One metric.
#[derive(Debug, Clone, Copy)]
pub struct Name {
    /// As it is exposed.
    pub name: &'static str,
    /// The sort of metric.
    pub kind: Kind,
    /// What it counts, in which unit.
    pub help: &'static str,
    /// Values are counted in whole parts of this size, e.g. nano-dollars for 1,000,000,000.
    pub parts: u64,
    /// Upper bounds of a histogram's buckets.
    pub buckets: &'static [f64],
}

const fn plain(name: &'static str, kind: Kind, help: &'static str) -> Name {
    Name {
        name,
        kind,
        help,
        parts: 1,
        buckets: &[],
    }
}

const fn spread(name: &'static str, help: &'static str, buckets: &'static [f64]) -> Name {
    Name {
        name,
        kind: Histogram,
        help,
        parts: 1,
        buckets,
    }
}

/// Seconds of HTTP requests and of anything that says nothing else.
pub const SECONDS: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

/// Seconds of model calls, as the GenAI conventions give them.
pub const CALL_SECONDS: &[f64] = &[
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];

/// Tokens of a model call, as the GenAI conventions give them.
pub const CALL_TOKENS: &[f64] = &[
    1.0,
    4.0,
    16.0,
    64.0,
    256.0,
    1024.0,
    4096.0,
    16384.0,
    65536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];

macro_rules! names {
    ($($constant:ident = $value:expr;)*) => {
        $(
            #[doc = concat!("See its help text; the labels are given where it is recorded (`", stringify!($constant), "`).")]
            pub const $constant: Name = $value;
        )*

        /// All of them, for documents and for the check that dashboards name nothing else.
        pub const ALL: &[Name] = &[$($constant),*];
    };
}

names! {
    HTTP_REQUESTS = plain("http_requests_total", Counter, "Answered HTTP requests by route template.");
    HTTP_DURATION = spread("http_request_duration_seconds", "Time until the head of the answer, by route template.", SECONDS);
    UPSTREAM_REQUESTS = plain("upstream_requests_total", Counter, "Attempts at providers by outcome.");
    FALLBACKS = plain("switchyard_fallbacks_total", Counter, "Calls that went on to another provider or model, by the provider that failed them.");
    CALL_DURATION = spread("gen_ai_client_operation_duration_seconds", "Model calls from admission to end.", CALL_SECONDS);
    CALL_FIRST_CHUNK = spread("gen_ai_client_operation_time_to_first_chunk_seconds", "Model calls from admission to the upstream's first byte.", CALL_SECONDS);
    CALL_TOKEN_USAGE = spread("gen_ai_client_token_usage", "Tokens of a model call, input or output.", CALL_TOKENS);
    TOKENS = plain("switchyard_tokens_total", Counter, "Tokens by bucket.");
    COST = Name { parts: 1_000_000_000, ..plain("switchyard_cost_usd_total", Counter, "Cost of model calls in US dollars.") };
    CALLS = plain("switchyard_calls_total", Counter, "Ended model calls by status.");
    CALLS_UNSURE = plain("switchyard_calls_unsure_total", Counter, "Model calls whose cost is estimated, or unknown for want of a price.");
    CALLS_LIVE = plain("switchyard_live_calls", Gauge, "Model calls that are under way.");
    STREAMS_LIVE = plain("switchyard_live_streams", Gauge, "Streams that are under way.");
    RATE_LIMITED = plain("rate_limited_total", Counter, "Refusals for want of limit or budget, by scope.");
    BREAKER_STATE = plain("breaker_state", Gauge, "0 closed, 1 half open, 2 open.");
    JOURNAL_BYTES = plain("switchyard_journal_bytes", Gauge, "Size of the journal's file in bytes.");
    JOURNAL_PENDING = plain("switchyard_journal_pending", Gauge, "Facts that are not in the store yet.");
    JOURNAL_OLDEST = plain("switchyard_journal_oldest_pending_seconds", Gauge, "Age of the oldest fact that is not in the store yet.");
    JOURNAL_FULL = plain("switchyard_journal_full", Gauge, "1 while new calls are refused because the journal is full or its disk fails.");
    SETTINGS_RELOADS = plain("switchyard_settings_reloads_total", Counter, "Reloads of the settings by result: ok, or refused for a fault.");
    LOG_LINES = plain("switchyard_log_lines_total", Counter, "Log lines of warnings and worse, by level.");
    LOG_THINNED = plain("switchyard_log_lines_thinned_total", Counter, "Log lines left out because their place in the code wrote too many.");
    SERIES_DROPPED = plain("switchyard_metric_series_dropped_total", Counter, "Label sets that went to `overflow` because their metric was at its bound.");
    BUILD_INFO = plain("switchyard_build_info", Gauge, "1, with the version as label.");
    PROCESS_MEMORY = plain("process_resident_memory_bytes", Gauge, "Resident memory in bytes.");
    PROCESS_CPU = Name { parts: 1_000_000_000, ..plain("process_cpu_seconds_total", Counter, "CPU time of the process, user and system.") };
    PROCESS_FDS = plain("process_open_fds", Gauge, "Open file descriptors.");
    PROCESS_MAX_FDS = plain("process_max_fds", Gauge, "Bound of open file descriptors.");
    PROCESS_THREADS = plain("process_threads", Gauge, "Threads.");
    PROCESS_START = plain("process_start_time_seconds", Gauge, "Start of the process, in seconds since 1970.");
}

/// The metric of that name, where it is one of ours.
#[must_use]
pub fn find(name: &str) -> Option<Name> {
    ALL.iter().find(|known| known.name == name).copied()
}
