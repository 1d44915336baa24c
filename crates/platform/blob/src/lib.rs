//! Objects outside the row store: captured payloads of calls, compressed, written off the hot path.
//!
//! It keeps bytes by tenant, day and call; who may read them and how long they stay is decided elsewhere.

mod error;
mod path;
mod payload;
mod payloads;
mod queue;

pub use error::BlobError;
pub use path::Key;
pub use payload::Payload;
pub use payloads::{Options, Payloads};
