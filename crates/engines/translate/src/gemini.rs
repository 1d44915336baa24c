//! The Gemini side, as an upstream only: requests are written, answers and events are read. Callers never speak it.

mod answer;
mod count;
mod embeddings;
mod meter;
mod model;
mod read_answer;
mod read_events;
mod write_request;

pub(crate) use count::{read_count, write_count};
pub(crate) use embeddings::{read_embeddings, write_embeddings};
pub(crate) use meter::{Meter, reported};
pub(crate) use read_answer::read_answer;
pub(crate) use read_events::EventsIn;
pub(crate) use write_request::write_request;
