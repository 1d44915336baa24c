//! Faults of settings: each with its source, its path and what would be right. All of them are told at once.

use std::fmt;

use crate::origin::Origin;

/// One thing that is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where it was written.
    pub origin: Origin,
    /// The setting, e.g. `providers[0].base_url`; empty where the whole source is at fault.
    pub path: String,
    /// What is wrong and what is expected.
    pub message: String,
}

impl Fault {
    /// A fault with all its parts.
    #[must_use]
    pub const fn new(origin: Origin, path: String, message: String) -> Self {
        Self {
            origin,
            path,
            message,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.origin)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

/// Every fault of one load; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => f.write_str("the settings have 1 fault:")?,
            count => write!(f, "the settings have {count} faults:")?,
        }
        for fault in &self.0 {
            write!(f, "\n  {fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}
