//! The queries of this room. Rows never leave it.

pub(crate) mod calls;
pub(crate) mod ingest;
pub(crate) mod rollups;

use crate::error::AnalyticsError;

/// What every query answers.
pub(crate) type Result<T> = std::result::Result<T, AnalyticsError>;
