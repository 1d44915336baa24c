//! Who reads what an upstream reports: `wire`, for the protocols that it knows; the side itself, for Gemini.

use bytes::Bytes;
use kernel::Reported;
use wire::{Meter, Phase, Protocol};

use crate::dialect::Upstream;
use crate::error::TranslateError;
use crate::gemini;

/// Watches an upstream's stream.
#[derive(Debug)]
pub(super) enum Watch {
    Wire(Box<Meter>),
    Gemini(Box<gemini::Meter>),
}

impl Watch {
    pub(super) fn new(upstream: Upstream) -> Self {
        match protocol(upstream) {
            Some(protocol) => Self::Wire(Box::new(Meter::new(protocol))),
            None => Self::Gemini(Box::default()),
        }
    }

    pub(super) fn observe(&mut self, block: &Bytes) {
        match self {
            Self::Wire(meter) => {
                meter.observe(block);
            }
            Self::Gemini(meter) => meter.observe(block),
        }
    }

    pub(super) fn may_end_here(&self) -> bool {
        match self {
            Self::Wire(meter) => meter.may_end_here(),
            Self::Gemini(meter) => meter.may_end_here(),
        }
    }

    pub(super) fn phase(&self) -> &Phase {
        match self {
            Self::Wire(meter) => meter.phase(),
            Self::Gemini(meter) => meter.phase(),
        }
    }

    pub(super) fn reported(&self) -> &Reported {
        match self {
            Self::Wire(meter) => meter.reported(),
            Self::Gemini(meter) => meter.reported(),
        }
    }

    pub(super) fn has_final_usage(&self) -> bool {
        match self {
            Self::Wire(meter) => meter.has_final_usage(),
            Self::Gemini(meter) => meter.has_final_usage(),
        }
    }

    pub(super) fn output_bytes(&self) -> u64 {
        match self {
            Self::Wire(meter) => meter.output_bytes(),
            Self::Gemini(meter) => meter.output_bytes(),
        }
    }
}

/// What a whole answer reports.
pub(crate) fn reported(upstream: Upstream, body: &[u8]) -> Result<Reported, TranslateError> {
    let Some(protocol) = protocol(upstream) else {
        return gemini::reported(body);
    };
    wire::answer::read_answer(protocol, body).map_err(|error| TranslateError::NotAnAnswer {
        upstream,
        reason: error.reason,
    })
}

fn protocol(upstream: Upstream) -> Option<Protocol> {
    match upstream {
        Upstream::Messages => Some(Protocol::Messages),
        Upstream::Chat => Some(Protocol::Chat),
        Upstream::Responses => Some(Protocol::Responses),
        Upstream::Gemini => None,
    }
}
