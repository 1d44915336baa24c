//! What the journal carries, versioned. Records only: writing, moving and summing them is others' work.
//!
//! A reader must take facts of every earlier version: fields are only ever added, each with a default.

pub mod act;
pub mod call;
pub mod written;

pub use act::Act;
pub use call::{Attempt, CallClosed, CallOpened, CallProgress, CallStatus, Cost, Surface};

use kernel::CallId;
use serde::{Deserialize, Serialize};

/// One entry of the write-ahead file. On disk: JSON, tagged by `fact`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum Fact {
    /// A call was admitted and is about to be sent upstream.
    Opened(Box<CallOpened>),
    /// A stream is under way; written at most once a second.
    Progress(CallProgress),
    /// A call ended, however it ended. Self-contained: the opened fact is not needed to read it.
    Closed(Box<CallClosed>),
}

impl Fact {
    /// The call that this fact tells of; a call has one `Opened` and one `Closed` at most.
    #[must_use]
    pub fn call(&self) -> CallId {
        match self {
            Self::Opened(fact) => fact.id,
            Self::Progress(fact) => fact.id,
            Self::Closed(fact) => fact.id,
        }
    }
}
