//! What can be wrong with a price book or with a price set by an operator. Every message names the field.

use kernel::money::InvalidAmount;
use kernel::{Failure, Kind};

/// Why prices cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// The book is no TOML or has other fields than it should.
    #[error("the price book cannot be read: {reason}")]
    Malformed {
        /// What the reader said, with line and column.
        reason: String,
    },
    /// A figure is no amount of money.
    #[error("{field}: {source}")]
    Amount {
        /// The field's path.
        field: String,
        /// What is wrong with the text.
        source: InvalidAmount,
    },
    /// A field has a value that cannot be meant.
    #[error("{field}: {problem}")]
    Invalid {
        /// The field's path.
        field: String,
        /// What is wrong and what is expected.
        problem: String,
    },
}

impl PriceError {
    pub(super) fn invalid(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid {
            field: field.into(),
            problem: problem.into(),
        }
    }
}

impl Failure for PriceError {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        "INVALID_PRICE"
    }

    fn field(&self) -> Option<&str> {
        match self {
            Self::Malformed { .. } => None,
            Self::Amount { field, .. } | Self::Invalid { field, .. } => Some(field),
        }
    }
}
