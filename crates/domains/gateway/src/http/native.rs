//! `/providers/{name}/*`: a provider's own routes under our identity, limits and journal. Paths whose protocol is
//! known are metered like the surfaces; all others pass unread and unpriced.

use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use facts::{CallStatus, Surface};
use http::header::CONTENT_LENGTH;
use http::{Method, Request, Response};
use hyper::body::Incoming as IncomingBody;
use kernel::{RequestId, permission};
use llm::{ProviderKind, Target, Upstream};
use wire::{Meter, Protocol};

use super::{CHAT, COUNT_TOKENS, EMBEDDINGS, INPUT_TOKENS, MESSAGES, RESPONSES};
use crate::attribution::Attribution;
use crate::body::AnswerBody;
use crate::call::{Call, Opening};
use crate::error::GatewayError;
use crate::gateway::{Gateway, State};
use crate::headers;
use crate::invoke::{self, Incoming, Way, abandon, cut, enter, refuse, unless_cut};
use crate::raw::RawRelay;
use crate::reader::Reader;
use crate::relay::Relay;
use crate::respond::is_stream;
use crate::tags::{Passing, Tagger};
use crate::verdict;

/// A request that is passed on unread.
pub(super) struct Errand {
    pub method: Method,
    /// Below the provider's base.
    pub path: String,
    pub surface: Surface,
    /// What stands for the model in the record.
    pub model: String,
    /// Whether the upstream may charge for it.
    pub billable: bool,
    /// What tags the answer.
    pub tags: Option<Tagger>,
}

pub(super) async fn pass(
    gateway: &Gateway,
    state: &Arc<State>,
    request: Request<IncomingBody>,
    id: RequestId,
    name: &str,
    rest: &str,
) -> Result<Response<AnswerBody>, GatewayError> {
    let method = request.method().clone();
    // The one answers with the request as it came, our credential in it; the other is no request for a resource.
    if matches!(method, Method::TRACE | Method::CONNECT) {
        let allow = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
        return Err(GatewayError::Method { allow });
    }
    let mut incoming = gateway.receive(state, request, id).await?;
    if !incoming
        .caller
        .principal
        .may(permission::GATEWAY_PASSTHROUGH)
    {
        return Err(GatewayError::Forbidden(permission::GATEWAY_PASSTHROUGH.0));
    }
    let upstream = state
        .catalogue
        .provider(name)
        .cloned()
        .ok_or_else(|| GatewayError::UnknownProvider(name.to_owned()))?;
    if let Some(way) = metered(upstream.kind, &method, &plainly(rest)) {
        incoming.pinned = Some(upstream);
        return invoke::invoke(&gateway.shared, state, way, incoming).await;
    }
    // Nothing of the simulated provider lies elsewhere; and no path leads out of what a provider's base holds.
    if upstream.kind == ProviderKind::Sim || climbs(rest) {
        return Err(GatewayError::NoSuchPath);
    }
    let restricted = incoming.caller.budgets.has_hard() || !incoming.caller.models.is_any();
    if restricted {
        return Err(GatewayError::NativeNotAllowed);
    }
    let errand = Errand {
        method,
        path: format!("/{rest}"),
        surface: Surface::Native,
        model: "native".to_owned(),
        billable: true,
        tags: None,
    };
    forward(gateway, state, incoming, upstream, errand).await
}

/// Whether a path holds a step upwards, however its dots and slashes are spelled: a server may decode them before it walks.
fn climbs(path: &str) -> bool {
    let mut path = path.to_ascii_lowercase();
    for (spelled, meant) in [("%2e", "."), ("%2f", "/"), ("%5c", "/"), ("\\", "/")] {
        path = path.replace(spelled, meant);
    }
    path.split('/').any(|part| part == "." || part == "..")
}

/// A path as most servers understand it: letters that need no escape without one, no empty parts. A known path is known
/// however it is spelled.
fn plainly(path: &str) -> String {
    let mut plain = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(next) = rest.chars().next() {
        let code = rest.get(1..3).filter(|_| next == '%');
        let code = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        let meant = code.map(char::from).filter(|letter| {
            letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.' | '_' | '~')
        });
        let (letter, taken) = meant.map_or((next, next.len_utf8()), |letter| (letter, 3));
        if letter != '/' || !(plain.is_empty() || plain.ends_with('/')) {
            plain.push(letter);
        }
        rest = &rest[taken..];
    }
    plain.truncate(plain.trim_end_matches('/').len());
    plain
}

/// The surface whose protocol a native path speaks.
fn metered(kind: ProviderKind, method: &Method, rest: &str) -> Option<Way> {
    let of_azure = ["openai/v1/", "anthropic/v1/"];
    let below = |base: &&str| rest.strip_prefix(base);
    let path = match kind {
        ProviderKind::Azure => of_azure.iter().find_map(below),
        _ => None,
    };
    let path = path.or_else(|| rest.strip_prefix("v1/")).unwrap_or(rest);
    let way = match path {
        "chat/completions" => CHAT,
        "embeddings" => EMBEDDINGS,
        "responses" => RESPONSES,
        "responses/input_tokens" => INPUT_TOKENS,
        "messages" => MESSAGES,
        "messages/count_tokens" => COUNT_TOKENS,
        _ => return None,
    };
    (*method == Method::POST && llm::endpoint(kind, way.protocol).is_some()).then_some(way)
}

/// Sends an errand and passes the answer on unread.
pub(super) async fn forward(
    gateway: &Gateway,
    state: &Arc<State>,
    incoming: Incoming,
    upstream: Arc<Upstream>,
    errand: Errand,
) -> Result<Response<AnswerBody>, GatewayError> {
    let Incoming {
        request,
        caller,
        mut headers,
        query,
        body,
        ..
    } = incoming;
    let client_credential = invoke::check_credential(&upstream, &headers)?;
    let attribution = Attribution::of_headers(&headers, &caller)?;
    let target = upstream.address(&errand.path, query.as_deref())?;
    let mut call = Call::open(
        &gateway.shared,
        state,
        &caller,
        Opening {
            request,
            surface: errand.surface,
            requested_model: errand.model,
            target: Target::to(&upstream, None),
            stream: false,
            governed: None,
            max_output: None,
            choices: 1,
            background: false,
            body: &body,
            tags: attribution.tags,
            session: None,
            client: attribution.client,
            end_user: None,
            unreserved: true,
        },
    )?;
    let (pass, slot) = match enter(&upstream).await {
        Ok(entered) => entered,
        Err(error) => return Err(refuse(&mut call, error, CallStatus::Unavailable)),
    };
    call.attempt();
    headers::to_upstream(&mut headers, client_credential, false);
    upstream.authorize(&mut headers);
    let (mut outgoing, ()) = Request::new(()).into_parts();
    outgoing.method = errand.method;
    outgoing.uri = target;
    outgoing.headers = headers;
    let sent = async {
        let sealed = upstream.seal(outgoing, body).await?;
        upstream.send(sealed).await
    };
    let answer = match unless_cut(&call, pin!(sent)).await {
        Some(Ok(answer)) => answer,
        Some(Err(error)) => {
            verdict::tell_error(pass, &error);
            let billable = errand.billable && verdict::may_be_billed(&error);
            let status = verdict::of_error(&error);
            return Err(abandon(&mut call, error.into(), status, billable));
        }
        None => return Err(cut(&mut call)),
    };
    let (mut head, body) = answer.into_parts();
    let upstream_id = headers::to_client(&mut head.headers, call.request(), call.id());
    call.answered(head.status.as_u16(), upstream_id.as_ref());
    let status = head.status.as_u16();
    if head.status.is_success() {
        let is_read = errand.surface == Surface::Responses
            && is_stream(&head.headers, false)
            && headers::encoding(&head.headers).is_none();
        if is_read {
            // A response that is followed while it is made, or heard once more: it ends in its own grammar too.
            head.headers.remove(CONTENT_LENGTH);
            let reader = Reader::Own(Meter::new(Protocol::Responses));
            let bound = state.config.max_event_bytes;
            let relay = Relay::new(call, upstream, body, reader, bound, Some(pass), slot);
            let relay = relay
                .unbilled()
                .tagging(errand.tags.map(|tags| Box::new(tags.in_events())));
            return Ok(Response::from_parts(head, AnswerBody::relay(relay)));
        }
        let (billable, pass) = (errand.billable, Some(pass));
        let tags = errand.tags;
        let tags = tags.and_then(|tags| Passing::new(tags, &mut head.headers, &state.config));
        let raw = RawRelay::new(call, upstream, Bytes::new(), body, billable, pass, slot);
        let raw = raw.tagging(tags);
        return Ok(Response::from_parts(head, AnswerBody::raw(raw.begun())));
    }
    verdict::tell_unread(pass, status);
    call.fault(
        &format!("HTTP_{status}"),
        &format!("the provider answered {status}"),
    );
    let raw = RawRelay::new(call, upstream, Bytes::new(), body, false, None, slot).refused();
    Ok(Response::from_parts(head, AnswerBody::raw(raw.begun())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_spelling_of_a_step_upwards_passes() {
        for path in [
            "..",
            "a/../b",
            "a/.",
            "%2e%2E/b",
            ".%2e",
            "a\\..\\b",
            "a%2f..%2Fb",
            "..%5Cb",
        ] {
            assert!(climbs(path), "{path}");
        }
        for path in ["", "v1/files/a..b", "v1/...", "v1/.hidden", "v1/models"] {
            assert!(!climbs(path), "{path}");
        }
    }

    #[test]
    fn metered_paths_are_those_of_known_protocols() {
        let post = |kind, path| metered(kind, &Method::POST, path).map(|way| way.surface);
        use ProviderKind::{Anthropic, Gemini, OpenAi};
        assert_eq!(post(OpenAi, "v1/responses"), Some(Surface::Responses));
        assert_eq!(post(OpenAi, "chat/completions"), Some(Surface::Chat));
        assert_eq!(
            post(Anthropic, "v1/messages/count_tokens"),
            Some(Surface::CountTokens)
        );
        assert_eq!(post(OpenAi, "v1/messages"), None);
        assert_eq!(post(Gemini, "v1/chat/completions"), None);
        assert_eq!(post(OpenAi, "v1/files"), None);
        assert!(metered(OpenAi, &Method::GET, "v1/responses").is_none());
    }

    #[test]
    fn a_known_path_is_known_however_it_is_spelled() {
        for path in [
            "v1/%63hat/completions",
            "v1//chat/completions",
            "v1/chat/completions/",
        ] {
            assert_eq!(plainly(path), "v1/chat/completions", "{path}");
        }
        for path in ["v1/files/a%2Fb", "v1/caf\u{e9}/100%", "%zz"] {
            assert_eq!(plainly(path), path);
        }
    }
}
