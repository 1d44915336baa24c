//! The record beside a client's file: what stood there before, and what we put there. Private, for the client's old
//! settings may hold secrets too.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::document::{Document, Syntax};
use super::files::{self, Snapshot};

/// What `--undo` needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// How the file is written.
    pub syntax: Syntax,
    /// The file's text before the first write; `None` when there was no file.
    before: Option<String>,
    /// Its permissions then.
    mode: Option<u32>,
    /// Whether nobody but us has written the file since.
    pub exact: bool,
    /// The file's text after our last write.
    pub written: String,
    /// Each value that we touched.
    values: Vec<Kept>,
    /// Keys that were made for the client.
    #[serde(default)]
    pub made_keys: Vec<String>,
}

/// One value: as it was, and as we left it. Texts of the file's own syntax.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    path: Vec<String>,
    before: Option<String>,
    written: Option<String>,
}

impl Record {
    /// A record of a file that we have not touched yet.
    pub fn new(before: &Snapshot, syntax: Syntax) -> Self {
        Self {
            syntax,
            before: before.text().map(ToOwned::to_owned),
            mode: before.mode(),
            exact: true,
            written: before.text().unwrap_or_default().to_owned(),
            values: Vec::new(),
            made_keys: Vec::new(),
        }
    }

    /// Notes whether somebody else wrote the file since we last did: then putting the old text back would lose that.
    pub fn sees(&mut self, now: &Snapshot) {
        self.exact &= now.text().unwrap_or_default() == self.written;
    }

    /// Keeps a value as it was before our first touch.
    pub fn keep(&mut self, path: &[String], value: Option<String>) {
        if !self.values.iter().any(|kept| kept.path == path) {
            self.values.push(Kept {
                path: path.to_vec(),
                before: value,
                written: None,
            });
        }
    }

    /// Notes a value as we left it.
    pub fn wrote(&mut self, path: &[String], value: Option<String>) {
        if let Some(kept) = self.values.iter_mut().find(|kept| kept.path == path) {
            kept.written = value;
        }
    }

    /// Puts the file back byte for byte.
    pub fn restore(&self, file: &Path) -> anyhow::Result<()> {
        match (&self.before, self.mode) {
            (Some(text), Some(mode)) => files::write(file, text, mode),
            _ => files::remove(file),
        }
    }

    /// Puts back each value that still is as we left it; what somebody set since stays.
    pub fn give_back(&self, document: &mut Document) -> anyhow::Result<()> {
        for kept in &self.values {
            if document.get(&kept.path) == kept.written {
                document.put(&kept.path, kept.before.as_deref())?;
            }
        }
        Ok(())
    }

    /// The record beside a file, if there is one.
    pub fn read(file: &Path) -> anyhow::Result<Option<Self>> {
        let path = beside(file);
        let found = Snapshot::take(&path)?;
        found
            .text()
            .map(|text| {
                serde_json::from_str(text)
                    .with_context(|| format!("{} cannot be read", path.display()))
            })
            .transpose()
    }

    /// Writes the record beside a file.
    pub fn write(&self, file: &Path) -> anyhow::Result<()> {
        files::write_private(&beside(file), &serde_json::to_string_pretty(self)?, None)
    }
}

/// Takes the record away.
pub fn remove(file: &Path) -> anyhow::Result<()> {
    files::remove(&beside(file))
}

/// Where the record of a file is.
pub fn beside(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".before-switchyard");
    file.with_file_name(name)
}
