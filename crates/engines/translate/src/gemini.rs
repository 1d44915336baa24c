//! The Gemini side, as an upstream only: requests are written, answers and events are read. Callers never speak it.

mod answer;
mod count;
mod embeddings;
mod meter;
mod model;
mod read_answer;
mod read_events;
mod write_request;

use crate::dialect::Upstream;
use crate::side::{Count, Served};
pub(crate) use embeddings::{read_embeddings, write_embeddings};
pub(crate) use meter::{look, reported};
pub(crate) use read_events::EventsIn;

/// As Google's own API and Vertex speak it.
pub(crate) static SERVED: Served = Served {
    protocol: Upstream::Gemini,
    write_request: write_request::write_request,
    read_answer: read_answer::read_answer,
    events_in: |_, caller| Box::new(EventsIn::new(caller.late_signatures)),
    count: Some(Count {
        write_request: count::write_count,
        read_answer: count::read_count,
    }),
    deaf: None,
};
