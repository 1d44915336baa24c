//! The Responses side. As a caller: requests are read, answers and events are written. As an upstream: requests are
//! written, answers and events are read.

mod read_answer;
mod read_events;
mod read_request;
mod write_answer;
mod write_events;
mod write_request;
