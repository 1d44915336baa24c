//! The write-ahead file every call is recorded in, and its passage into the store.
//!
//! A call appends its facts from its own task, one write each; a thread syncs the file every 50 ms; a task moves
//! closed calls into the store in batches, each once. The death of the process loses nothing, the loss of power what
//! was not synced. It knows facts and files; what the store does with a fact is the [`Sink`]'s.

mod checkpoint;
mod delivery;
mod error;
mod frame;
mod handle;
mod housekeeping;
mod interrupted;
mod log;
mod options;
mod recovery;
mod rejected;
mod replay;
mod segment;
mod sink;
mod status;
mod sync;

pub use error::JournalError;
pub use handle::{Journal, Running};
pub use options::Options;
pub use recovery::Recovery;
pub use replay::{ReplayReport, replay};
pub use sink::{BoxError, Delivery, Sink};
pub use status::Status;
