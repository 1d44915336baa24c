//! What a Gemini answer or stream says about itself. Every chunk is a whole answer object and its usage is cumulative:
//! the last one counts. Prompt counts include the cached ones, candidates leave thoughts out.

use bytes::Bytes;
use kernel::Reported;
use wire::Phase;

use crate::dialect::Upstream;
use crate::error::TranslateError;

/// Watches a stream.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    phase: Phase,
    reported: Reported,
    output_bytes: u64,
    final_usage: bool,
    /// A finish reason has come: a clean end of the connection is the answer's end.
    finished: bool,
}

impl Meter {
    /// Looks at a block of whole events.
    pub(crate) fn observe(&mut self, block: &Bytes) {
        if !block.is_empty() && self.phase == Phase::Silent {
            self.phase = Phase::Started;
        }
    }

    pub(crate) fn may_end_here(&self) -> bool {
        self.finished
    }

    pub(crate) fn phase(&self) -> &Phase {
        &self.phase
    }

    pub(crate) fn reported(&self) -> &Reported {
        &self.reported
    }

    pub(crate) fn has_final_usage(&self) -> bool {
        self.final_usage
    }

    pub(crate) fn output_bytes(&self) -> u64 {
        self.output_bytes
    }
}

/// What a whole answer reports.
pub(crate) fn reported(_body: &[u8]) -> Result<Reported, TranslateError> {
    Err(TranslateError::NotAnAnswer {
        upstream: Upstream::Gemini,
        reason: "no pair with Gemini stands yet".to_owned(),
    })
}
