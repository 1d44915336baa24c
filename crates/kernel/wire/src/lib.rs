//! Foreign protocols: envelopes, event streams, usage and error shapes of OpenAI and Anthropic, open to what they do not know.
//! Bytes in, facts out. No transport, no routing and no prices live here.

pub mod answer;
pub mod encoding;
pub mod envelope;
pub mod error;
pub mod eventstream;
mod lean;
mod lenient;
pub mod meter;
pub mod models;
mod protocol;
pub mod retag;
mod scan;
pub mod splice;
pub mod sse;
mod usage;

pub use answer::{output_bytes, read_answer};
pub use envelope::Envelope;
pub use error::{ErrorShape, ErrorView, error_body};
pub use meter::{Meter, Phase};
pub use protocol::Protocol;
