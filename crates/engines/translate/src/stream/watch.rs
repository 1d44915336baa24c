//! Who reads what an upstream reports: `wire`, for the protocols that it knows; the side itself, for the others.

use bytes::Bytes;
use kernel::Reported;
use wire::{Meter, Phase, Protocol};

use crate::dialect::Upstream;
use crate::error::TranslateError;
use crate::{converse, gemini};

/// Watches an upstream's stream.
#[derive(Debug)]
pub(super) enum Watch {
    Wire(Box<Meter>),
    Gemini(Box<gemini::Meter>),
    Converse(Box<converse::Meter>),
}

impl Watch {
    pub(super) fn new(upstream: Upstream) -> Self {
        match who(upstream) {
            Who::Wire(protocol) => Self::Wire(Box::new(Meter::new(protocol))),
            Who::Gemini => Self::Gemini(Box::default()),
            Who::Converse => Self::Converse(Box::default()),
        }
    }

    pub(super) fn observe(&mut self, block: &Bytes) {
        match self {
            Self::Wire(meter) => {
                meter.observe(block);
            }
            Self::Gemini(meter) => meter.observe(block),
            Self::Converse(meter) => meter.observe(block),
        }
    }

    pub(super) fn may_end_here(&self) -> bool {
        match self {
            Self::Wire(meter) => meter.may_end_here(),
            Self::Gemini(meter) => meter.may_end_here(),
            Self::Converse(meter) => meter.may_end_here(),
        }
    }

    pub(super) fn phase(&self) -> &Phase {
        match self {
            Self::Wire(meter) => meter.phase(),
            Self::Gemini(meter) => meter.phase(),
            Self::Converse(meter) => meter.phase(),
        }
    }

    pub(super) fn reported(&self) -> &Reported {
        match self {
            Self::Wire(meter) => meter.reported(),
            Self::Gemini(meter) => meter.reported(),
            Self::Converse(meter) => meter.reported(),
        }
    }

    pub(super) fn has_final_usage(&self) -> bool {
        match self {
            Self::Wire(meter) => meter.has_final_usage(),
            Self::Gemini(meter) => meter.has_final_usage(),
            Self::Converse(meter) => meter.has_final_usage(),
        }
    }

    pub(super) fn output_bytes(&self) -> u64 {
        match self {
            Self::Wire(meter) => meter.output_bytes(),
            Self::Gemini(meter) => meter.output_bytes(),
            Self::Converse(meter) => meter.output_bytes(),
        }
    }
}

/// What a whole answer reports.
pub(crate) fn reported(upstream: Upstream, body: &[u8]) -> Result<Reported, TranslateError> {
    let protocol = match who(upstream) {
        Who::Wire(protocol) => protocol,
        Who::Gemini => return gemini::reported(body),
        Who::Converse => return converse::reported(body),
    };
    wire::answer::read_answer(protocol, body).map_err(|error| TranslateError::NotAnAnswer {
        upstream,
        reason: error.reason,
    })
}

enum Who {
    Wire(Protocol),
    Gemini,
    Converse,
}

fn who(upstream: Upstream) -> Who {
    match upstream {
        Upstream::Messages => Who::Wire(Protocol::Messages),
        Upstream::Chat => Who::Wire(Protocol::Chat),
        Upstream::Responses => Who::Wire(Protocol::Responses),
        Upstream::Gemini => Who::Gemini,
        Upstream::Converse => Who::Converse,
    }
}
