//! Where a value was written, so that a fault can point at it.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// The place that a setting came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The defaults that are compiled in.
    Default,
    /// A line of the settings file.
    File {
        /// The file as it was named.
        path: Arc<PathBuf>,
        /// Counted from 1.
        line: u32,
        /// Counted from 1, in characters.
        column: u32,
    },
    /// An environment variable.
    Env(Arc<str>),
    /// A flag of the command line, with its dashes.
    Flag(Arc<str>),
    /// No written place, e.g. a request body.
    Inline,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line, column } => {
                write!(f, "{}:{line}:{column}", path.display())
            }
            Self::Env(name) => write!(f, "env {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
            Self::Inline => f.write_str("inline"),
        }
    }
}

/// Turns byte offsets of one text into lines and columns.
#[derive(Debug)]
pub(crate) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        Self { text, starts }
    }

    /// Line and column of a byte offset, both counted from 1.
    pub(crate) fn at(&self, offset: usize) -> (u32, u32) {
        let line = self
            .starts
            .partition_point(|start| *start <= offset)
            .saturating_sub(1);
        let start = self.starts.get(line).copied().unwrap_or(0);
        let column = self
            .text
            .get(start..offset)
            .map_or(0, |before| before.chars().count());
        let count = |number: usize| u32::try_from(number + 1).unwrap_or(u32::MAX);
        (count(line), count(column))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_become_lines_and_columns() {
        let lines = Lines::new("a = 1\nné = 2\n");
        assert_eq!(lines.at(0), (1, 1));
        assert_eq!(lines.at(6), (2, 1));
        assert_eq!(lines.at(12), (2, 6));
    }
}
