//! One model call from its body to the head of its answer: read the envelope, find the target, admit, send.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use facts::{CallStatus, Surface};
use guard::{Caller, Pass, Slot};
use http::header::{CONTENT_ENCODING, HeaderMap};
use http::{Request, Response};
use http_body_util::Full;
use kernel::{Failure, RequestId, permission};
use llm::config::CredentialSource;
use llm::{ProviderKind, Target, Upstream};
use wire::{Envelope, Protocol};

use crate::attribution::Attribution;
use crate::body::AnswerBody;
use crate::call::{Call, Ending, Opening};
use crate::error::GatewayError;
use crate::gateway::{Shared, State};
use crate::headers;
use crate::respond::{Asked, respond};
use crate::verdict;

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

/// Makes the call.
pub(crate) async fn invoke(
    shared: &Arc<Shared>,
    state: &Arc<State>,
    way: Way,
    incoming: Incoming,
) -> Result<Response<AnswerBody>, GatewayError> {
    let Incoming {
        request,
        caller,
        mut headers,
        query,
        body,
        pinned,
    } = incoming;
    if !caller.principal.may(permission::GATEWAY_INVOKE) {
        return Err(GatewayError::Forbidden(permission::GATEWAY_INVOKE.0));
    }
    let encoding = headers
        .get(CONTENT_ENCODING)
        .and_then(|e| e.to_str().ok())
        .unwrap_or("identity");
    let plain = wire::encoding::decode(encoding, &body, state.config.max_body_bytes)?;
    let envelope = wire::envelope::read(way.protocol, &plain)?;
    let (target, governed) = find(state, &caller, &envelope, pinned)?;
    let upstream = target.upstream.clone();
    let endpoint = llm::endpoint(upstream.kind, way.protocol)
        .ok_or_else(|| other_protocol(&envelope, &upstream, way))?;
    let client_credential = check_credential(&upstream, &headers)?;

    let mut edits = wire::splice::Edits::default();
    if let Some(model) = &target.model {
        edits.rename_model(&envelope, model);
    }
    let hide_usage =
        way.protocol == Protocol::Chat && envelope.stream && envelope.include_usage != Some(true);
    if hide_usage {
        edits.request_usage(&envelope);
    }
    let edited = !edits.is_empty();
    let sent = if edited { edits.apply(&plain) } else { body };
    let decoded = edited && encoding != "identity";
    let address = upstream.address_of(endpoint, way.suffix, query.as_deref())?;

    let attribution = Attribution::read(&headers, &caller, &envelope)?;
    let mut call = Call::open(
        shared,
        state,
        &caller,
        Opening {
            request,
            surface: way.surface,
            requested_model: envelope.model,
            target,
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

    let (pass, slot) = match enter(&upstream).await {
        Ok(entered) => entered,
        Err(error) => return Err(refuse(&mut call, error, CallStatus::Unavailable)),
    };
    call.attempt();
    let answer = if upstream.kind == ProviderKind::Sim {
        let path = format!("{endpoint}{}", way.suffix);
        Ok(llm::sim::answer(
            way.protocol,
            &path,
            call.upstream_model(),
            envelope.stream,
            &sent,
        ))
    } else {
        headers::to_upstream(&mut headers, client_credential, decoded);
        upstream.authorize(&mut headers);
        let mut outgoing = Request::new(Full::new(sent));
        *outgoing.method_mut() = http::Method::POST;
        *outgoing.uri_mut() = address;
        *outgoing.headers_mut() = headers;
        match unless_cut(&call, pin!(upstream.send(outgoing))).await {
            Some(answer) => answer,
            None => return Err(cut(&mut call)),
        }
    };
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            pass.failure();
            let status = verdict::of_error(&error);
            let billable = verdict::may_be_billed(&error);
            return Err(abandon(&mut call, error.into(), status, billable));
        }
    };
    let asked = Asked {
        way,
        stream: envelope.stream,
        hide_usage,
    };
    respond(state, asked, call, upstream, answer, pass, slot).await
}

/// Where a call goes, and the id that limits and budgets go by where it is not the one in the body.
fn find(
    state: &State,
    caller: &Caller,
    envelope: &Envelope,
    pinned: Option<Arc<Upstream>>,
) -> Result<(Target, Option<String>), GatewayError> {
    let asked = match (envelope.model.as_str(), &state.config.default_model) {
        ("default", Some(model)) if pinned.is_none() => model.as_str(),
        (model, _) => model,
    };
    if !caller.models.allows(asked) {
        return Err(GatewayError::ModelNotAllowed(asked.to_owned()));
    }
    if let Some(upstream) = pinned {
        return Ok((Target::to(&upstream, None), None));
    }
    let mut target = state
        .catalogue
        .resolve(asked)
        .ok_or_else(|| GatewayError::UnknownModel(asked.to_owned()))?;
    if asked != envelope.model && target.model.is_none() {
        target.model = Some(asked.into());
    }
    let governed = state.catalogue.bare(asked);
    let differs = governed != envelope.model;
    Ok((target, differs.then(|| governed.to_owned())))
}

/// Whether the caller's own credential goes upstream; it must then be there beside our key.
pub(crate) fn check_credential(
    upstream: &Upstream,
    headers: &HeaderMap,
) -> Result<bool, GatewayError> {
    if upstream.credential != CredentialSource::Client {
        return Ok(false);
    }
    if headers::has_client_credential(headers) {
        Ok(true)
    } else {
        Err(GatewayError::ClientCredentialMissing(
            upstream.name.to_string(),
        ))
    }
}

/// Passes the breaker and takes a place at the provider.
pub(crate) async fn enter(upstream: &Upstream) -> Result<(Pass, Slot), GatewayError> {
    let pass = upstream
        .breaker
        .try_acquire()
        .map_err(|open| GatewayError::BreakerOpen {
            provider: upstream.name.to_string(),
            retry_after_s: open.retry_after_ms.div_ceil(1_000).max(1),
        })?;
    let slot = upstream
        .bulkhead
        .acquire()
        .await
        .map_err(|_| GatewayError::Overloaded {
            provider: upstream.name.to_string(),
        })?;
    Ok((pass, slot))
}

/// The work's outcome; `None` when the server's time to finish ran out first.
pub(crate) async fn unless_cut<T>(
    call: &Call,
    mut work: Pin<&mut impl Future<Output = T>>,
) -> Option<T> {
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if call.must_end(cx.waker()) => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    })
    .await
}

/// Closes a call that was waiting for its answer when the server's time to finish ran out.
pub(crate) fn cut(call: &mut Call) -> GatewayError {
    abandon(call, GatewayError::Draining, CallStatus::Unavailable, true)
}

/// Closes a call that was never sent.
pub(crate) fn refuse(call: &mut Call, error: GatewayError, status: CallStatus) -> GatewayError {
    abandon(call, error, status, false)
}

/// Closes a call that failed before any answer.
pub(crate) fn abandon(
    call: &mut Call,
    error: GatewayError,
    status: CallStatus,
    billable: bool,
) -> GatewayError {
    call.fault(error.code(), &error.to_string());
    call.shown(crate::answer::status(error.kind()));
    call.close(Ending {
        status,
        reported: None,
        output_bytes: 0,
        whole: false,
        billable,
    });
    error
}

fn other_protocol(envelope: &Envelope, upstream: &Upstream, way: Way) -> GatewayError {
    let remedy = match upstream.kind {
        ProviderKind::Anthropic => "use POST /v1/messages for it",
        ProviderKind::OpenAi => "use POST /v1/chat/completions or /v1/responses for it",
        ProviderKind::DeepSeek | ProviderKind::OpenAiCompatible => {
            "use POST /v1/chat/completions for it"
        }
        _ => "this version cannot call that kind of provider yet",
    };
    GatewayError::OtherProtocol {
        model: envelope.model.clone(),
        provider: upstream.name.to_string(),
        kind: upstream.kind.as_str(),
        surface: way.path,
        remedy,
    }
}
