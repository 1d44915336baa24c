//! What a stream has said about itself so far, for upstreams that `wire` has no meter for: their sides read the events.

use bytes::Bytes;
use kernel::Reported;
use wire::{Phase, sse};

/// Watches a stream.
#[derive(Debug)]
pub(crate) struct Meter {
    look: Look,
    pub phase: Phase,
    pub reported: Reported,
    /// Bytes of text, reasoning and tool input, as they are escaped in JSON.
    pub output_bytes: u64,
    /// The reported usage is that of the whole answer.
    pub final_usage: bool,
    /// The reason of the end has come: a clean end of the connection is the answer's end.
    pub finished: bool,
}

/// Reads one event: its name, where it has one, and its data.
pub(crate) type Look = fn(&mut Meter, Option<&[u8]>, &str);

impl Meter {
    pub(crate) fn new(look: Look) -> Self {
        Self {
            look,
            phase: Phase::default(),
            reported: Reported::default(),
            output_bytes: 0,
            final_usage: false,
            finished: false,
        }
    }

    /// Looks at a block of whole events.
    pub(crate) fn observe(&mut self, block: &Bytes) {
        for event in sse::events(block) {
            if event.data.is_empty() || matches!(self.phase, Phase::Failed { .. }) {
                continue;
            }
            if self.phase == Phase::Silent {
                self.phase = Phase::Started;
            }
            (self.look)(self, event.name, &String::from_utf8_lossy(&event.data));
        }
    }

    pub(crate) fn may_end_here(&self) -> bool {
        self.finished && !matches!(self.phase, Phase::Failed { .. })
    }

    pub(crate) fn fail(&mut self, code: Option<String>, message: String) {
        self.phase = Phase::Failed { code, message };
    }
}
