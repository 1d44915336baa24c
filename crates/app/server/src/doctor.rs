//! Looks for everything that keeps this machine from serving well. Each part finds; this file gathers and words it.
//! It changes nothing.

mod machine;
mod providers;
mod store;

use serde::Serialize;

pub use machine::{data_dir, limits};
pub use providers::providers;
pub use store::{admin_key, journal, server, store};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Fine,
    /// Worth a look.
    Warning,
    /// Does not work.
    Failure,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// What was looked at.
    pub subject: String,
    /// What was found.
    pub found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Finding {
    /// As it should be.
    pub fn fine(subject: impl Into<String>, found: impl Into<String>) -> Self {
        Self {
            level: Level::Fine,
            subject: subject.into(),
            found: found.into(),
            remedy: None,
        }
    }

    /// Worth a look.
    pub fn warning(
        subject: impl Into<String>,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            level: Level::Warning,
            remedy: Some(remedy.into()),
            ..Self::fine(subject, found)
        }
    }

    /// Does not work.
    pub fn failure(
        subject: impl Into<String>,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            level: Level::Failure,
            remedy: Some(remedy.into()),
            ..Self::fine(subject, found)
        }
    }

    /// One or two lines for people.
    pub fn text(&self) -> String {
        let mark = match self.level {
            Level::Fine => "ok  ",
            Level::Warning => "warn",
            Level::Failure => "FAIL",
        };
        let mut text = format!("{mark}  {}: {}", self.subject, self.found);
        if let Some(remedy) = &self.remedy {
            text.push_str("\n      → ");
            text.push_str(remedy);
        }
        text
    }
}
