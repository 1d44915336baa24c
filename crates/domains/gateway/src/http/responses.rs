//! Stored responses: `GET`, `DELETE`, `cancel` and `input_items` go to the provider that the id's tag names.

use std::sync::Arc;

use facts::Surface;
use http::{Request, Response};
use hyper::body::Incoming as IncomingBody;
use kernel::{RequestId, permission};
use llm::Upstream;
use llm::config::CredentialSource;

use super::native::{Errand, forward};
use crate::body::AnswerBody;
use crate::error::GatewayError;
use crate::gateway::{Gateway, State};
use crate::headers;
use crate::invoke::Incoming;
use crate::tags::{Sealer, Tagger, keeps_responses};

pub(super) async fn stored(
    gateway: &Gateway,
    state: &Arc<State>,
    request: Request<IncomingBody>,
    id: RequestId,
    rest: &str,
) -> Result<Response<AnswerBody>, GatewayError> {
    let (response_id, below) = rest
        .split_once('/')
        .map_or((rest, None), |(id, below)| (id, Some(below)));
    if !is_id(response_id) {
        return Err(GatewayError::NoSuchPath);
    }
    let allow = match below {
        None => "GET, HEAD, DELETE",
        Some("cancel") => "POST",
        Some("input_items") => "GET, HEAD",
        Some(_) => return Err(GatewayError::NoSuchPath),
    };
    if !allow
        .split(", ")
        .any(|method| request.method().as_str() == method)
    {
        return Err(GatewayError::Method { allow });
    }
    let method = request.method().clone();
    let mut incoming = gateway.receive(state, request, id).await?;
    if !incoming.caller.principal.may(permission::GATEWAY_INVOKE) {
        return Err(GatewayError::Forbidden(permission::GATEWAY_INVOKE.0));
    }
    let sealer = Sealer::new(&gateway.shared.deps.marker, incoming.caller.principal.org);
    let (upstream, own_id, tags) = match sealer.keeper(&state.catalogue, response_id) {
        Some((upstream, own_id)) => {
            let tags = Tagger::stored(sealer, upstream.name.clone(), own_id);
            (upstream.clone(), own_id, Some(tags))
        }
        None => (
            callers_own(state, &incoming, response_id)?,
            response_id,
            None,
        ),
    };
    let below = &rest[response_id.len()..];
    let rest = format!("{own_id}{below}");
    let (path, query) = upstream.stored_responses(&rest, incoming.query.as_deref());
    incoming.query = query;
    let errand = Errand {
        method,
        path,
        surface: Surface::Responses,
        model: "stored".to_owned(),
        // The answer repeats a usage that was billed when the response was made.
        billable: false,
        tags,
    };
    forward(gateway, state, incoming, upstream, errand).await
}

/// Ids are words; anything else could lead to another path of the provider.
fn is_id(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

/// Without a tag an id can only be the caller's own at a provider that knows the caller itself.
fn callers_own(
    state: &State,
    incoming: &Incoming,
    response_id: &str,
) -> Result<Arc<Upstream>, GatewayError> {
    let mut keepers = state
        .catalogue
        .providers()
        .filter(|upstream| keeps_responses(upstream))
        .peekable();
    if keepers.peek().is_none() {
        return Err(GatewayError::NoResponsesProvider);
    }
    keepers
        .find(|upstream| upstream.credential == CredentialSource::Client)
        .filter(|_| headers::has_client_credential(&incoming.headers))
        .cloned()
        .ok_or_else(|| GatewayError::unknown_response(response_id, None))
}
