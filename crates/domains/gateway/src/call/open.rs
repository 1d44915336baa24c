//! Admission: may this caller make this call now, and what is set aside for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use facts::{CallOpened, Fact, Surface};
use guard::Caller;
use kernel::{CallId, Nano, RequestId};
use llm::Target;
use llm::config::CredentialSource;

use super::Call;
use super::money::cost_at;
use crate::error::GatewayError;
use crate::gateway::{Shared, State};

/// What is known of a call when it asks to be admitted.
pub(crate) struct Opening<'a> {
    /// The request it came in on.
    pub request: RequestId,
    /// The surface.
    pub surface: Surface,
    /// The model asked for, as the caller spelled it.
    pub requested_model: String,
    /// Where it goes.
    pub target: Target,
    /// Whether a stream was asked for.
    pub stream: bool,
    /// The id that limits and budgets go by, where it is not the one asked for.
    pub governed: Option<String>,
    /// Output tokens of each choice at most.
    pub max_output: Option<u64>,
    /// How many choices are asked for.
    pub choices: u64,
    /// The provider works on after its answer.
    pub background: bool,
    /// The decoded body.
    pub body: &'a Bytes,
    /// Labels, the key's own included.
    pub tags: BTreeMap<String, String>,
    /// The session that the client names.
    pub session: Option<String>,
    /// The client program.
    pub client: Option<String>,
    /// The end user that the body names.
    pub end_user: Option<String>,
    /// Costs nothing by nature or cannot be priced: no reservation is made.
    pub unreserved: bool,
}

impl Call {
    /// Admits a call: limits, budget, journal, in this order. A call that budget or journal refuse counts as a
    /// request towards the limits, and leaves nothing else behind.
    pub fn open(
        shared: &Arc<Shared>,
        state: &Arc<State>,
        caller: &Caller,
        opening: Opening<'_>,
    ) -> Result<Box<Self>, GatewayError> {
        let deps = &shared.deps;
        if shared.live.is_draining() {
            return Err(GatewayError::Draining);
        }
        let Opening {
            surface, target, ..
        } = opening;
        let now = deps.clock.now();
        let now_us = deps.clock.monotonic_us();
        let upstream = &target.upstream;
        let model = target
            .model
            .as_deref()
            .unwrap_or(&opening.requested_model)
            .to_owned();
        let billed_by_client = upstream.credential == CredentialSource::Client;
        let quote = state
            .catalogue
            .prices()
            .quote(upstream.kind, &upstream.name, &model, now);
        let reserving = !(opening.unreserved || billed_by_client || caller.budgets.is_empty());
        let governed = opening
            .governed
            .as_deref()
            .unwrap_or(&opening.requested_model);
        if reserving && quote.is_none() && caller.budgets.has_hard_for(governed) {
            return Err(GatewayError::Unpriced(opening.requested_model));
        }
        let request_bytes = opening.body.len() as u64;
        let input_estimate = if opening.unreserved {
            0
        } else {
            shared.estimator.input_tokens(&model, request_bytes)
        };
        let mut admission = caller.limits.admit(now_us, governed, input_estimate)?;
        // Each choice is an answer of its own.
        let step = state.budgets.reserve_output_tokens;
        let reserved_output = opening
            .max_output
            .map_or(step, |max| max.min(step))
            .saturating_mul(opening.choices.max(1));
        let input_cost = quote
            .as_ref()
            .map_or(Nano::ZERO, |quote| cost_at(quote, input_estimate, 0));
        let reservation = if reserving {
            let asked = quote.as_ref().map_or(Nano::ZERO, |quote| {
                cost_at(quote, input_estimate, reserved_output)
            });
            let reserved = caller.budgets.reserve(now, governed, asked);
            Some(reserved.inspect_err(|_| admission.settle(now_us, 0))?)
        } else {
            None
        };
        let opened = Box::new(CallOpened {
            id: CallId::new(),
            request: opening.request,
            org: caller.principal.org,
            project: caller.principal.project,
            key: caller.principal.key,
            surface,
            requested_model: opening.requested_model,
            provider: String::from(&*upstream.name),
            upstream_model: model,
            stream: opening.stream,
            at: now,
            input_estimate,
            input_estimate_nano: input_cost,
            reserved_nano: reservation
                .as_ref()
                .map_or(Nano::ZERO, guard::Reservation::reserved),
            billed_by_client,
            unpriced: quote.is_none() && !opening.unreserved,
            tags: opening.tags,
            session: opening.session,
        });
        let fact = Fact::Opened(opened);
        if let Err(error) = deps.journal.append(&fact) {
            if let Some(reservation) = reservation {
                reservation.settle(Nano::ZERO);
            }
            admission.settle(now_us, 0);
            return Err(GatewayError::Journal(error.to_string()));
        }
        let Fact::Opened(opened) = fact else {
            return Err(GatewayError::Journal("the fact changed its kind".into()));
        };
        let live = shared.live.enter(
            &opened,
            upstream.name.clone(),
            opened.requested_model.as_str().into(),
        );
        let captured = caller
            .capture
            .then(|| (opening.body.clone(), Vec::new(), false));
        Ok(Box::new(Self {
            shared: shared.clone(),
            state: state.clone(),
            target,
            opened,
            admission,
            reservation,
            quote,
            billed_by_client,
            max_output: opening
                .max_output
                .map(|max| max.saturating_mul(opening.choices.max(1))),
            reserved_output,
            background: opening.background,
            started_us: now_us,
            last_progress_us: 0,
            first_byte_us: None,
            attempts: Vec::with_capacity(1),
            spent: super::Spent::default(),
            http_status: 0,
            request_bytes,
            response_bytes: 0,
            error: None,
            client: opening.client,
            end_user: opening.end_user,
            captured,
            closed: false,
            live,
        }))
    }
}
