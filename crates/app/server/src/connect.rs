//! Pointing a client at the gateway and back: what each client needs, merged into its own settings file, with a record
//! beside the file from which `--undo` restores it. It talks to no server.

mod claude_code;
mod codex;
mod document;
mod files;
mod record;

use std::path::{Path, PathBuf};

use anyhow::Context;

use document::Document;
pub use document::{Edit, Syntax};
use files::Snapshot;
use record::Record;

use crate::cli::Client;

/// What a client must know.
#[derive(Debug, Clone)]
pub struct Target {
    /// The gateway's address, without a path.
    pub url: String,
    /// The API key; `None` prints a placeholder.
    pub key: Option<String>,
    /// The model to start with.
    pub model: Option<String>,
}

/// How a client is pointed at the gateway.
#[derive(Debug)]
pub struct Plan {
    /// Its settings file.
    pub file: PathBuf,
    /// How that file is written.
    pub syntax: Syntax,
    /// What to set and what to take out.
    pub edits: Vec<Edit>,
    /// What the person must do besides.
    pub notes: Vec<String>,
}

/// What a client is told through its environment: the name and where it looks for its folder.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// The person's home.
    pub home: Option<&'a Path>,
    /// `CLAUDE_CONFIG_DIR` or `CODEX_HOME`.
    pub folder: Option<&'a str>,
}

/// The variable that tells where a client's folder is.
pub const fn folder_variable(client: Client) -> &'static str {
    match client {
        Client::ClaudeCode => "CLAUDE_CONFIG_DIR",
        Client::Codex => "CODEX_HOME",
    }
}

/// Plans how to point a client at the gateway.
pub fn plan(client: Client, target: &Target, around: Surroundings<'_>) -> anyhow::Result<Plan> {
    match client {
        Client::ClaudeCode => claude_code::plan(target, around),
        Client::Codex => codex::plan(target, around),
    }
}

/// The API key that the client's settings hold for this gateway already, if any.
pub fn known_key(client: Client, url: &str, around: Surroundings<'_>) -> Option<String> {
    match client {
        Client::ClaudeCode => claude_code::known_key(url, around),
        // Codex keeps the name of a variable, not the key.
        Client::Codex => None,
    }
}

/// The ids of keys that an earlier write had made for the client, which it still uses.
pub fn made_before(plan: &Plan) -> anyhow::Result<Vec<String>> {
    let file = files::resolve(&plan.file)?;
    let record = Record::read(&file)?;
    Ok(record.map(|record| record.made_keys).unwrap_or_default())
}

/// What a write did.
#[derive(Debug, PartialEq, Eq)]
pub enum Written {
    /// The file was changed.
    Changed,
    /// Everything was there already.
    Same,
}

/// Merges a plan into the client's file. The first write keeps what was there before; a later one adds to it. `made_key`
/// is the id of a key that was made for the client.
pub fn write(plan: &Plan, made_key: Option<&str>) -> anyhow::Result<Written> {
    let file = files::resolve(&plan.file)?;
    let before = Snapshot::take(&file)?;
    let mut document = Document::parse(plan.syntax, before.text())
        .with_context(|| format!("{} is left as it is", file.display()))?;
    let mut record = Record::read(&file)?.unwrap_or_else(|| Record::new(&before, plan.syntax));
    record.sees(&before);
    for edit in &plan.edits {
        record.keep(&edit.path, document.get(&edit.path));
        document.apply(edit)?;
        record.wrote(&edit.path, document.get(&edit.path));
    }
    if let Some(id) = made_key {
        record.made_keys.push(id.to_owned());
    }
    let text = document.render()?;
    let same = before.text() == Some(&*text) && before.is_private();
    record.written = text.clone();
    // The record first: what cannot be undone is not done.
    record.write(&file)?;
    files::write_private(&file, &text, before.mode())?;
    Ok(if same {
        Written::Same
    } else {
        Written::Changed
    })
}

/// What an undo did.
#[derive(Debug, PartialEq, Eq)]
pub enum Undone {
    /// The file is byte for byte what it was.
    Exactly,
    /// The file had been changed since: our values went back, other changes stayed.
    Values,
    /// There was nothing to undo.
    Nothing,
}

/// Puts a client's file back; gives the ids of keys that had been made for it.
pub fn undo(file: &Path) -> anyhow::Result<(Undone, Vec<String>)> {
    let file = files::resolve(file)?;
    let Some(record) = Record::read(&file)? else {
        return Ok((Undone::Nothing, Vec::new()));
    };
    let now = Snapshot::take(&file)?;
    let undone = if record.exact && now.text() == Some(&*record.written) {
        record.restore(&file)?;
        Undone::Exactly
    } else {
        let mut document = Document::parse(record.syntax, now.text())
            .with_context(|| format!("{} is left as it is", file.display()))?;
        record.give_back(&mut document)?;
        files::write_private(&file, &document.render()?, now.mode())?;
        Undone::Values
    };
    record::remove(&file)?;
    Ok((undone, record.made_keys))
}

#[cfg(test)]
mod tests;
