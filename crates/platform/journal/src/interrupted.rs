//! The record of a call that was open when the process died. Pure: what is known of it in, its end out.

use facts::{Attempt, CallClosed, CallOpened, CallProgress, CallStatus, Cost};
use kernel::Usage;

/// The code of such calls.
const CODE: &str = "INTERRUPTED";

/// Closes a call by what was last known of it: its progress, else what it was estimated to cost when it was admitted.
pub(crate) fn close(opened: CallOpened, progress: Option<&CallProgress>) -> CallClosed {
    let usage = progress.map_or(
        Usage {
            input: opened.input_estimate,
            ..Usage::default()
        },
        |progress| progress.usage,
    );
    let duration_us = progress.map_or(0, |progress| {
        u64::try_from(progress.at.since(opened.at)).unwrap_or(0)
    });
    CallClosed {
        id: opened.id,
        request: opened.request,
        org: opened.org,
        project: opened.project,
        key: opened.key,
        surface: opened.surface,
        requested_model: opened.requested_model,
        model: opened.upstream_model.clone(),
        provider: opened.provider.clone(),
        stream: opened.stream,
        status: CallStatus::Interrupted,
        http_status: 0,
        error_code: Some(CODE.to_owned()),
        error: Some("the gateway ended while the call was open".to_owned()),
        started_at: opened.at,
        duration_us,
        first_byte_us: None,
        usage,
        tools: kernel::tokens::ServerTools::default(),
        cost: Cost {
            nano_usd: progress.map_or(opened.input_estimate_nano, |progress| progress.nano_usd),
            estimated: true,
            unpriced: opened.unpriced,
            billed_by_client: opened.billed_by_client,
        },
        service: None,
        response_id: None,
        stop_reason: None,
        request_bytes: 0,
        response_bytes: 0,
        tags: opened.tags,
        session: opened.session,
        client: None,
        end_user: None,
        captured: false,
        attempts: vec![Attempt {
            provider: opened.provider,
            model: opened.upstream_model,
            started_us: 0,
            duration_us,
            http_status: None,
            error: Some(CODE.to_owned()),
            upstream_request_id: None,
        }],
    }
}
