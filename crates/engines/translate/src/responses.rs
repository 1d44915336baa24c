//! The Responses side. As a caller: requests are read, answers and events are written. As an upstream: requests are
//! written, answers and events are read.

mod envelope;
mod item;
mod output;
mod read_answer;
mod read_events;
mod read_request;
mod write_answer;
mod write_events;
mod write_request;

pub(crate) use read_answer::{read_answer, read_count};
pub(crate) use read_events::EventsIn;
#[cfg(test)]
pub(crate) use read_request::KNOWN_FIELDS;
pub(crate) use read_request::read_request;
pub(crate) use write_answer::write_answer;
pub(crate) use write_events::EventsOut;
pub(crate) use write_request::{write_count, write_request};
