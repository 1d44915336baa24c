//! Who reads what an upstream reports: `wire`, for the protocols that it knows; the side itself, for the others.

use bytes::Bytes;
use kernel::Reported;
use wire::{Phase, Protocol};

use crate::dialect::Upstream;
use crate::error::TranslateError;
use crate::meter::{Look, Meter};
use crate::{converse, gemini};

/// Watches an upstream's stream.
#[derive(Debug)]
pub(super) enum Watch {
    Wire(Box<wire::Meter>),
    Side(Box<Meter>),
}

impl Watch {
    pub(super) fn new(upstream: Upstream) -> Self {
        match who(upstream) {
            Who::Wire(protocol) => Self::Wire(Box::new(wire::Meter::new(protocol))),
            Who::Side { look, .. } => Self::Side(Box::new(Meter::new(look))),
        }
    }

    pub(super) fn observe(&mut self, block: &Bytes) {
        match self {
            Self::Wire(meter) => {
                meter.observe(block);
            }
            Self::Side(meter) => meter.observe(block),
        }
    }

    pub(super) fn may_end_here(&self) -> bool {
        match self {
            Self::Wire(meter) => meter.may_end_here(),
            Self::Side(meter) => meter.may_end_here(),
        }
    }

    pub(super) fn phase(&self) -> &Phase {
        match self {
            Self::Wire(meter) => meter.phase(),
            Self::Side(meter) => &meter.phase,
        }
    }

    pub(super) fn reported(&self) -> &Reported {
        match self {
            Self::Wire(meter) => meter.reported(),
            Self::Side(meter) => &meter.reported,
        }
    }

    pub(super) fn has_final_usage(&self) -> bool {
        match self {
            Self::Wire(meter) => meter.has_final_usage(),
            Self::Side(meter) => meter.final_usage,
        }
    }

    pub(super) fn output_bytes(&self) -> u64 {
        match self {
            Self::Wire(meter) => meter.output_bytes(),
            Self::Side(meter) => meter.output_bytes,
        }
    }
}

/// What a whole answer reports.
pub(crate) fn reported(upstream: Upstream, body: &[u8]) -> Result<Reported, TranslateError> {
    let protocol = match who(upstream) {
        Who::Wire(protocol) => protocol,
        Who::Side { reported, .. } => return reported(body),
    };
    wire::answer::read_answer(protocol, body).map_err(|error| TranslateError::NotAnAnswer {
        upstream,
        reason: error.reason,
    })
}

enum Who {
    Wire(Protocol),
    Side {
        look: Look,
        reported: fn(&[u8]) -> Result<Reported, TranslateError>,
    },
}

fn who(upstream: Upstream) -> Who {
    match upstream {
        Upstream::Messages => Who::Wire(Protocol::Messages),
        Upstream::Chat => Who::Wire(Protocol::Chat),
        Upstream::Responses => Who::Wire(Protocol::Responses),
        Upstream::Gemini => Who::Side {
            look: gemini::look,
            reported: gemini::reported,
        },
        Upstream::Converse => Who::Side {
            look: converse::look,
            reported: converse::reported,
        },
    }
}
