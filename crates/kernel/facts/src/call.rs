//! Model calls: opened with a reservation, closed with their usage, cost and attempts.

use std::collections::BTreeMap;

use kernel::tokens::ServerTools;
use kernel::{CallId, KeyId, Nano, OrgId, ProjectId, RequestId, Timestamp, Usage};
use serde::{Deserialize, Serialize};

/// The protocol surface that a call came in on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Surface {
    /// `POST /v1/chat/completions`
    Chat,
    /// `POST /v1/responses` and its lifecycle routes
    Responses,
    /// `POST /v1/messages`
    Messages,
    /// `POST /v1/messages/count_tokens` and `/v1/responses/input_tokens`: never billed
    CountTokens,
    /// `POST /v1/embeddings`
    Embeddings,
    /// `/providers/{name}/*`
    Native,
}

impl Surface {
    /// The name in records, labels and queries.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Responses => "responses",
            Self::Messages => "messages",
            Self::CountTokens => "count_tokens",
            Self::Embeddings => "embeddings",
            Self::Native => "native",
        }
    }
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallStatus {
    /// The upstream answered and the answer was delivered whole.
    Ok,
    /// The upstream answered with an error status, or its stream ended in its protocol's own error event.
    UpstreamError,
    /// The upstream broke off, could not be reached, or spoke nonsense.
    UpstreamFailed,
    /// A time limit ended the call.
    TimedOut,
    /// The caller left before the end.
    ClientGone,
    /// The budget refused a further step in the middle of a stream.
    BudgetStopped,
    /// We could not send it: breaker open, concurrency bound, draining.
    Unavailable,
    /// The process died while the call was open; found at the next start, priced by estimate.
    Interrupted,
}

impl CallStatus {
    /// The name in records, labels and queries.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::UpstreamError => "upstream_error",
            Self::UpstreamFailed => "upstream_failed",
            Self::TimedOut => "timed_out",
            Self::ClientGone => "client_gone",
            Self::BudgetStopped => "budget_stopped",
            Self::Unavailable => "unavailable",
            Self::Interrupted => "interrupted",
        }
    }

    /// Whether reports count this call among the errors.
    #[must_use]
    pub const fn is_error(self) -> bool {
        !matches!(self, Self::Ok | Self::ClientGone)
    }

    /// The status of a name, as queries give it.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [
            Self::Ok,
            Self::UpstreamError,
            Self::UpstreamFailed,
            Self::TimedOut,
            Self::ClientGone,
            Self::BudgetStopped,
            Self::Unavailable,
            Self::Interrupted,
        ]
        .into_iter()
        .find(|status| status.as_str() == name)
    }
}

/// What a call cost and how sure that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Cost {
    /// Nano-dollars at list price (or the price set for the model here).
    pub nano_usd: Nano,
    /// Some count behind it was estimated, not reported.
    pub estimated: bool,
    /// No price is known: `nano_usd` is 0 and means nothing.
    pub unpriced: bool,
    /// The provider bills the caller's own subscription; not spent from any budget here.
    pub billed_by_client: bool,
}

/// A call was admitted: written before anything is sent upstream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallOpened {
    /// The call.
    pub id: CallId,
    /// The request it came in on.
    pub request: RequestId,
    /// The tenant.
    pub org: OrgId,
    /// The project charged.
    pub project: ProjectId,
    /// The key used.
    pub key: KeyId,
    /// Surface.
    pub surface: Surface,
    /// The model that was asked for.
    pub requested_model: String,
    /// The provider chosen first, by its configured name.
    pub provider: String,
    /// The model asked of that provider.
    pub upstream_model: String,
    /// Whether a stream was asked for.
    pub stream: bool,
    /// When it was admitted.
    pub at: Timestamp,
    /// Estimated input tokens.
    pub input_estimate: u64,
    /// What the estimate costs: recorded if nothing better is ever known.
    pub input_estimate_nano: Nano,
    /// What was reserved from budgets, input and first output step together.
    pub reserved_nano: Nano,
    /// The provider bills the caller's own subscription; holds for the call's end too, should nothing better be known.
    #[serde(default)]
    pub billed_by_client: bool,
    /// No price is known, so the estimate's cost means nothing.
    #[serde(default)]
    pub unpriced: bool,
    /// `x-switchyard-tags`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// The session that the client names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
}

/// How far a stream has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallProgress {
    /// The call.
    pub id: CallId,
    /// When this was seen.
    pub at: Timestamp,
    /// The best counts known now.
    pub usage: Usage,
    /// What they cost.
    pub nano_usd: Nano,
}

/// One try at one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The provider, by its configured name.
    pub provider: String,
    /// The model asked of it.
    pub model: String,
    /// When it was sent, in microseconds after the call began.
    pub started_us: u64,
    /// How long it took in all.
    pub duration_us: u64,
    /// The upstream's status, when it answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_status: Option<u16>,
    /// Our code for what went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The upstream's own request id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream_request_id: Option<String>,
}

/// The whole record of an ended call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallClosed {
    /// The call.
    pub id: CallId,
    /// The request it came in on.
    pub request: RequestId,
    /// The tenant.
    pub org: OrgId,
    /// The project charged.
    pub project: ProjectId,
    /// The key used.
    pub key: KeyId,
    /// Surface.
    pub surface: Surface,
    /// The model that was asked for.
    pub requested_model: String,
    /// The model that answered, as the answer says; the one asked upstream where it says nothing.
    pub model: String,
    /// The provider of the last attempt, by its configured name.
    pub provider: String,
    /// Whether a stream was asked for.
    pub stream: bool,
    /// How it ended.
    pub status: CallStatus,
    /// The status that the caller saw; 0 when it was gone before any.
    pub http_status: u16,
    /// Our code for what went wrong, if anything did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    /// What went wrong in words, at most 500 characters, never with a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// When it was admitted.
    pub started_at: Timestamp,
    /// From admission to the end.
    pub duration_us: u64,
    /// From admission to the first byte of the upstream's body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_byte_us: Option<u64>,
    /// Disjoint buckets over all turns that were billed.
    pub usage: Usage,
    /// Server-side tools used.
    #[serde(default)]
    pub tools: ServerTools,
    /// What it cost.
    pub cost: Cost,
    /// `service_tier` and `speed` as billed: `standard`, `batch`, `flex`, `fast`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The answer's own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_id: Option<String>,
    /// Why it ended, as its protocol spells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_reason: Option<String>,
    /// Bytes of the request body.
    #[serde(default)]
    pub request_bytes: u64,
    /// Bytes of the answer's body as delivered.
    #[serde(default)]
    pub response_bytes: u64,
    /// `x-switchyard-tags` and the key's own tags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// The session that the client names (Claude Code's, Codex's).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The client program, from its user agent: `claude-cli`, `openai-python` …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The end user that the body names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_user: Option<String>,
    /// Whether the payload was captured.
    #[serde(default)]
    pub captured: bool,
    /// Every try, in order.
    pub attempts: Vec<Attempt>,
}
