//! How a call looks in an answer.

use std::collections::BTreeMap;

use facts::CallClosed;
use kernel::tokens::ServerTools;
use kernel::{CallId, KeyId, ProjectId, RequestId, Timestamp, Usage};
use serde::Serialize;
use utoipa::ToSchema;

use crate::Analytics;
use crate::model::Sums;

/// One call, as lists show it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CallRow {
    /// The call.
    #[schema(value_type = String)]
    pub(super) id: CallId,
    /// Its `x-request-id`.
    #[schema(value_type = String)]
    pub(super) request_id: RequestId,
    /// When it was admitted.
    #[schema(value_type = String, format = DateTime)]
    pub(super) started_at: Timestamp,
    /// From admission to the end.
    pub(super) duration_ms: f64,
    /// From admission to the upstream's first byte.
    pub(super) first_byte_ms: Option<f64>,
    /// Whether it took `analytics.slow_call_ms` or longer.
    pub(super) slow: bool,
    /// `ok`, `upstream_error`, `upstream_failed`, `timed_out`, `client_gone`, `budget_stopped`, `unavailable`, `interrupted`.
    pub(super) status: &'static str,
    /// The status that the caller saw; 0 when it was gone before any.
    pub(super) http_status: u16,
    /// Our code for what went wrong.
    pub(super) error_code: Option<String>,
    /// What went wrong.
    pub(super) error: Option<String>,
    /// `chat`, `responses`, `messages`, `count_tokens`, `embeddings`, `native`.
    pub(super) surface: &'static str,
    /// Whether a stream was asked for.
    pub(super) stream: bool,
    /// The model that was asked for.
    pub(super) requested_model: String,
    /// The model that answered.
    pub(super) model: String,
    /// The provider of the last attempt.
    pub(super) provider: String,
    /// The project charged.
    #[schema(value_type = String)]
    pub(super) project: ProjectId,
    /// The key used.
    #[schema(value_type = String)]
    pub(super) key: KeyId,
    /// The session that the client named.
    pub(super) session: Option<String>,
    /// The end user that the body named.
    pub(super) end_user: Option<String>,
    /// The client program.
    pub(super) client: Option<String>,
    /// Tags of the call and its key.
    pub(super) tags: BTreeMap<String, String>,
    /// Fresh input tokens. This and the next four are disjoint.
    pub(super) input_tokens: i64,
    /// Output tokens without reasoning.
    pub(super) output_tokens: i64,
    /// Reasoning tokens.
    pub(super) reasoning_tokens: i64,
    /// Input tokens read from the provider's cache.
    pub(super) cache_read_tokens: i64,
    /// Input tokens written to the provider's cache.
    pub(super) cache_write_tokens: i64,
    /// US dollars as a decimal string; `null` when no price is known. With `unpriced`, the part that is known.
    pub(super) cost_usd: Option<String>,
    /// The same in integer nano-dollars.
    pub(super) cost_nano_usd: Option<i64>,
    /// Some count was estimated, not reported.
    pub(super) estimated: bool,
    /// No price is known.
    pub(super) unpriced: bool,
    /// The provider bills the caller's own subscription; the cost is the list price.
    pub(super) billed_by_client: bool,
    /// Whether the payload was captured.
    pub(super) captured: bool,
    /// Tries at upstreams.
    pub(super) attempt_count: usize,
}

/// One try at one target.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AttemptView {
    /// The provider, by its configured name.
    provider: String,
    /// The model asked of it.
    model: String,
    /// When it was sent, after the call began.
    started_ms: f64,
    /// How long it took in all.
    duration_ms: f64,
    /// The upstream's status, when it answered.
    http_status: Option<u16>,
    /// Our code for what went wrong.
    error: Option<String>,
    /// The upstream's own request id.
    upstream_request_id: Option<String>,
}

/// One call with everything that is known of it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CallView {
    #[serde(flatten)]
    call: CallRow,
    /// When it ended.
    #[schema(value_type = String, format = DateTime)]
    ended_at: Timestamp,
    /// Every try, in order.
    attempts: Vec<AttemptView>,
    /// The token counts as they were priced, in disjoint buckets; those that are 0 are left out.
    #[schema(value_type = Object)]
    usage: Usage,
    /// Uses of server-side tools.
    #[schema(value_type = Object)]
    tools: ServerTools,
    /// `standard`, `batch`, `flex` or `fast`, as billed.
    service: Option<String>,
    /// The answer's own id.
    response_id: Option<String>,
    /// Why it ended, as its protocol spells it.
    stop_reason: Option<String>,
    /// Bytes of the request body.
    request_bytes: u64,
    /// Bytes of the answer as delivered.
    response_bytes: u64,
}

/// Microseconds as milliseconds with three places.
#[expect(clippy::cast_precision_loss, reason = "no call lasts 285 years")]
fn ms(us: u64) -> f64 {
    us as f64 / 1_000.0
}

impl CallRow {
    pub(super) fn new(room: &Analytics, call: CallClosed) -> Self {
        let sums = Sums::of(&call);
        let slow = room.is_slow(&call);
        let nano = call.cost.nano_usd;
        // Of several turns one may have a price and another none: what is known adds to sums, so it shows here too.
        let priced = !call.cost.unpriced || nano.0 > 0;
        Self {
            id: call.id,
            request_id: call.request,
            started_at: call.started_at,
            duration_ms: ms(call.duration_us),
            first_byte_ms: call.first_byte_us.map(ms),
            slow,
            status: call.status.as_str(),
            http_status: call.http_status,
            error_code: call.error_code,
            error: call.error,
            surface: call.surface.as_str(),
            stream: call.stream,
            requested_model: call.requested_model,
            model: call.model,
            provider: call.provider,
            project: call.project,
            key: call.key,
            session: call.session,
            end_user: call.end_user,
            client: call.client,
            tags: call.tags,
            input_tokens: sums.input_tokens,
            output_tokens: sums.output_tokens,
            reasoning_tokens: sums.reasoning_tokens,
            cache_read_tokens: sums.cache_read_tokens,
            cache_write_tokens: sums.cache_write_tokens,
            cost_usd: priced.then(|| nano.to_string()),
            cost_nano_usd: priced.then_some(nano.0),
            estimated: call.cost.estimated,
            unpriced: call.cost.unpriced,
            billed_by_client: call.cost.billed_by_client,
            captured: call.captured,
            attempt_count: call.attempts.len(),
        }
    }
}

impl CallView {
    pub(super) fn new(room: &Analytics, mut call: CallClosed) -> Self {
        let ended_at = call
            .started_at
            .plus(std::time::Duration::from_micros(call.duration_us));
        let attempts = call
            .attempts
            .iter()
            .map(|attempt| AttemptView {
                provider: attempt.provider.clone(),
                model: attempt.model.clone(),
                started_ms: ms(attempt.started_us),
                duration_ms: ms(attempt.duration_us),
                http_status: attempt.http_status,
                error: attempt.error.clone(),
                upstream_request_id: attempt.upstream_request_id.clone(),
            })
            .collect();
        Self {
            ended_at,
            attempts,
            usage: call.usage,
            tools: call.tools,
            service: call.service.take(),
            response_id: call.response_id.take(),
            stop_reason: call.stop_reason.take(),
            request_bytes: call.request_bytes,
            response_bytes: call.response_bytes,
            call: CallRow::new(room, call),
        }
    }
}
