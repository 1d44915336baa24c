//! The life of one call: opened with its reservation, closed exactly once with what it cost, whatever happens
//! between. Dropping an open call closes it as left by its client. It moves no bytes itself.

mod again;
mod money;
mod open;

pub(crate) use open::Opening;

use std::sync::Arc;

use facts::{Attempt, CallClosed, CallOpened, CallProgress, CallStatus, Fact, Surface};
use guard::{Admission, Reservation};
use kernel::{Nano, Reported, Usage};
use llm::prices::Quote;
use llm::{ProviderKind, Target};

use crate::error::GatewayError;
use crate::estimate::Estimator;
use crate::gateway::{Shared, State};
use crate::live::LiveToken;
use crate::ports::CapturedPayload;

/// Bytes of an answer that are kept for a key with payload capture.
const CAPTURE_BYTES: usize = 4 << 20;
/// Longest error text in a record.
const ERROR_CHARS: usize = 500;

/// What a call failed of: its code and message, without secrets.
pub(crate) type Fault = (String, String);

/// What an ended call leaves behind for pricing and for its record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ending<'a> {
    /// How it ended.
    pub status: CallStatus,
    /// What the answer said of itself, as far as it was seen.
    pub reported: Option<&'a Reported>,
    /// Bytes of text, reasoning and arguments seen.
    pub output_bytes: u64,
    /// The answer was seen whole, so what it reported is final.
    pub whole: bool,
    /// The upstream may have worked for it.
    pub billable: bool,
}

impl Ending<'_> {
    /// An ending before the upstream did any work.
    pub const fn free(status: CallStatus) -> Self {
        Self {
            status,
            reported: None,
            output_bytes: 0,
            whole: true,
            billable: false,
        }
    }
}

/// What attempts that failed used up, where their providers may have worked for them.
#[derive(Debug, Default)]
struct Spent {
    usage: Usage,
    nano: Nano,
    estimated: bool,
}

/// One open call.
#[derive(Debug)]
pub(crate) struct Call {
    shared: Arc<Shared>,
    state: Arc<State>,
    target: Target,
    opened: Box<CallOpened>,
    admission: Admission,
    reservation: Option<Reservation>,
    quote: Option<Quote>,
    billed_by_client: bool,
    /// Output tokens at most, over all choices.
    max_output: Option<u64>,
    reserved_output: u64,
    /// The provider goes on after its answer to this call, so nothing here will tell what it said.
    background: bool,
    started_us: u64,
    last_progress_us: u64,
    first_byte_us: Option<u64>,
    attempts: Vec<Attempt>,
    /// What earlier attempts cost.
    spent: Spent,
    http_status: u16,
    request_bytes: u64,
    response_bytes: u64,
    error: Option<Fault>,
    client: Option<String>,
    end_user: Option<String>,
    captured: Option<(bytes::Bytes, Vec<u8>, bool)>,
    closed: bool,
    live: LiveToken,
}

impl Call {
    /// The call's id.
    pub fn id(&self) -> kernel::CallId {
        self.opened.id
    }

    /// The request it came in on.
    pub fn request(&self) -> kernel::RequestId {
        self.opened.request
    }

    /// The model asked of the upstream.
    pub fn upstream_model(&self) -> &str {
        &self.opened.upstream_model
    }

    /// The kind of provider asked.
    pub fn upstream_kind(&self) -> ProviderKind {
        self.target.upstream.kind
    }

    /// Whether the server is going down and this call's time is over; if not, the task is woken when it is.
    pub fn must_end(&self, waker: &std::task::Waker) -> bool {
        self.live.must_end(waker)
    }

    /// The same for a task that does not rest yet, and is not woken.
    pub fn is_cut(&self) -> bool {
        self.live.is_cut()
    }

    /// One call in eight, drawn by its id.
    pub fn is_sampled(&self) -> bool {
        self.opened.id.as_u128() & 7 == 0
    }

    /// Microseconds since it was admitted.
    pub fn elapsed_us(&self) -> u64 {
        self.shared.deps.clock.monotonic_us() - self.started_us
    }

    /// Now, by the clock that calls are recorded with.
    pub fn now(&self) -> kernel::Timestamp {
        self.shared.deps.clock.now()
    }

    /// The tokens of the request, as far as its size tells.
    pub fn estimate_input(&self) -> u64 {
        let model = &self.opened.upstream_model;
        self.shared
            .estimator
            .input_tokens(model, self.request_bytes)
    }

    /// A try began.
    pub fn attempt(&mut self) {
        let attempt = Attempt {
            provider: String::from(&*self.target.upstream.name),
            model: self.opened.upstream_model.clone(),
            started_us: self.elapsed_us(),
            duration_us: 0,
            http_status: None,
            error: None,
            upstream_request_id: None,
        };
        self.attempts.push(attempt);
    }

    /// The upstream's head has come.
    pub fn answered(&mut self, status: u16, upstream_request_id: Option<&http::HeaderValue>) {
        self.http_status = status;
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.http_status = Some(status);
            attempt.upstream_request_id = upstream_request_id
                .and_then(|id| id.to_str().ok())
                .map(str::to_owned);
        }
    }

    /// The first byte of the upstream's body has come.
    pub fn first_byte(&mut self) {
        if self.first_byte_us.is_none() {
            self.first_byte_us = Some(self.elapsed_us());
        }
    }

    /// Bytes go to the caller.
    pub fn delivered(&mut self, bytes: &[u8]) {
        self.response_bytes += bytes.len() as u64;
        if let Some((_, kept, truncated)) = &mut self.captured {
            let room = CAPTURE_BYTES - kept.len();
            kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
            *truncated |= bytes.len() > room;
        }
    }

    /// What went wrong, for the record. The first cause stands.
    pub fn fault(&mut self, code: &str, message: &str) {
        if self.error.is_none() {
            let message = self.target.upstream.without_secrets(message);
            self.error = Some((code.to_owned(), message.chars().take(ERROR_CHARS).collect()));
        }
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.error.get_or_insert_with(|| code.to_owned());
        }
    }

    /// The caller sees this status (ours, not the upstream's).
    pub fn shown(&mut self, status: u16) {
        self.http_status = status;
    }

    /// Keeps the books of a stream under way, `elapsed_us` after its admission: tops the reservation up where the output
    /// outgrows it, and writes how far it has come once a second. An error means that the budget refuses the next step.
    pub fn progress(
        &mut self,
        elapsed_us: u64,
        reported: &Reported,
        output_bytes: u64,
    ) -> Result<(), GatewayError> {
        if self.reservation.is_some() {
            let told = reported.usage.as_ref().map_or(0, Usage::total_output);
            // The estimator is only asked where its answer may matter.
            let most = Estimator::most_tokens(output_bytes);
            if told.max(most) > self.reserved_output {
                let seen = self
                    .shared
                    .estimator
                    .output_tokens(&self.opened.upstream_model, output_bytes)
                    .max(told);
                while seen > self.reserved_output {
                    self.top_up()?;
                }
            }
        }
        if elapsed_us.saturating_sub(self.last_progress_us) >= 1_000_000 {
            self.last_progress_us = elapsed_us;
            let usage = self.estimated_usage(Some(reported), output_bytes);
            let fact = Fact::Progress(CallProgress {
                id: self.opened.id,
                at: self.shared.deps.clock.now(),
                usage,
                nano_usd: self.rough_cost(&usage),
            });
            // A stream is never ended because its progress could not be noted; its end will be tried again.
            if let Err(error) = self.shared.deps.journal.append(&fact) {
                tracing::warn!(request.id = %self.opened.request, call.id = %self.opened.id, %error, "progress not recorded");
            }
        }
        Ok(())
    }

    /// Ends the call: prices it, settles budget and limits, writes the record. Gives back what it cost where that is
    /// known. Later calls do nothing.
    pub fn close(&mut self, ending: Ending<'_>) -> Option<Nano> {
        if std::mem::replace(&mut self.closed, true) {
            return None;
        }
        let clock = &self.shared.deps.clock;
        let now_us = clock.monotonic_us();
        let duration_us = now_us - self.started_us;
        let mut bill = self.bill(&ending);
        bill.usage = bill.usage.plus(&self.spent.usage);
        bill.cost.nano_usd += self.spent.nano;
        bill.cost.estimated |= self.spent.estimated;
        if let Some(reservation) = self.reservation.take() {
            reservation.settle(if self.billed_by_client {
                Nano::ZERO
            } else {
                bill.cost.nano_usd
            });
        }
        self.admission.settle(now_us, bill.usage.limited());
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.duration_us = duration_us - attempt.started_us;
        }
        let fallback = Reported::default();
        let reported = ending.reported.unwrap_or(&fallback);
        if ending.whole && ending.billable && reported.usage.is_some() && self.attempts.len() == 1 {
            self.shared.estimator.learn(
                &self.opened.upstream_model,
                self.request_bytes,
                bill.usage.total_input(),
                ending.output_bytes,
                bill.usage.total_output(),
            );
        }
        let captured = self.captured.take();
        let opened = &mut *self.opened;
        let closed = CallClosed {
            id: opened.id,
            request: opened.request,
            org: opened.org,
            project: opened.project,
            key: opened.key,
            surface: opened.surface,
            requested_model: std::mem::take(&mut opened.requested_model),
            model: bill.model,
            provider: std::mem::take(&mut opened.provider),
            stream: opened.stream,
            status: ending.status,
            http_status: self.http_status,
            error_code: self.error.as_ref().map(|(code, _)| code.clone()),
            error: self.error.take().map(|(_, message)| message),
            started_at: opened.at,
            duration_us,
            first_byte_us: self.first_byte_us,
            usage: bill.usage,
            tools: reported.tools,
            cost: bill.cost,
            service: bill.service,
            response_id: reported.response_id.clone(),
            stop_reason: reported.stop_reason.clone(),
            request_bytes: self.request_bytes,
            response_bytes: self.response_bytes,
            tags: std::mem::take(&mut opened.tags),
            session: opened.session.take(),
            client: self.client.take(),
            end_user: self.end_user.take(),
            captured: captured.is_some(),
            attempts: std::mem::take(&mut self.attempts),
        };
        self.shared.metrics.closed(&closed, &opened.upstream_model);
        let cost = (!closed.cost.unpriced).then_some(closed.cost.nano_usd);
        if let Some((request, response, truncated)) = captured {
            self.shared.deps.payloads.capture(CapturedPayload {
                org: closed.org,
                call: closed.id,
                at: closed.started_at,
                request,
                response: response.into(),
                truncated,
            });
        }
        // The journal keeps room for the end of every call that it let begin; only a failing disk can refuse it.
        if let Err(error) = self.shared.deps.journal.append_closed(&Arc::new(closed)) {
            tracing::error!(request.id = %self.opened.request, call.id = %self.opened.id, %error, "the end of a call could not be recorded");
        }
        cost
    }

    /// The signature that came with a tool call of this caller's organisation.
    pub fn signature_of(&self, tool_call: &str) -> Option<String> {
        self.shared.signatures.of(self.opened.org, tool_call)
    }

    /// Keeps what the caller's protocol has no place for.
    pub fn keep_signatures(&self, signatures: Vec<(String, String)>) {
        for (tool_call, signature) in signatures {
            let kept = &self.shared.signatures;
            kept.keep(self.opened.org, tool_call, signature);
        }
    }

    /// Whether this surface costs nothing by nature.
    pub fn is_free(&self) -> bool {
        self.opened.surface == Surface::CountTokens
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.closed {
            // Somebody let go of an open call: the caller left before the upstream's head came.
            let sent = !self.attempts.is_empty();
            self.http_status = 0;
            self.close(Ending {
                status: CallStatus::ClientGone,
                reported: None,
                output_bytes: 0,
                whole: false,
                billable: sent,
            });
        }
    }
}
