//! One model call from its body to the head of its answer: read the envelope, find the target, admit, send.

mod attempt;
mod enter;
mod unanswered;

pub(crate) use enter::{check_credential, enter};
pub(crate) use unanswered::{abandon, cut, refuse, unless_cut};

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use facts::{CallStatus, Surface};
use guard::Caller;
use http::Response;
use http::header::HeaderMap;
use kernel::{RequestId, permission};
use llm::{Target, Upstream};
use wire::{Envelope, Protocol};

use crate::attribution::Attribution;
use crate::body::AnswerBody;
use crate::call::{Call, Opening};
use crate::error::GatewayError;
use crate::gateway::{Shared, State};
use crate::headers;
use crate::plan;
use crate::retry::{Attempts, Bounds, Next};
use crate::tags::{self, Ties};
use attempt::attempt;

/// A surface and the path that it has at a provider.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Way {
    /// What is spoken.
    pub protocol: Protocol,
    /// What it is recorded as.
    pub surface: Surface,
    /// Behind the protocol's own path: `/count_tokens`, `/input_tokens` or nothing.
    pub suffix: &'static str,
    /// As callers know it, for error texts.
    pub path: &'static str,
}

/// A request whose caller is known and whose body has arrived.
pub(crate) struct Incoming {
    pub request: RequestId,
    pub caller: Arc<Caller>,
    pub headers: HeaderMap,
    pub query: Option<String>,
    /// As it came.
    pub body: Bytes,
    /// The provider that the path names, where it is a native one.
    pub pinned: Option<Arc<Upstream>>,
}

/// What all attempts of one call send.
struct Job {
    way: Way,
    envelope: Envelope,
    headers: HeaderMap,
    query: Option<String>,
    /// As it came.
    body: Bytes,
    /// The same, decoded.
    plain: Bytes,
    is_encoded: bool,
    /// The usage chunk of a chat stream is asked for by us alone.
    hide_usage: bool,
    /// What its tags said.
    ties: Ties,
}

impl Job {
    /// The body without our tags.
    fn untied(&self) -> Bytes {
        if self.ties.edits.is_empty() {
            return self.plain.clone();
        }
        self.ties.edits.apply(&self.plain)
    }

    /// The body in the provider's own protocol: as it came, or with what its target or we need spliced in and without
    /// the reasoning of other providers that earlier answers of this conversation bear, sealed.
    fn spliced(&self, target: &Target) -> (Bytes, bool) {
        let tied = (!self.ties.edits.is_empty()).then(|| self.untied());
        let unsealed = translate::unseal(self.way.protocol, tied.as_ref().unwrap_or(&self.plain));
        let changed = unsealed.map(Bytes::from).or(tied).and_then(|body| {
            let envelope = wire::envelope::read(self.way.protocol, &body).ok()?;
            Some((body, envelope))
        });
        let (plain, envelope) = match &changed {
            Some((body, envelope)) => (body, envelope),
            None => (&self.plain, &self.envelope),
        };
        let mut edits = wire::splice::Edits::default();
        if let Some(model) = &target.model {
            edits.rename_model(envelope, model);
        }
        if self.hide_usage {
            edits.request_usage(envelope);
        }
        if !edits.is_empty() {
            (edits.apply(plain), true)
        } else if changed.is_some() {
            (plain.clone(), true)
        } else {
            (self.body.clone(), false)
        }
    }
}

/// Makes the call: one attempt after the other until one leads to an answer or none is left.
pub(crate) async fn invoke(
    shared: &Arc<Shared>,
    state: &Arc<State>,
    way: Way,
    incoming: Incoming,
) -> Result<Response<AnswerBody>, GatewayError> {
    let Incoming {
        request,
        caller,
        headers,
        query,
        body,
        pinned,
    } = incoming;
    if !caller.principal.may(permission::GATEWAY_INVOKE) {
        return Err(GatewayError::Forbidden(permission::GATEWAY_INVOKE.0));
    }
    let encoding = headers::encoding(&headers);
    let is_encoded = encoding.is_some();
    let encoding = encoding.unwrap_or("identity");
    let plain = wire::encoding::decode(encoding, &body, state.config.max_body_bytes)?;
    let mut envelope = wire::envelope::read(way.protocol, &plain)?;
    let attribution = Attribution::read(&headers, &caller, &envelope)?;
    let now = shared.deps.clock.now();
    let asking = plan::Request {
        way,
        caller: &caller,
        headers: &headers,
        envelope: &envelope,
        session: attribution.session.as_deref(),
        now,
    };
    let is_native = pinned.is_some();
    let plan::Found { mut plan, governed } = plan::find(state, &asking, pinned)?;
    let marker = &shared.deps.marker;
    let ties = tags::untie(marker, state, &asking, &plain, is_native, &mut plan)?;
    let mut call = Call::open(
        shared,
        state,
        &caller,
        Opening {
            request,
            surface: way.surface,
            requested_model: std::mem::take(&mut envelope.model),
            target: plan[0].clone(),
            stream: envelope.stream,
            governed,
            max_output: envelope.max_output_tokens,
            choices: envelope.choices,
            background: envelope.background,
            body: &plain,
            tags: attribution.tags,
            session: attribution.session,
            client: attribution.client,
            end_user: attribution.end_user,
            unreserved: way.surface == Surface::CountTokens,
        },
    )?;
    let hide_usage =
        way.protocol == Protocol::Chat && envelope.stream && envelope.include_usage != Some(true);
    let job = Job {
        way,
        envelope,
        headers,
        query,
        body,
        plain,
        is_encoded,
        hide_usage,
        ties,
    };
    let config = &state.config;
    let mut attempts = Attempts::new(Bounds::of(config), plan.len());
    let mut target = &plan[0];
    let mut earlier = None;
    loop {
        let hold = (plan.len() > 1 && attempts.has_other())
            .then(|| Duration::from_millis(config.failover_hold_ms));
        let failed = match attempt(state, &job, call, target, hold).await {
            Ok(answer) => return Ok(answer),
            Err(failed) => failed,
        };
        let left = target
            .upstream
            .timeouts
            .total
            .saturating_sub(failed.elapsed());
        let Next::Try(at, pause) = attempts.after(failed.again, failed.pause, left) else {
            return failed.finish(earlier);
        };
        call = failed.go_on(&mut earlier);
        if !pause.is_zero()
            && unless_cut(&call, pin!(tokio::time::sleep(pause)))
                .await
                .is_none()
        {
            return Err(cut(&mut call));
        }
        target = &plan[at];
        if let Err(error) = call.turn_to(target) {
            return Err(refuse(&mut call, error, CallStatus::BudgetStopped));
        }
    }
}
