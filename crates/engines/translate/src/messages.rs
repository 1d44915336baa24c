//! The messages side. As a caller: requests are read, answers and events are written. As an upstream: requests are
//! written, answers and events are read.

mod block;
mod count;
mod read_answer;
mod read_events;
mod read_request;
mod usage;
mod write_answer;
mod write_events;
mod write_request;

pub(crate) use count::{read_count, write_count};
pub(crate) use read_answer::read_answer;
pub(crate) use read_events::EventsIn;
#[cfg(test)]
pub(crate) use read_request::KNOWN_FIELDS;
pub(crate) use read_request::read_request;
pub(crate) use write_answer::write_answer;
pub(crate) use write_events::EventsOut;
pub(crate) use write_request::write_request;
