//! The chat side. As a caller: requests are read, answers and events are written. As an upstream: requests are
//! written in a dialect, answers and events are read.

mod detail;
mod fields;
mod message;
mod read_answer;
mod read_events;
mod read_request;
mod usage;
mod write_answer;
mod write_events;
mod write_request;

use wire::Protocol;

use crate::dialect::Upstream;
use crate::side::{Caller, Served};
use read_events::EventsIn;
#[cfg(test)]
pub(crate) use read_request::KNOWN_FIELDS;
use write_events::EventsOut;

/// As callers speak it.
pub(crate) static CALLER: Caller = Caller {
    protocol: Protocol::Chat,
    sound: "messages[].content[].input_audio",
    read_request: read_request::read_request,
    write_answer: write_answer::write_answer,
    events_out: |state| Box::new(EventsOut::new(state)),
    fields: fields::FIELDS,
    late_signatures: true,
};

/// As OpenAI, DeepSeek and many other servers speak it.
pub(crate) static SERVED: Served = Served {
    protocol: Upstream::Chat,
    write_request: write_request::write_request,
    read_answer: read_answer::read_answer,
    events_in: |dialect, _| Box::new(EventsIn::new(dialect)),
    // These servers count nothing before they answer.
    count: None,
    deaf: None,
};
