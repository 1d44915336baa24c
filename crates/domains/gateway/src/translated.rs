//! Calls whose provider speaks another protocol than their caller: the request in the provider's words, the answer in
//! the caller's. Nothing of either side's headers passes but what both mean alike.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use facts::CallStatus;
use guard::{Pass, Slot};
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use http::response::Parts;
use http::{Response, StatusCode};
use llm::Upstream;
use llm::prices::Modality;
use translate::{
    Answer, Dropped, ModelFacts, Pair, PairState, RequestContext, TranslateError, Translated,
};
use wire::Phase;

use crate::body::AnswerBody;
use crate::call::{Call, Ending};
use crate::error::GatewayError;
use crate::failed::{Failed, Used};
use crate::gateway::State;
use crate::headers;
use crate::reader::Reader;
use crate::relay::Relay;
use crate::respond::{Gathered, gather, is_stream};
use crate::retry::Again;
use crate::verdict;

/// The version that a provider of Anthropic's protocol is asked in.
const ANTHROPIC_VERSION: HeaderName = HeaderName::from_static("anthropic-version");

const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream; charset=utf-8");

/// What the answer's translation needs.
#[derive(Debug)]
pub(crate) struct Talk {
    state: PairState,
    dropped: Dropped,
}

/// Puts a request into the provider's words.
pub(crate) fn request(
    state: &State,
    pair: Pair,
    call: &Call,
    counting: bool,
    now_s: u64,
    body: &[u8],
) -> Result<(Bytes, Talk), TranslateError> {
    let id = call.id().text();
    let signature_of = |tool_call: &str| call.signature_of(tool_call);
    let context = RequestContext {
        now_s,
        facts: facts(state, call),
        signature_of: Some(&signature_of),
        max_buffer_bytes: state.config.max_event_bytes,
        ..RequestContext::new(call.upstream_model(), id.as_str())
    };
    let Translated {
        body,
        dropped,
        state,
    } = if counting {
        pair.count(body, &context)?
    } else {
        pair.request(body, &context)?
    };
    Ok((body.into(), Talk { state, dropped }))
}

/// What is known of the model that is asked.
fn facts(state: &State, call: &Call) -> ModelFacts {
    let known = state
        .catalogue
        .prices()
        .facts(call.upstream_kind(), call.upstream_model());
    known.map_or_else(ModelFacts::default, |facts| ModelFacts {
        max_output_tokens: facts.max_output_tokens,
        // The price book does not say; translators go by the model's name.
        reasons: None,
        sees: (!facts.input_modalities.is_empty())
            .then(|| facts.input_modalities.contains(&Modality::Image)),
    })
}

/// The headers of a translated request, before the provider's own.
pub(crate) fn request_headers(pair: Pair) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let json = HeaderValue::from_static("application/json");
    headers.insert(CONTENT_TYPE, json);
    headers.insert(
        ACCEPT,
        HeaderValue::from_static("application/json, text/event-stream"),
    );
    if pair.upstream() == translate::Upstream::Messages {
        headers.insert(ANTHROPIC_VERSION, HeaderValue::from_static("2023-06-01"));
    }
    headers
}

/// A count that we make ourselves.
pub(crate) fn estimated(mut call: Box<Call>, pair: Pair, tokens: u64) -> Response<AnswerBody> {
    let mut head = head(&call, StatusCode::OK, None);
    let cost = call.close(Ending::free(CallStatus::Ok));
    headers::cost(&mut head.headers, cost);
    Response::from_parts(head, AnswerBody::whole(pair.estimated(tokens).into()))
}

/// Turns the provider's answer into the caller's.
#[expect(clippy::too_many_arguments, reason = "all that an answer depends on")]
pub(crate) async fn respond(
    state: &State,
    talk: Talk,
    counting: bool,
    hold: Option<Duration>,
    mut call: Box<Call>,
    upstream: Arc<Upstream>,
    answer: Response<llm::AnswerBody>,
    pass: Pass,
    slot: Slot,
) -> Result<Response<AnswerBody>, Box<Failed>> {
    let (mut given, body) = answer.into_parts();
    let upstream_id = headers::to_client(&mut given.headers, call.request(), call.id());
    call.answered(given.status.as_u16(), upstream_id.as_ref());
    let mut head = head(&call, given.status, Some(&talk.dropped));
    let pair = talk.state.pair();
    let wants_stream = talk.state.wants_stream() && !counting;
    let encoding = headers::encoding(&given.headers);
    if given.status.is_success()
        && wants_stream
        && is_stream(&given.headers, true)
        && encoding.is_none()
    {
        head.headers.insert(CONTENT_TYPE, EVENT_STREAM);
        head.headers
            .insert(headers::ACCEL_BUFFERING, HeaderValue::from_static("no"));
        let reader = Reader::Translated(Box::new(translate::Stream::new(&talk.state)));
        let max_event_bytes = state.config.max_event_bytes;
        let relay = Relay::new(
            call,
            upstream,
            body,
            reader,
            max_event_bytes,
            Some(pass),
            slot,
        );
        let relay = match hold {
            None => relay,
            Some(within) => match relay.hold(within).await {
                Ok(relay) => relay,
                Err(gone) => return Err(gone.told_by(head)),
            },
        };
        return Ok(Response::from_parts(head, AnswerBody::relay(relay)));
    }

    let max_bytes = state.config.max_answer_bytes;
    let Gathered {
        mut call,
        bytes,
        rest,
        pass,
    } = gather(call, &upstream, body, max_bytes, pass).await?;
    let encoding = encoding.unwrap_or("identity");
    let plain = wire::encoding::decode(encoding, &bytes, max_bytes).unwrap_or(bytes);
    call.first_byte();
    let status = given.status.as_u16();
    let told = (!given.status.is_success())
        .then(|| pair.error(status, &plain, &call.request().to_string()));
    // Gemini says in the body what others say in the head; whoever waits should know.
    let delay = told.as_ref().and_then(|told| told.retry_after_s);
    if let (Some(delay), false) = (delay, given.headers.contains_key(RETRY_AFTER)) {
        given.headers.insert(RETRY_AFTER, HeaderValue::from(delay));
    }
    verdict::tell(
        pass,
        &upstream,
        call.upstream_model(),
        status,
        &given.headers,
    );
    if let Some(value) = given.headers.get(RETRY_AFTER) {
        head.headers.insert(RETRY_AFTER, value.clone());
    }
    let broken = |call, error: TranslateError| {
        let used = Used::unknown(CallStatus::UpstreamFailed, true);
        Err(Failed::error(
            call,
            GatewayError::Translate(error),
            Again::Anywhere,
            used,
        ))
    };
    let not_an_answer = |reason: &str| TranslateError::NotAnAnswer {
        upstream: pair.upstream(),
        reason: reason.to_owned(),
    };
    if rest.is_some() {
        let reason = format!("it is larger than {max_bytes} bytes (gateway.max_answer_bytes)");
        return broken(call, not_an_answer(&reason));
    }
    if let Some(told) = told {
        let code = told.code.unwrap_or_else(|| format!("HTTP_{status}"));
        call.fault(&code, &told.message);
        head.status = StatusCode::from_u16(told.status).unwrap_or(given.status);
        let used = Used::nothing(CallStatus::UpstreamError);
        call.delivered(&told.body);
        return Err(Failed::answer(
            call,
            head,
            told.body.into(),
            Again::of_status(upstream.kind, status),
            used,
        ));
    }
    if counting {
        return match pair.counted(&plain) {
            Ok(body) => {
                call.delivered(&body);
                headers::cost(&mut head.headers, call.close(Ending::free(CallStatus::Ok)));
                Ok(Response::from_parts(head, AnswerBody::whole(body.into())))
            }
            Err(error) => broken(call, error),
        };
    }
    let streamed = wants_stream && is_stream(&given.headers, true);
    let answer = if streamed {
        whole_stream(&talk.state, &plain)
    } else if wants_stream {
        let unstreamed = not_an_answer("a stream was asked for, and this is none");
        talk.state.answer(&plain).and(Err(unstreamed))
    } else {
        talk.state.answer(&plain)
    };
    match answer {
        Ok(answer) => {
            if streamed {
                head.headers.insert(CONTENT_TYPE, EVENT_STREAM);
            }
            call.keep_signatures(answer.signatures);
            call.delivered(&answer.body);
            let cost = call.close(Ending {
                status: CallStatus::Ok,
                reported: Some(&answer.reported),
                output_bytes: answer.body.len() as u64,
                whole: true,
                billable: true,
            });
            headers::cost(&mut head.headers, cost);
            let body = AnswerBody::whole(answer.body.into());
            Ok(Response::from_parts(head, body))
        }
        Err(error @ TranslateError::UpstreamError { .. }) => {
            let used = Used::nothing(CallStatus::UpstreamError);
            Err(Failed::error(
                call,
                GatewayError::Translate(error),
                Again::Anywhere,
                used,
            ))
        }
        Err(error) => broken(call, error),
    }
}

/// A stream that came encoded although nobody asked for that, and is here whole: translated at one go.
fn whole_stream(state: &PairState, plain: &[u8]) -> Result<Answer, TranslateError> {
    let mut stream = translate::Stream::new(state);
    let mut body = Vec::with_capacity(plain.len());
    stream.push(&Bytes::copy_from_slice(plain), &mut body)?;
    let whole = stream.end(&mut body)?;
    let reason = match stream.phase() {
        Phase::Failed { .. } => "its stream ends in an error",
        _ if whole => {
            return Ok(Answer {
                body,
                reported: stream.reported().clone(),
                signatures: stream.take_signatures(),
            });
        }
        _ => "its stream has no end",
    };
    Err(TranslateError::NotAnAnswer {
        upstream: state.pair().upstream(),
        reason: reason.to_owned(),
    })
}

/// A head of our own.
fn head(call: &Call, status: StatusCode, dropped: Option<&Dropped>) -> Parts {
    let (mut head, ()) = Response::new(()).into_parts();
    head.status = status;
    let json = HeaderValue::from_static("application/json");
    head.headers.insert(CONTENT_TYPE, json);
    headers::to_client(&mut head.headers, call.request(), call.id());
    if let Some(dropped) = dropped.filter(|dropped| !dropped.is_empty()) {
        let names: Vec<&str> = dropped.iter().collect();
        if let Ok(value) = HeaderValue::from_str(&names.join(", ")) {
            head.headers.insert(headers::DROPPED, value);
        }
    }
    head
}
