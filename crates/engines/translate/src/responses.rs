//! The Responses side. As a caller: requests are read, answers and events are written. As an upstream: requests are
//! written, answers and events are read.

mod envelope;
mod fields;
mod item;
mod output;
mod read_answer;
mod read_events;
mod read_request;
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
    protocol: Protocol::Responses,
    sound: "input[].content[].input_audio",
    read_request: read_request::read_request,
    write_answer: write_answer::write_answer,
    events_out: |state| Box::new(EventsOut::new(state)),
    fields: fields::FIELDS,
    late_signatures: true,
};

/// As OpenAI and Azure speak it.
pub(crate) static SERVED: Served = Served {
    protocol: Upstream::Responses,
    write_request: write_request::write_request,
    read_answer: read_answer::read_answer,
    events_in: |_, _| Box::new(EventsIn::new()),
    count: Some(Count {
        write_request: write_request::write_count,
        read_answer: read_answer::read_count,
    }),
    deaf: Some("OpenAI takes sound over chat alone; send a transcript"),
};
