//! What reads a provider's stream: as it is, or translated for its caller.

use bytes::Bytes;
use kernel::Reported;
use translate::TranslateError;
use wire::{ErrorView, Meter, Phase};

/// Reads one stream and says what the caller gets of it.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "almost every stream is of the larger sort, and none is moved while it runs"
)]
pub(crate) enum Reader {
    /// Both sides speak the same protocol: the caller gets the very bytes.
    Own(Meter),
    /// The caller gets the same answer in its own words.
    Translated(Box<translate::Stream>),
}

static STARTED: Phase = Phase::Started;
static SEMANTIC: Phase = Phase::Semantic;
static ENDED: Phase = Phase::Ended;

impl Reader {
    /// What the caller gets of a block of whole events, and why there will be no more.
    pub fn take(&mut self, block: &Bytes) -> (Bytes, Option<TranslateError>) {
        match self {
            Self::Own(meter) => (meter.observe(block), None),
            Self::Translated(stream) => {
                let mut out = Vec::with_capacity(block.len() + block.len() / 2);
                let error = stream.push(block, &mut out).err();
                (out.into(), error)
            }
        }
    }

    /// The connection has ended, after this rest of an event: what the caller gets, and whether it now has a whole answer.
    pub fn end(&mut self, rest: &Bytes) -> Result<(Bytes, bool), TranslateError> {
        match self {
            Self::Own(meter) => {
                // A last event whose blank line is missing is no event: clients drop it too, unless it ends the stream.
                let kept = meter.observe(rest);
                let kept = if matches!(meter.phase(), Phase::Ended) {
                    kept
                } else {
                    Bytes::new()
                };
                Ok((kept, meter.may_end_here()))
            }
            Self::Translated(stream) => {
                let mut out = Vec::new();
                stream.push(rest, &mut out)?;
                let whole = stream.end(&mut out)?;
                Ok((out.into(), whole))
            }
        }
    }

    /// What follows the end of the answer: the caller's, where nothing is translated.
    pub fn after(&self, bytes: Bytes) -> Bytes {
        match self {
            Self::Own(_) => bytes,
            Self::Translated(_) => Bytes::new(),
        }
    }

    /// How far the answer has come for its caller.
    pub fn phase(&self) -> &Phase {
        match self {
            Self::Own(meter) => meter.phase(),
            Self::Translated(stream) => match stream.phase() {
                failed @ Phase::Failed { .. } if stream.is_over() => failed,
                _ if stream.is_over() => &ENDED,
                _ if stream.is_semantic() => &SEMANTIC,
                _ => &STARTED,
            },
        }
    }

    /// What the answer says about itself so far.
    pub fn reported(&self) -> &Reported {
        match self {
            Self::Own(meter) => meter.reported(),
            Self::Translated(stream) => stream.reported(),
        }
    }

    /// Whether the reported usage is that of the whole answer.
    pub fn has_final_usage(&self) -> bool {
        match self {
            Self::Own(meter) => meter.has_final_usage(),
            Self::Translated(stream) => stream.has_final_usage(),
        }
    }

    /// Bytes of text, reasoning and tool arguments seen so far.
    pub fn output_bytes(&self) -> u64 {
        match self {
            Self::Own(meter) => meter.output_bytes(),
            Self::Translated(stream) => stream.output_bytes(),
        }
    }

    /// What came with tool calls and is to be handed back with them.
    pub fn take_signatures(&mut self) -> Vec<(String, String)> {
        match self {
            Self::Own(_) => Vec::new(),
            Self::Translated(stream) => stream.take_signatures(),
        }
    }

    /// The event that ends the caller's stream as failed.
    pub fn error_event(&mut self, error: &ErrorView<'_>) -> Bytes {
        match self {
            Self::Own(meter) => meter.error_event(error),
            Self::Translated(stream) => {
                let mut out = Vec::new();
                stream.fail(error, &mut out);
                out.into()
            }
        }
    }
}
