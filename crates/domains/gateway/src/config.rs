//! Settings of the model gateway. Their comments for users stand in the default settings file.

use config::{Check, Secret, Validate};
use llm::config::TimeoutsConfig;
use serde::Deserialize;

/// The `[gateway]` section.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GatewayConfig {
    /// Largest request body, also after decoding.
    pub max_body_bytes: usize,
    /// Largest single event of a stream.
    pub max_event_bytes: usize,
    /// Largest answer that is buffered so that its cost can stand in a header.
    pub max_answer_bytes: usize,
    /// How long the whole request body may take to arrive.
    pub body_read_ms: u64,
    /// Failures in a row after which a provider's breaker opens.
    pub breaker_failures: u32,
    /// How long it stays open.
    pub breaker_open_ms: u64,
    /// Requests in flight per provider that names no bound itself.
    pub max_concurrent: usize,
    /// Attempts at most beyond one at each target of a call.
    pub retries: u32,
    /// The pause before the first of them; each further one is twice as long.
    pub retry_base_ms: u64,
    /// The longest such pause, also where a provider asks for one.
    pub retry_max_ms: u64,
    /// How long the first bytes of a stream are held back while another target could take over.
    pub failover_hold_ms: u64,
    /// How long a request over that bound waits for a place.
    pub queue_wait_ms: u64,
    /// Idle connections kept per provider.
    pub max_idle_connections: usize,
    /// The model behind the id `default`.
    pub default_model: Option<String>,
    /// HTTP proxy for every provider that names none. It may hold a password.
    pub proxy: Option<Secret>,
    /// Hosts that are asked without it: names with all below them, addresses and networks, comma-separated; `*` is all.
    pub no_proxy: String,
    /// Time limits of every provider that sets none itself.
    pub timeouts: TimeoutsConfig,
}

impl Default for GatewayConfig {
    fn default() -> Self {
        Self {
            max_body_bytes: 64 << 20,
            max_event_bytes: 16 << 20,
            max_answer_bytes: 32 << 20,
            body_read_ms: 60_000,
            breaker_failures: 5,
            breaker_open_ms: 30_000,
            max_concurrent: 4096,
            retries: 2,
            retry_base_ms: 500,
            retry_max_ms: 8_000,
            failover_hold_ms: 1_000,
            queue_wait_ms: 1_000,
            max_idle_connections: 256,
            default_model: None,
            proxy: None,
            no_proxy: String::new(),
            timeouts: TimeoutsConfig {
                connect_ms: Some(10_000),
                first_byte_ms: Some(600_000),
                idle_ms: Some(300_000),
                total_ms: Some(3_600_000),
            },
        }
    }
}

/// The `[budgets]` section.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BudgetsConfig {
    /// Output tokens reserved at admission and at each further step of a stream.
    pub reserve_output_tokens: u64,
}

impl Default for BudgetsConfig {
    fn default() -> Self {
        Self {
            reserve_output_tokens: 8192,
        }
    }
}

impl Validate for GatewayConfig {
    fn validate(&self, check: &mut Check) {
        let bytes = |value: usize| (1_024..=1 << 30).contains(&value);
        check.require(
            bytes(self.max_body_bytes),
            "max_body_bytes",
            "must lie between 1024 and 1073741824",
        );
        check.require(
            bytes(self.max_event_bytes),
            "max_event_bytes",
            "must lie between 1024 and 1073741824",
        );
        check.require(
            bytes(self.max_answer_bytes),
            "max_answer_bytes",
            "must lie between 1024 and 1073741824",
        );
        check.require(
            self.body_read_ms >= 100,
            "body_read_ms",
            "must be 100 or more",
        );
        check.require(
            self.breaker_failures > 0,
            "breaker_failures",
            "must be 1 or more",
        );
        check.require(
            self.max_concurrent > 0,
            "max_concurrent",
            "must be 1 or more",
        );
    }
}
