//! One model call from its body to its answer: read the envelope, find the target, admit, send, answer.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use facts::{CallStatus, Surface};
use guard::{Caller, Pass, Slot};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use kernel::{Failure, Reported, RequestId, permission};
use llm::config::CredentialSource;
use llm::{LlmError, ProviderKind, Target, Upstream};
use tokio::time::timeout;
use wire::{Envelope, Meter, Protocol};

use crate::along::Along;
use crate::attribution::Attribution;
use crate::body::AnswerBody;
use crate::call::{Call, Ending, Opening};
use crate::error::GatewayError;
use crate::gateway::{Shared, State};
use crate::headers;
use crate::raw::RawRelay;
use crate::relay::Relay;
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
    let target = find(state, &caller, &envelope, pinned)?;
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

    let attribution = Attribution::read(&headers, &caller, &envelope)?;
    let mut call = Box::new(Call::open(
        shared,
        state,
        &caller,
        Opening {
            request,
            surface: way.surface,
            requested_model: envelope.model,
            target,
            stream: envelope.stream,
            max_output: envelope
                .max_output_tokens
                .map(|max| max.saturating_mul(envelope.choices.max(1))),
            body: plain.clone(),
            tags: attribution.tags,
            session: attribution.session,
            client: attribution.client,
            end_user: attribution.end_user,
            unreserved: way.surface == Surface::CountTokens,
        },
    )?);

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
        let target = upstream.address_of(endpoint, way.suffix, query.as_deref())?;
        let mut outgoing = Request::new(Full::new(sent));
        *outgoing.method_mut() = http::Method::POST;
        *outgoing.uri_mut() = target;
        *outgoing.headers_mut() = headers;
        upstream.send(outgoing).await
    };
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            pass.failure();
            let status = verdict::of_error(&error);
            // A connection that was never made cost nothing; what broke later may have been worked on.
            let billable = !matches!(
                error,
                LlmError::Unreachable { .. } | LlmError::ConnectTimeout { .. }
            );
            return Err(abandon(&mut call, error.into(), status, billable));
        }
    };
    respond(
        shared, state, way, call, upstream, answer, pass, slot, hide_usage,
    )
    .await
}

/// Turns the upstream's head into ours and its body into a relay or a whole answer.
#[expect(
    clippy::too_many_arguments,
    reason = "everything that one call holds meets here once"
)]
async fn respond(
    shared: &Arc<Shared>,
    state: &Arc<State>,
    way: Way,
    mut call: Box<Call>,
    upstream: Arc<Upstream>,
    answer: Response<llm::AnswerBody>,
    pass: Pass,
    slot: Slot,
    hide_usage: bool,
) -> Result<Response<AnswerBody>, GatewayError> {
    let (mut head, body) = answer.into_parts();
    let upstream_id = headers::to_client(&mut head.headers);
    call.answered(head.status.as_u16(), upstream_id.as_ref());
    headers::stamp(&mut head.headers, call.request());
    if let Ok(id) = HeaderValue::from_str(&call.id().to_string()) {
        head.headers.insert(headers::CALL, id);
    }
    let encoded = head
        .headers
        .get(CONTENT_ENCODING)
        .is_some_and(|e| e != "identity");
    let is_events = head
        .headers
        .get(CONTENT_TYPE)
        .and_then(|t| t.to_str().ok())
        .is_some_and(|t| t.starts_with("text/event-stream"));
    if is_events && head.status.is_success() && !encoded {
        head.headers.remove(CONTENT_LENGTH);
        if !head.headers.contains_key(headers::ACCEL_BUFFERING) {
            head.headers
                .insert(headers::ACCEL_BUFFERING, HeaderValue::from_static("no"));
        }
        let meter = if hide_usage {
            Meter::new(way.protocol).hiding_usage()
        } else {
            Meter::new(way.protocol)
        };
        let relay = Relay::new(
            call,
            upstream,
            body,
            meter,
            state.config.max_event_bytes,
            Some(pass),
            slot,
        );
        return Ok(Response::from_parts(head, AnswerBody::relay(relay)));
    }
    if is_events && encoded && head.status.is_success() {
        let encoding = head
            .headers
            .get(CONTENT_ENCODING)
            .and_then(|e| e.to_str().ok())
            .unwrap_or("");
        let along = Along::new(encoding, way.protocol, state.config.max_event_bytes);
        let raw = RawRelay::new(call, upstream, Bytes::new(), body, true, Some(pass), slot)
            .reading(along);
        return Ok(Response::from_parts(head, AnswerBody::raw(raw)));
    }

    let (bytes, rest) = match collect(&upstream, &call, body, state.config.max_answer_bytes).await {
        Ok(collected) => collected,
        Err(error) => {
            pass.failure();
            let status = verdict::of_error(&error);
            return Err(abandon(&mut call, error.into(), status, true));
        }
    };
    if let Some(rest) = rest {
        let raw = RawRelay::new(call, upstream, bytes, rest, true, Some(pass), slot);
        return Ok(Response::from_parts(head, AnswerBody::raw(raw)));
    }
    call.first_byte();
    call.delivered(&bytes);
    verdict::tell(
        pass,
        &upstream,
        call.upstream_model(),
        head.status.as_u16(),
        &head.headers,
    );
    let cost = if head.status.is_success() {
        let readable = if encoded {
            let encoding = head
                .headers
                .get(CONTENT_ENCODING)
                .and_then(|e| e.to_str().ok())
                .unwrap_or("");
            wire::encoding::decode(encoding, &bytes, state.config.max_answer_bytes)
                .unwrap_or_else(|_| bytes.clone())
        } else {
            bytes.clone()
        };
        let reported = wire::read_answer(way.protocol, &readable).unwrap_or_else(|error| {
            tracing::warn!(call.id = %call.id(), %error, "the answer tells no usage");
            Reported::default()
        });
        if let Some(id) = &reported.response_id
            && way.protocol == Protocol::Responses
        {
            shared.owners.remember(id, &upstream.name);
        }
        let fault = match reported.usage {
            Some(_) => None,
            None => verdict::error_in_answer(&readable),
        };
        if let Some((code, message)) = fault {
            // The provider says 200 and means an error: it made nothing, so nothing is owed.
            call.fault(&code, &message);
            call.close(Ending::free(CallStatus::UpstreamError))
        } else {
            let output_bytes = wire::output_bytes(way.protocol, &readable);
            call.close(Ending {
                status: CallStatus::Ok,
                reported: Some(&reported),
                output_bytes,
                whole: true,
                billable: true,
            })
        }
    } else {
        let (code, message) = verdict::upstream_error(&bytes, head.status.as_u16());
        call.fault(&code, &message);
        call.close(Ending::free(CallStatus::UpstreamError))
    };
    if let Some(cost) = cost
        && let Ok(value) = HeaderValue::from_str(&cost.to_string())
    {
        head.headers.insert(headers::COST, value);
    }
    Ok(Response::from_parts(head, AnswerBody::whole(bytes)))
}

/// Reads an answer whole, up to the bound; beyond it what was read and the rest of the body come back.
async fn collect(
    upstream: &Upstream,
    call: &Call,
    mut body: llm::AnswerBody,
    max_bytes: usize,
) -> Result<(Bytes, Option<llm::AnswerBody>), LlmError> {
    let mut first = Bytes::new();
    let mut more = BytesMut::new();
    loop {
        let left = upstream
            .timeouts
            .total
            .saturating_sub(std::time::Duration::from_micros(call.elapsed_us()));
        let limit = upstream.timeouts.idle.min(left);
        let frame = timeout(limit, body.frame()).await.map_err(|_| {
            if limit == left {
                upstream.overdue()
            } else {
                upstream.idle()
            }
        })?;
        let Some(frame) = frame else { break };
        let Ok(data) = frame
            .map_err(|error| upstream.broken_off(&error))?
            .into_data()
        else {
            continue;
        };
        if first.is_empty() && more.is_empty() {
            first = data;
        } else {
            if more.is_empty() {
                more.reserve(2 * (first.len() + data.len()));
                more.extend_from_slice(&first);
            }
            more.extend_from_slice(&data);
        }
        if first.len().max(more.len()) > max_bytes {
            return Ok((
                if more.is_empty() {
                    first
                } else {
                    more.freeze()
                },
                Some(body),
            ));
        }
    }
    Ok((
        if more.is_empty() {
            first
        } else {
            more.freeze()
        },
        None,
    ))
}

fn find(
    state: &State,
    caller: &Caller,
    envelope: &Envelope,
    pinned: Option<Arc<Upstream>>,
) -> Result<Target, GatewayError> {
    let asked = match (envelope.model.as_str(), &state.config.default_model) {
        ("default", Some(model)) => model.as_str(),
        (model, _) => model,
    };
    if !caller.models.allows(asked) {
        return Err(GatewayError::ModelNotAllowed(asked.to_owned()));
    }
    if let Some(upstream) = pinned {
        return Ok(Target::to(&upstream, None));
    }
    let mut target = state
        .catalogue
        .resolve(asked)
        .ok_or_else(|| GatewayError::UnknownModel(asked.to_owned()))?;
    if asked != envelope.model && target.model.is_none() {
        target.model = Some(asked.into());
    }
    Ok(target)
}

/// Whether the caller's own credential goes upstream; it must then be there beside our key.
pub(crate) fn check_credential(
    upstream: &Upstream,
    headers: &HeaderMap,
) -> Result<bool, GatewayError> {
    if upstream.credential != CredentialSource::Client {
        return Ok(false);
    }
    let own = headers.contains_key("x-switchyard-key")
        && (headers.contains_key(http::header::AUTHORIZATION) || headers.contains_key("x-api-key"));
    if own {
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
