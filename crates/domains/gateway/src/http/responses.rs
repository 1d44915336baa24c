//! Stored responses: `GET`, `DELETE`, `cancel` and `input_items` go to the provider that keeps them.

use std::sync::Arc;

use facts::Surface;
use http::{Request, Response};
use hyper::body::Incoming as IncomingBody;
use kernel::{RequestId, permission};
use llm::{ProviderKind, Upstream};

use super::native::{Errand, forward};
use crate::body::AnswerBody;
use crate::error::GatewayError;
use crate::gateway::{Gateway, State};

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
    let upstream = keeper(gateway, state, response_id)?;
    let (path, query) = upstream.stored_responses(rest, incoming.query.as_deref());
    incoming.query = query;
    let errand = Errand {
        method,
        path,
        surface: Surface::Responses,
        model: "stored".to_owned(),
        // The answer repeats a usage that was billed when the response was made.
        billable: false,
    };
    forward(gateway, state, incoming, upstream, errand).await
}

/// Ids are words; anything else could lead to another path of the provider.
fn is_id(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

fn keeper(
    gateway: &Gateway,
    state: &State,
    response_id: &str,
) -> Result<Arc<Upstream>, GatewayError> {
    let known = gateway.shared.owners.provider(response_id);
    known
        .and_then(|name| state.catalogue.provider(&name).cloned())
        .or_else(|| {
            let of = |kind| {
                let mut providers = state.catalogue.providers();
                providers.find(|upstream| upstream.kind == kind).cloned()
            };
            of(ProviderKind::OpenAi).or_else(|| of(ProviderKind::Azure))
        })
        .ok_or(GatewayError::NoResponsesProvider)
}
