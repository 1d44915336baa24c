//! Amazon's Converse, in which Bedrock serves models of every maker, as an upstream only: requests are written, answers
//! and events are read. Its events come framed as server-sent ones, each under its own name.

mod answer;
mod meter;
mod read_answer;
mod read_events;
mod write_request;

use crate::dialect::Upstream;
use crate::side::Served;
pub(crate) use meter::{look, reported};
use read_events::EventsIn;

/// As Bedrock speaks it.
pub(crate) static SERVED: Served = Served {
    protocol: Upstream::Converse,
    write_request: write_request::write_request,
    read_answer: read_answer::read_answer,
    events_in: |_, _| Box::new(EventsIn::new()),
    // Bedrock counts for few of these models.
    count: None,
    deaf: Some("Converse takes no sound; send a transcript"),
};
