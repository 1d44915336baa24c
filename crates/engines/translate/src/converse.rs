//! Amazon's Converse, in which Bedrock serves models of every maker, as an upstream only: requests are written, answers
//! and events are read. Its events come framed as server-sent ones, each under its own name.

mod answer;
mod meter;
mod read_answer;
mod read_events;
mod write_request;

pub(crate) use meter::{Meter, reported};
pub(crate) use read_answer::read_answer;
pub(crate) use read_events::EventsIn;
pub(crate) use write_request::write_request;
