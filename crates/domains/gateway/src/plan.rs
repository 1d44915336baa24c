//! Where a call may go: the catalogue's plan without the targets that this call cannot use.

use std::sync::Arc;

use guard::Caller;
use http::HeaderMap;
use kernel::Timestamp;
use llm::config::CredentialSource;
use llm::{Asking, Plan, Target, Upstream};
use wire::Envelope;

use crate::error::GatewayError;
use crate::gateway::State;
use crate::invoke::{Way, check_credential};
use crate::speech;

/// What decides where a call may go.
pub(crate) struct Request<'a> {
    pub way: Way,
    pub caller: &'a Caller,
    pub headers: &'a HeaderMap,
    pub envelope: &'a Envelope,
    pub session: Option<&'a str>,
    pub now: Timestamp,
}

/// Where a call may go.
pub(crate) struct Found {
    /// At least one target.
    pub plan: Plan,
    /// The id that limits and budgets go by, where it is not the one in the body.
    pub governed: Option<String>,
}

/// Finds the targets of a call. `pinned` is the provider that the path names.
pub(crate) fn find(
    state: &State,
    request: &Request<'_>,
    pinned: Option<Arc<Upstream>>,
) -> Result<Found, GatewayError> {
    let envelope = request.envelope;
    let asked = match (envelope.model.as_str(), &state.config.default_model) {
        ("default", Some(model)) if pinned.is_none() => model.as_str(),
        (model, _) => model,
    };
    let asked = state.catalogue.unalias(asked);
    if !request.caller.models.allows(asked) {
        return Err(GatewayError::ModelNotAllowed(asked.to_owned()));
    }
    if let Some(upstream) = pinned {
        let mut plan = Plan::from_elem(Target::to(&upstream, None), 1);
        sift(state, request, asked, &mut plan)?;
        return Ok(Found {
            plan,
            governed: None,
        });
    }
    let asking = Asking {
        model: asked,
        session: request.session,
        now: request.now,
    };
    let mut plan = state
        .catalogue
        .plan(&asking)
        .ok_or_else(|| GatewayError::UnknownModel(asked.to_owned()))?;
    if asked != envelope.model {
        for target in &mut plan {
            target.model.get_or_insert_with(|| asked.into());
        }
    }
    let governed = state.catalogue.bare(asked);
    sift(state, request, governed, &mut plan)?;
    let differs = governed != envelope.model;
    Ok(Found {
        plan,
        governed: differs.then(|| governed.to_owned()),
    })
}

/// Leaves out what this call cannot use; the error is that of the first where nothing is left.
fn sift(
    state: &State,
    request: &Request<'_>,
    governed: &str,
    plan: &mut Plan,
) -> Result<(), GatewayError> {
    let mut reason = None;
    let mut credential = None;
    plan.retain(|target| {
        let usable = check(state, request, governed, target).map(|()| {
            // One call is billed by one side: the caller's own account, or ours.
            let own = target.upstream.credential;
            *credential.get_or_insert(own) == own
        });
        usable.unwrap_or_else(|error| {
            reason.get_or_insert(error);
            false
        })
    });
    match reason {
        Some(reason) if plan.is_empty() => Err(reason),
        _ => Ok(()),
    }
}

fn check(
    state: &State,
    request: &Request<'_>,
    governed: &str,
    target: &Target,
) -> Result<(), GatewayError> {
    let upstream = &target.upstream;
    let model = target.model.as_deref().unwrap_or(&request.envelope.model);
    if speech::of(upstream, model, request.way.protocol).is_none() {
        return Err(other_protocol(request.envelope, upstream, request.way));
    }
    check_credential(upstream, request.headers)?;
    let budgets = &request.caller.budgets;
    if upstream.credential == CredentialSource::Key && budgets.has_hard_for(governed) {
        let prices = state.catalogue.prices();
        let quote = prices.quote(upstream.kind, &upstream.name, model, request.now);
        if quote.is_none() && request.way.surface != facts::Surface::CountTokens {
            return Err(GatewayError::Unpriced(request.envelope.model.clone()));
        }
    }
    Ok(())
}

fn other_protocol(envelope: &Envelope, upstream: &Upstream, way: Way) -> GatewayError {
    GatewayError::OtherProtocol {
        model: envelope.model.clone(),
        provider: upstream.name.to_string(),
        kind: upstream.kind.as_str(),
        surface: way.path,
    }
}
