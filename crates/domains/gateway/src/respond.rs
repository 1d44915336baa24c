//! The answer to one model call: its head turned into ours, its body into a relay or, where it is no stream, read
//! whole, so that its cost can stand in a header.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use facts::CallStatus;
use guard::{Pass, Slot};
use http::Response;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue};
use http_body::Body as _;
use http_body_util::BodyExt;
use kernel::{Nano, Reported};
use llm::{LlmError, Upstream};
use serde::de::IgnoredAny;
use wire::{Meter, Protocol};

use crate::along::Along;
use crate::body::AnswerBody;
use crate::call::{Call, Ending};
use crate::error::GatewayError;
use crate::failed::{Failed, Used};
use crate::gateway::State;
use crate::headers;
use crate::invoke::{Way, unless_cut};
use crate::raw::RawRelay;
use crate::reader::Reader;
use crate::relay::Relay;
use crate::retry::Again;
use crate::tags::Tagger;
use crate::verdict;
use crate::within::within;

/// What of a request decides how its answer is read.
#[derive(Debug)]
pub(crate) struct Asked {
    /// The surface.
    pub way: Way,
    /// Whether a stream was asked for.
    pub stream: bool,
    /// Whether the usage chunk was asked for by us alone.
    pub hide_usage: bool,
    /// Another target could take over: the first bytes of a stream wait so long for the answer to begin.
    pub hold: Option<Duration>,
    /// Names of what the caller asked for and the provider does not take.
    pub dropped: Option<HeaderValue>,
    /// What tags the answer.
    pub tags: Option<Box<Tagger>>,
}

/// Turns the upstream's head into ours and its body into a relay or a whole answer.
pub(crate) async fn respond(
    state: &State,
    mut asked: Asked,
    mut call: Box<Call>,
    upstream: Arc<Upstream>,
    answer: Response<llm::AnswerBody>,
    pass: Pass,
    slot: Slot,
) -> Result<Response<AnswerBody>, Box<Failed>> {
    let (mut head, body) = answer.into_parts();
    let upstream_id = headers::to_client(&mut head.headers, call.request(), call.id());
    call.answered(head.status.as_u16(), upstream_id.as_ref());
    if let Some(names) = asked.dropped {
        head.headers.insert(headers::DROPPED, names);
    }
    let encoding = headers::encoding(&head.headers);
    let protocol = asked.way.protocol;
    if head.status.is_success() && is_stream(&head.headers, asked.stream) {
        let max_event_bytes = state.config.max_event_bytes;
        let body = if let Some(encoding) = encoding {
            let along = Along::new(encoding, protocol, max_event_bytes);
            let raw = RawRelay::new(call, upstream, Bytes::new(), body, true, Some(pass), slot);
            AnswerBody::raw(raw.reading(along))
        } else {
            head.headers.remove(CONTENT_LENGTH);
            head.headers
                .entry(headers::ACCEL_BUFFERING)
                .or_insert(HeaderValue::from_static("no"));
            let mut meter = Meter::new(protocol);
            if asked.hide_usage {
                meter = meter.hiding_usage();
            }
            let pass = Some(pass);
            let relay = Relay::new(
                call,
                upstream,
                body,
                Reader::Own(meter),
                max_event_bytes,
                pass,
                slot,
            )
            .tagging(asked.tags);
            AnswerBody::relay(match asked.hold {
                None => relay,
                Some(within) => match relay.hold(within).await {
                    Ok(relay) => relay,
                    Err(gone) => return Err(gone.told_by(head)),
                },
            })
        };
        return Ok(Response::from_parts(head, body));
    }

    let max_bytes = state.config.max_answer_bytes;
    let gathered = gather(call, &upstream, body, max_bytes, pass).await?;
    let Gathered {
        mut call,
        bytes,
        rest,
        pass,
    } = gathered;
    let tagged = asked.tags.as_mut().filter(|_| head.status.is_success());
    let tagged = tagged.and_then(|tags| match &rest {
        Some(_) if encoding.is_some() => None,
        _ => tags.whole(&head.headers, &bytes, max_bytes),
    });
    let sent = tagged.as_ref().unwrap_or(&bytes).clone();
    let status = head.status.as_u16();
    if let Some(rest) = rest {
        if !head.status.is_success() {
            // An error of unreasonable size: passed on, and nothing is owed for it.
            let model = call.upstream_model();
            verdict::tell(pass, &upstream, model, status, &head.headers);
            let (code, message) = verdict::upstream_error(&bytes, status);
            call.fault(&code, &message);
            let raw = RawRelay::new(call, upstream, sent, rest, false, None, slot).refused();
            return Ok(Response::from_parts(head, AnswerBody::raw(raw)));
        }
        let mut raw = RawRelay::new(call, upstream, sent, rest, true, Some(pass), slot);
        if encoding.is_none() {
            raw = raw.seeking(protocol);
        }
        if tagged.is_some() {
            head.headers.remove(CONTENT_LENGTH);
        }
        return Ok(Response::from_parts(head, AnswerBody::raw(raw)));
    }
    call.first_byte();
    call.delivered(&sent);
    if !head.status.is_success() {
        let model = call.upstream_model();
        verdict::tell(pass, &upstream, model, status, &head.headers);
        let (code, message) = verdict::upstream_error(&bytes, status);
        call.fault(&code, &message);
        let used = Used::nothing(CallStatus::UpstreamError);
        return Err(Failed::answer(
            call,
            head,
            bytes,
            Again::of_status(upstream.kind, status),
            used,
        ));
    }
    let closed = close_answered(&mut call, protocol, encoding, &bytes, max_bytes);
    match &closed {
        Err(NoAnswer::Foreign) => pass.failure(),
        Ok(_) | Err(NoAnswer::Error) => {
            let model = call.upstream_model();
            verdict::tell(pass, &upstream, model, status, &head.headers);
        }
    }
    match closed {
        Ok(cost) => headers::cost(&mut head.headers, cost),
        // The provider says 200 and means an error, or something else answered: nothing was made, so nothing is owed.
        Err(NoAnswer::Error | NoAnswer::Foreign) => {
            let used = Used::nothing(CallStatus::UpstreamError);
            return Err(Failed::answer(call, head, bytes, Again::Anywhere, used));
        }
    }
    if tagged.is_some() {
        head.headers.remove(CONTENT_LENGTH);
        head.headers.remove(CONTENT_ENCODING);
    }
    Ok(Response::from_parts(head, AnswerBody::whole(sent)))
}

/// An answer read whole, or up to the bound.
pub(crate) struct Gathered {
    pub call: Box<Call>,
    pub bytes: Bytes,
    /// What lies beyond the bound.
    pub rest: Option<llm::AnswerBody>,
    pub pass: Pass,
}

/// Reads an answer whole.
pub(crate) async fn gather(
    call: Box<Call>,
    upstream: &Upstream,
    body: llm::AnswerBody,
    max_bytes: usize,
    pass: Pass,
) -> Result<Gathered, Box<Failed>> {
    let collected = unless_cut(&call, pin!(collect(upstream, &call, body, max_bytes))).await;
    match collected {
        Some(Ok((bytes, rest))) => Ok(Gathered {
            call,
            bytes,
            rest,
            pass,
        }),
        None => Err(draining(call)),
        Some(Err(error)) => {
            pass.failure();
            let used = Used::unknown(verdict::of_error(&error), true);
            let again = Again::of_error(&error);
            Err(Failed::error(call, error.into(), again, used))
        }
    }
}

/// The server's time to finish ran out while the answer was awaited.
pub(crate) fn draining(call: Box<Call>) -> Box<Failed> {
    let used = Used::unknown(CallStatus::Unavailable, true);
    Failed::error(call, GatewayError::Draining, Again::Never, used)
}

/// Whether an answer is read as a stream of events. One that was asked for is, also where the provider forgot to
/// say so or has only a general word for it; JSON and pages are not.
pub(crate) fn is_stream(headers: &HeaderMap, asked: bool) -> bool {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    match kind {
        // What nearly every other answer says.
        Some("application/json") => false,
        Some(kind) => {
            let kind = kind.split(';').next().unwrap_or("").trim();
            if kind.eq_ignore_ascii_case("text/event-stream") {
                return true;
            }
            let general = ["text/plain", "application/octet-stream"];
            asked && general.iter().any(|word| kind.eq_ignore_ascii_case(word))
        }
        None => asked,
    }
}

/// Why an answer of success is none.
enum NoAnswer {
    /// Its body is an error.
    Error,
    /// Its body is not of the protocol at all, such as a page for signing in.
    Foreign,
}

/// Closes a call whose whole answer of success is here, by what the answer says of itself.
fn close_answered(
    call: &mut Call,
    protocol: Protocol,
    encoding: Option<&str>,
    bytes: &Bytes,
    max_bytes: usize,
) -> Result<Option<Nano>, NoAnswer> {
    if call.is_free() {
        return Ok(call.close(Ending::free(CallStatus::Ok)));
    }
    let decoded = encoding.and_then(|name| wire::encoding::decode(name, bytes, max_bytes).ok());
    let readable = decoded.as_ref().unwrap_or(bytes);
    let reported = match wire::read_answer(protocol, readable) {
        Ok(reported) => reported,
        Err(error) => {
            tracing::warn!(request.id = %call.request(), call.id = %call.id(), %error, "the answer tells no usage");
            // What could not be decoded may be anything.
            let is_legible = encoding.is_none() || decoded.is_some();
            if is_legible && serde_json::from_slice::<IgnoredAny>(readable).is_err() {
                call.fault(
                    "NO_JSON",
                    "the provider answered success with something that is no JSON",
                );
                return Err(NoAnswer::Foreign);
            }
            Reported::default()
        }
    };
    if reported.usage.is_none()
        && let Some((code, message)) = verdict::error_in_answer(readable)
    {
        call.fault(&code, &message);
        return Err(NoAnswer::Error);
    }
    // Counting the answer's text only teaches the estimator, where the answer tells its usage: now and then is enough.
    let counted = reported.usage.is_none() || call.is_sampled();
    Ok(call.close(Ending {
        status: CallStatus::Ok,
        reported: Some(&reported),
        output_bytes: if counted {
            wire::output_bytes(protocol, readable)
        } else {
            0
        },
        whole: true,
        billable: true,
    }))
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
        let mut is_last = false;
        let limit = || {
            let spent = Duration::from_micros(call.elapsed_us());
            let left = upstream.timeouts.total.saturating_sub(spent);
            is_last = left <= upstream.timeouts.idle;
            upstream.timeouts.idle.min(left)
        };
        let frame = within(limit, body.frame()).await.ok_or_else(|| {
            if is_last {
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
                let announced = usize::try_from(body.size_hint().lower()).unwrap_or(0);
                let held = first.len() + data.len();
                more.reserve((held + announced.max(held)).min(max_bytes + data.len()));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_known_by_their_kind_or_by_having_been_asked_for() {
        let with = |kind: &'static str| -> HeaderMap {
            [(CONTENT_TYPE, HeaderValue::from_static(kind))]
                .into_iter()
                .collect()
        };
        for asked in [false, true] {
            assert!(is_stream(&with("Text/Event-Stream; charset=utf-8"), asked));
            assert!(!is_stream(&with("application/json"), asked));
            assert!(!is_stream(&with("text/html"), asked));
            assert_eq!(is_stream(&with("text/plain; charset=utf-8"), asked), asked);
            assert_eq!(is_stream(&HeaderMap::new(), asked), asked);
        }
    }
}
