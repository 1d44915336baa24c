//! One attempt of a call at one target: what is said, the way there, and who reads the answer.

use std::borrow::Cow;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use facts::CallStatus;
use http::header::HeaderMap;
use http::{Request, Response};
use http_body_util::Full;
use llm::cloud::Outgoing;
use llm::config::CredentialSource;
use llm::{LlmError, ProviderKind, Target, Upstream};
use translate::TranslateError;

use super::{Job, enter, unless_cut};
use crate::body::AnswerBody;
use crate::call::Call;
use crate::cloud::{self, Sent};
use crate::failed::{Failed, Used};
use crate::gateway::State;
use crate::headers;
use crate::respond::{Asked, draining, respond};
use crate::retry::Again;
use crate::speech::{self, Speech, Wanted};
use crate::translated::{self, Talk};
use crate::verdict;

/// Makes the attempt. `hold` is how long its answer may be held back while another target could take over.
pub(super) async fn attempt(
    state: &State,
    job: &Job,
    mut call: Box<Call>,
    target: &Target,
    hold: Option<Duration>,
) -> Result<Response<AnswerBody>, Box<Failed>> {
    let upstream = &target.upstream;
    let wanted = Wanted::of(job.way.surface, job.envelope.stream);
    let speech = speech::of(upstream, call.upstream_model(), job.way.protocol);
    // Nobody is asked for what nobody there can do.
    if let (Wanted::Count, Some(Speech::Translated(pair, _))) = (wanted, speech)
        && !pair.counts()
    {
        let tokens = call.estimate_input();
        return Ok(translated::estimated(call, pair, tokens));
    }
    let (pass, slot) = match enter(upstream).await {
        Ok(entered) => entered,
        Err(error) => return Err(Failed::unasked(call, error)),
    };
    call.attempt();
    let words = match Words::of(state, job, &call, target, speech, wanted) {
        Ok(words) => words,
        Err(error) => {
            let used = Used::nothing(CallStatus::Unavailable);
            return Err(Failed::error(call, error.into(), Again::Elsewhere, used));
        }
    };
    let Words {
        body,
        is_edited,
        talk,
    } = words;
    let way = Way {
        job,
        upstream,
        // The plan holds none that speaks nothing.
        speech: speech.unwrap_or(Speech::Own("")),
        wanted,
        is_edited,
    };
    let sent = if upstream.is_cloud() {
        let mut sending = Box::pin(way.to_cloud(&call, body, state.config.max_event_bytes));
        unless_cut(&call, sending.as_mut()).await
    } else {
        unless_cut(&call, pin!(way.to_server(&call, body))).await
    };
    let Sent { answer, dropped } = match sent {
        Some(Ok(sent)) => sent,
        Some(Err(error)) => {
            verdict::tell_error(pass, &error);
            let billable = verdict::may_be_billed(&error);
            let used = Used::unknown(verdict::of_error(&error), billable);
            let again = Again::of_error(&error);
            return Err(Failed::error(call, error.into(), again, used));
        }
        None => return Err(draining(call)),
    };
    let upstream = upstream.clone();
    if let Some(talk) = talk {
        let counting = wanted == Wanted::Count;
        return translated::respond(
            state, talk, counting, hold, call, upstream, answer, pass, slot,
        )
        .await;
    }
    let asked = Asked {
        way: job.way,
        stream: job.envelope.stream,
        hide_usage: job.hide_usage,
        hold,
        dropped,
        tags: job.ties.tagger(&upstream),
    };
    respond(state, asked, call, upstream, answer, pass, slot).await
}

/// What is said to a provider.
struct Words {
    body: Bytes,
    /// Something was spliced in, so that the body is no longer in the encoding in which it came.
    is_edited: bool,
    /// Of a translated call.
    talk: Option<Talk>,
}

impl Words {
    fn of(
        state: &State,
        job: &Job,
        call: &Call,
        target: &Target,
        speech: Option<Speech>,
        wanted: Wanted,
    ) -> Result<Self, TranslateError> {
        if let Some(Speech::Translated(pair, _)) = speech {
            let now_s = u64::try_from(call.now().micros() / 1_000_000).unwrap_or_default();
            let counting = wanted == Wanted::Count;
            let (body, talk) =
                translated::request(state, pair, call, counting, now_s, &job.untied())?;
            return Ok(Self {
                body,
                is_edited: false,
                talk: Some(talk),
            });
        }
        let (body, is_edited) = job.spliced(target);
        Ok(Self {
            body,
            is_edited,
            talk: None,
        })
    }
}

/// The way to a provider.
struct Way<'a> {
    job: &'a Job,
    upstream: &'a Arc<Upstream>,
    speech: Speech,
    wanted: Wanted,
    is_edited: bool,
}

impl Way<'_> {
    /// Into the cloud's envelope. Long: callers box it, for the others' calls shall not bear its size.
    async fn to_cloud(
        &self,
        call: &Call,
        body: Bytes,
        max_event_bytes: usize,
    ) -> Result<Sent, LlmError> {
        let way = self.job.way;
        let (spoken, suffix) = self.speech.spoken(way.protocol, way.suffix, self.wanted);
        let own = matches!(self.speech, Speech::Own(_));
        let outgoing = Outgoing {
            spoken,
            suffix,
            model: call.upstream_model(),
            stream: self.wanted == Wanted::Stream,
            query: self.job.query.as_deref().filter(|_| own),
            // Envelopes take no encoded body.
            body: if own && !self.is_edited {
                self.job.plain.clone()
            } else {
                body
            },
            headers: self.headers(),
        };
        cloud::send(self.upstream, outgoing, max_event_bytes).await
    }

    /// To a server with an address of its own, or to the one that only pretends.
    async fn to_server(&self, call: &Call, body: Bytes) -> Result<Sent, LlmError> {
        let way = self.job.way;
        let model = call.upstream_model();
        let query = self.job.query.as_deref();
        let (path, query): (Cow<'_, str>, _) =
            self.speech.place(way.suffix, query, model, self.wanted);
        let answer = if self.upstream.kind == ProviderKind::Sim {
            let stream = self.job.envelope.stream;
            llm::sim::answer(way.protocol, &path, model, stream, &body)
        } else {
            let mut request = Request::new(Full::new(body));
            *request.method_mut() = http::Method::POST;
            *request.uri_mut() = self.upstream.address(&path, query)?;
            *request.headers_mut() = self.headers();
            self.upstream.authorize(request.headers_mut());
            self.upstream.send(request).await?
        };
        Ok(Sent {
            answer,
            dropped: None,
        })
    }

    fn headers(&self) -> HeaderMap {
        let mut headers = match self.speech {
            Speech::Own(_) => self.job.headers.clone(),
            Speech::Translated(pair, _) => translated::request_headers(pair),
        };
        let own_credential = self.upstream.credential == CredentialSource::Client;
        let is_decoded = self.is_edited && self.job.is_encoded;
        headers::to_upstream(&mut headers, own_credential, is_decoded);
        headers
    }
}
