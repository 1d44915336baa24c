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
    /// The id that limits, budgets and the record go by, where it is not the one asked for.
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
        let reserved_output = if surface == Surface::Embeddings {
            // Vectors are no tokens.
            0
        } else {
            // Each choice is an answer of its own.
            let step = state.budgets.reserve_output_tokens;
            opening
                .max_output
                .map_or(step, |max| max.min(step))
                .saturating_mul(opening.choices.max(1))
        };
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
            // The id that budgets counted it under: what is summed from records later counts the same calls.
            requested_model: opening.governed.unwrap_or(opening.requested_model),
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

#[cfg(test)]
mod tests {
    use guard::{BudgetSpec, Budgets, Period};

    use super::*;
    use crate::testing::House;

    const MODEL: &str = "gpt-5.6-terra";

    /// A house whose caller has a hard budget of these models, large enough for all that is asked here.
    fn house(models: &[&str]) -> House {
        let mut house = House::new(Some("http://127.0.0.1:9/v1"));
        let budget = BudgetSpec {
            amount: Nano(1_000_000_000_000),
            period: Period::Total,
            hard: true,
            models: models.iter().map(ToString::to_string).collect(),
        };
        house.caller.budgets = Arc::new(Budgets::new(vec![budget], vec![]));
        house
    }

    fn open(house: &House, surface: Surface, asked: &str, governed: Option<&str>) -> Box<Call> {
        let opening = Opening {
            request: RequestId::new(),
            surface,
            requested_model: asked.to_owned(),
            target: Target::to(&house.upstream("double"), Some(MODEL)),
            stream: false,
            governed: governed.map(ToOwned::to_owned),
            max_output: None,
            choices: 1,
            background: false,
            body: &Bytes::from_static(b"{}"),
            tags: BTreeMap::new(),
            session: None,
            client: None,
            end_user: None,
            unreserved: false,
        };
        Call::open(
            &house.gateway.shared,
            &house.state(),
            &house.caller,
            opening,
        )
        .unwrap()
    }

    fn held(house: &House) -> Nano {
        let budgets = &house.caller.budgets;
        budgets.state(house.gateway.shared.deps.clock.now())[0].reserved
    }

    #[tokio::test]
    async fn the_record_goes_by_the_id_that_budgets_count() {
        let house = house(&["fast"]);
        for alias in ["default", "claude/fast"] {
            let call = open(&house, Surface::Chat, alias, Some("fast"));
            assert!(held(&house) > Nano::ZERO, "{alias}");
            assert_eq!(call.opened.upstream_model, MODEL);
            drop(call);
        }
        // What answers in its place is not what budgets go by.
        let call = open(&house, Surface::Chat, "slow", None);
        assert_eq!(held(&house), Nano::ZERO);
        drop(call);
        let records = house.records().await;
        let asked: Vec<&str> = (records.iter())
            .map(|record| record.requested_model.as_str())
            .collect();
        assert_eq!(asked, ["fast", "fast", "slow"]);
    }

    #[tokio::test]
    async fn embeddings_hold_nothing_for_output() {
        let house = house(&[]);
        let call = open(&house, Surface::Embeddings, MODEL, None);
        assert!(held(&house) > Nano::ZERO, "the input costs something");
        assert_eq!(held(&house), call.opened.input_estimate_nano);
        drop(call);
        let call = open(&house, Surface::Chat, MODEL, None);
        assert!(held(&house) > call.opened.input_estimate_nano);
    }
}
