//! The chat side. As a caller: requests are read, answers and events are written. As an upstream: requests are
//! written in a dialect, answers and events are read.

mod message;
mod read_answer;
mod read_events;
mod read_request;
mod write_answer;
mod write_events;
mod write_request;

pub(crate) use read_answer::read_answer;
pub(crate) use read_events::EventsIn;
pub(crate) use write_request::write_request;
