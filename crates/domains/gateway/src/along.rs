//! Reading a stream that passes by in an encoding of its own: what it says is metered, its bytes stay untouched.

use wire::encoding::Unpacker;
use wire::sse::Splitter;
use wire::{Meter, Protocol};

/// A reader beside the way. Once it cannot follow it gives up, and the call is estimated.
#[derive(Debug)]
pub(crate) struct Along {
    unpacker: Option<Unpacker>,
    splitter: Splitter,
    meter: Meter,
    max_event_bytes: usize,
}

impl Along {
    /// `None` where the encoding is not known here.
    pub fn new(content_encoding: &str, protocol: Protocol, max_event_bytes: usize) -> Option<Self> {
        Some(Self {
            unpacker: Some(Unpacker::new(content_encoding).ok()?),
            splitter: Splitter::new(max_event_bytes),
            meter: Meter::new(protocol),
            max_event_bytes,
        })
    }

    pub fn read(&mut self, piece: &[u8]) {
        let Some(unpacker) = &mut self.unpacker else {
            return;
        };
        let unpacked = unpacker.push(piece, self.max_event_bytes).ok();
        match unpacked.and_then(|plain| self.splitter.push(plain).ok()) {
            Some(Some(block)) => {
                self.meter.observe(&block);
            }
            Some(None) => {}
            None => self.unpacker = None,
        }
    }

    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// The stream is over, was followed to here, and has not said its end.
    pub fn ended_early(&self) -> bool {
        self.unpacker.is_some() && !self.meter.may_end_here()
    }
}
