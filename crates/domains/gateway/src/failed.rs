//! An attempt without an answer: what it used up, where it may be repeated, and what the caller is told if it is not.

use std::time::Duration;

use bytes::Bytes;
use facts::CallStatus;
use http::Response;
use http::header::HeaderValue;
use http::response::Parts;
use kernel::{Failure, Reported};

use crate::body::AnswerBody;
use crate::call::{Call, Ending, Fault};
use crate::error::{GatewayError, Recorded};
use crate::headers;
use crate::retry::Again;

/// See the module. The call is still open.
#[derive(Debug)]
pub(crate) struct Failed {
    call: Box<Call>,
    /// Where it may be repeated.
    pub again: Again,
    /// How long the provider asks to wait.
    pub pause: Option<Duration>,
    used: Used,
    told: Told,
    /// The provider was not even asked: its breaker was open, or it had no place.
    is_unasked: bool,
}

/// What the caller would have been told of an attempt that another one followed.
#[derive(Debug)]
pub(crate) struct Earlier {
    told: Told,
    status: CallStatus,
    fault: Option<Fault>,
}

/// What an attempt used up.
#[derive(Debug)]
pub(crate) struct Used {
    pub status: CallStatus,
    pub reported: Reported,
    pub output_bytes: u64,
    pub whole: bool,
    pub billable: bool,
}

/// What the caller gets.
#[derive(Debug)]
enum Told {
    Error(GatewayError),
    /// The provider's own words.
    Answer(Box<Parts>, Bytes),
}

impl Used {
    /// Nothing, as far as is known.
    pub fn nothing(status: CallStatus) -> Self {
        Self {
            status,
            reported: Reported::default(),
            output_bytes: 0,
            whole: true,
            billable: false,
        }
    }

    /// The request was sent and no answer is known.
    pub fn unknown(status: CallStatus, billable: bool) -> Self {
        Self {
            whole: false,
            billable,
            ..Self::nothing(status)
        }
    }

    fn ending(&self) -> Ending<'_> {
        Ending {
            status: self.status,
            reported: Some(&self.reported),
            output_bytes: self.output_bytes,
            whole: self.whole,
            billable: self.billable,
        }
    }
}

impl Failed {
    /// Failed for a reason of ours or of the way to the provider.
    pub fn error(mut call: Box<Call>, error: GatewayError, again: Again, used: Used) -> Box<Self> {
        call.fault(error.code(), &error.to_string());
        Box::new(Self {
            call,
            again,
            pause: None,
            used,
            told: Told::Error(error),
            is_unasked: false,
        })
    }

    /// The provider could not be asked now.
    pub fn unasked(call: Box<Call>, error: GatewayError) -> Box<Self> {
        let used = Used::nothing(CallStatus::Unavailable);
        let mut failed = Self::error(call, error, Again::Elsewhere, used);
        failed.is_unasked = true;
        failed
    }

    /// The provider answered that it failed. What is wrong stands in the call's record already.
    pub fn answer(
        call: Box<Call>,
        head: Parts,
        body: Bytes,
        again: Again,
        used: Used,
    ) -> Box<Self> {
        Box::new(Self {
            call,
            again,
            pause: headers::retry_after(&head.headers),
            used,
            told: Told::Answer(Box::new(head), body),
            is_unasked: false,
        })
    }

    /// Time since the call was admitted.
    pub fn elapsed(&self) -> Duration {
        Duration::from_micros(self.call.elapsed_us())
    }

    /// The call goes on with another attempt. What a provider said stays the caller's word until another one says
    /// something else.
    pub fn go_on(mut self: Box<Self>, earlier: &mut Option<Earlier>) -> Box<Call> {
        let fault = self.call.failed(&self.used.ending());
        if !self.is_unasked {
            *earlier = Some(Earlier {
                told: self.told,
                status: self.used.status,
                fault,
            });
        }
        self.call
    }

    /// The call goes on no further: it is closed, and the caller told. Where the last target could not be asked, what
    /// counts is what the one before it answered.
    pub fn finish(
        mut self: Box<Self>,
        earlier: Option<Earlier>,
    ) -> Result<Response<AnswerBody>, GatewayError> {
        let tries = self.call.tries();
        if let Some(earlier) = earlier.filter(|_| self.is_unasked) {
            self.told = earlier.told;
            self.used.status = earlier.status;
            self.call.blame(earlier.fault);
        }
        match &self.told {
            Told::Error(error) => self.call.shown(crate::answer::status(error.kind())),
            Told::Answer(head, _) => self.call.shown(head.status.as_u16()),
        }
        let cost = self.call.close(self.used.ending());
        match self.told {
            Told::Error(error) => Err(GatewayError::Recorded(Box::new(Recorded {
                error,
                call: self.call.id(),
                cost,
                tries,
            }))),
            Told::Answer(mut head, body) => {
                if tries > 1 {
                    head.headers
                        .insert(headers::SHOULD_RETRY, HeaderValue::from_static("false"));
                }
                headers::cost(&mut head.headers, cost);
                Ok(Response::from_parts(*head, AnswerBody::whole(body)))
            }
        }
    }
}
