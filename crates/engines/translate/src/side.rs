//! The two sides that a pair joins, each told once for its protocol: what it reads, what it writes.

use kernel::Reported;
use wire::Protocol;

use crate::context::RequestContext;
use crate::dialect::{Dialect, Upstream};
use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::fields::Field;
use crate::names::Names;
use crate::neutral::{self, EventReader, EventWriter, Request};
use crate::pair::Answer;
use crate::state::PairState;

/// A protocol as callers speak it.
pub(crate) struct Caller {
    pub protocol: Protocol,
    /// Where sound stands in its requests.
    pub sound: &'static str,
    pub read_request: for<'a> fn(
        &'a str,
        &RequestContext<'_>,
        &mut Dropped,
    ) -> Result<Request<'a>, TranslateError>,
    pub write_answer: fn(&neutral::Answer<'_>, &PairState, Reported) -> Answer,
    pub events_out: fn(&PairState) -> Box<dyn EventWriter>,
    /// What becomes of those fields of a request that fare alike over every upstream.
    pub fields: &'static [Field],
    /// Whether a stream may sign a text after it is out. Nothing can be read of such a signature, and a client that
    /// takes the last block for the answer would show nothing.
    pub late_signatures: bool,
}

/// A protocol as upstreams speak it.
pub(crate) struct Served {
    pub protocol: Upstream,
    pub write_request: Write,
    pub read_answer: for<'a> fn(&'a str, Dialect) -> Result<neutral::Answer<'a>, TranslateError>,
    pub events_in: fn(Dialect, &Caller) -> Box<dyn EventReader>,
    /// Counting tokens, where there is an endpoint for it.
    pub count: Option<Count>,
    /// Why it takes no sound, where it takes none. A question that is spoken has no other words, so it cannot be left
    /// out as an image can.
    pub deaf: Option<&'static str>,
}

/// Writes a neutral request in some form, for an answer or for a count of its tokens; its turns are used up.
pub(crate) type Write = fn(
    &mut Request<'_>,
    Dialect,
    &RequestContext<'_>,
    &mut Names,
    &mut Dropped,
) -> Result<Vec<u8>, TranslateError>;

/// How an upstream counts tokens before it answers.
pub(crate) struct Count {
    pub write_request: Write,
    /// The number in the upstream's answer.
    pub read_answer: fn(&str) -> Result<u64, TranslateError>,
}
