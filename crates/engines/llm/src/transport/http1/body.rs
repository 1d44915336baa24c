//! The body of an answer by each of the ways in which its end is told. Pieces are split off what was read.

use bytes::{Bytes, BytesMut};

use super::chunked::Chunked;
use crate::transport::ExchangeError;

/// What is left of a body.
#[derive(Debug, Default)]
pub enum Body {
    /// So many bytes.
    Length(u64),
    /// Chunks, each with its length before it.
    Chunked(Chunked),
    /// All that comes.
    UntilClose,
    /// Nothing.
    #[default]
    Done,
}

impl Body {
    pub const fn of_length(length: u64) -> Self {
        match length {
            0 => Self::Done,
            length => Self::Length(length),
        }
    }

    pub const fn chunked() -> Self {
        Self::Chunked(Chunked::new())
    }

    pub const fn is_done(&self) -> bool {
        matches!(self, Self::Done)
    }

    /// How many bytes are left, where that is known.
    pub const fn left(&self) -> Option<u64> {
        match *self {
            Self::Length(left) => Some(left),
            Self::Done => Some(0),
            Self::Chunked(_) | Self::UntilClose => None,
        }
    }

    /// The next piece of the buffer; `None` where the buffer holds none.
    pub fn take(&mut self, buffer: &mut BytesMut) -> Result<Option<Bytes>, ExchangeError> {
        match self {
            Self::Length(left) => {
                let here = usize::try_from(*left).map_or(buffer.len(), |l| l.min(buffer.len()));
                *left -= here as u64;
                if *left == 0 {
                    *self = Self::Done;
                }
                Ok((here > 0).then(|| buffer.split_to(here).freeze()))
            }
            Self::Chunked(chunked) => {
                let piece = chunked.take(buffer)?;
                if chunked.is_done() {
                    *self = Self::Done;
                }
                Ok(piece)
            }
            Self::UntilClose => Ok((!buffer.is_empty()).then(|| buffer.split().freeze())),
            Self::Done => Ok(None),
        }
    }

    /// The connection was closed: for some bodies that is the end.
    pub fn closed(&mut self) -> Result<(), ExchangeError> {
        match self {
            Self::UntilClose | Self::Done => {
                *self = Self::Done;
                Ok(())
            }
            Self::Length(_) | Self::Chunked(_) => Err(ExchangeError::CutShort),
        }
    }
}
