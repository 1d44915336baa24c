//! The Gemini side, as an upstream only: requests are written, answers and events are read. Callers never speak it.

mod meter;
mod read_answer;
mod read_events;
mod write_request;

pub(crate) use meter::{Meter, reported};
