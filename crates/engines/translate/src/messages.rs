//! The messages side. As a caller: requests are read, answers and events are written. As an upstream: requests are
//! written, answers and events are read.

mod block;
mod count;
mod fields;
mod read_answer;
mod read_events;
mod read_request;
mod usage;
mod write_answer;
mod write_events;
mod write_request;

use wire::Protocol;

use crate::dialect::Upstream;
use crate::side::{Caller, Count, Served};
use read_events::EventsIn;
#[cfg(test)]
pub(crate) use read_request::KNOWN_FIELDS;
use write_events::EventsOut;

/// As callers speak it.
pub(crate) static CALLER: Caller = Caller {
    protocol: Protocol::Messages,
    sound: "messages[].content[].input_audio",
    read_request: read_request::read_request,
    write_answer: write_answer::write_answer,
    events_out: |state| Box::new(EventsOut::new(state)),
    fields: fields::FIELDS,
    late_signatures: false,
};

/// As Anthropic and the clouds that serve Claude speak it.
pub(crate) static SERVED: Served = Served {
    protocol: Upstream::Messages,
    write_request: write_request::write_request,
    read_answer: read_answer::read_answer,
    events_in: |_, _| Box::new(EventsIn::new()),
    count: Some(Count {
        write_request: count::write_count,
        read_answer: count::read_count,
    }),
    deaf: Some("Claude does not hear; send a transcript"),
};
