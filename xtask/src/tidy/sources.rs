//! What every source file keeps to: it says what it holds, it has nothing left to do, it silences no lint.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::paths;

/// A source file of the workspace.
#[derive(Debug)]
pub struct Source {
    /// Its path below the root, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// Every `.rs` file of the workspace.
pub fn read() -> Result<Vec<Source>> {
    let root = paths::root();
    let mut files = Vec::new();
    for folder in ["crates", "xtask", "bench", "workspace-hack", "fuzz"] {
        collect(&root.join(folder), "rs", &mut files)?;
    }
    files
        .into_iter()
        .map(|path| {
            Ok(Source {
                path: path
                    .strip_prefix(&root)?
                    .to_string_lossy()
                    .replace('\\', "/"),
                text: std::fs::read_to_string(&path)?,
            })
        })
        .collect()
}

/// The files with an extension in a folder and below it, in order; build output and installed packages are left out.
pub fn collect(folder: &Path, extension: &str, into: &mut Vec<PathBuf>) -> Result<()> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Ok(());
    };
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default();
        if path.is_dir() {
            if name != "target"
                && name != "node_modules"
                && !name.to_string_lossy().starts_with('.')
            {
                collect(&path, extension, into)?;
            }
        } else if path.extension().is_some_and(|found| found == extension) {
            into.push(path);
        }
    }
    Ok(())
}

/// The places that break a rule.
pub fn check(sources: &[Source]) -> Vec<String> {
    sources.iter().flat_map(faults).collect()
}

fn faults(source: &Source) -> Vec<String> {
    let mut faults = Vec::new();
    let path = &source.path;
    if !source.text.starts_with("//! ") {
        faults.push(format!(
            "{path}:1: begin with a `//!` line that says what the file holds"
        ));
    }
    // Put together, so that this file does not find itself.
    let unfinished = [
        ["TO", "DO"].concat(),
        ["FIX", "ME"].concat(),
        ["XX", "X"].concat(),
    ];
    let silenced = ["#[al", "low("].concat();
    let silenced_inside = ["#![al", "low("].concat();
    for (index, line) in source.text.lines().enumerate() {
        let number = index + 1;
        if unfinished.iter().any(|word| has_word(line, word)) {
            faults.push(format!(
                "{path}:{number}: finish it or file it; notes to self do not land"
            ));
        }
        if line.contains(&silenced) || line.contains(&silenced_inside) {
            faults.push(format!("{path}:{number}: use #[expect(…, reason = \"…\")], which ends when it is not needed"));
        }
    }
    faults
}

fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let joined = |letter: Option<char>| {
            letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
        };
        !joined(before) && !joined(after)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(text: &str) -> usize {
        faults(&Source {
            path: "a.rs".to_owned(),
            text: text.to_owned(),
        })
        .len()
    }

    #[test]
    fn a_file_opens_with_what_it_holds_and_leaves_nothing_undone() {
        assert_eq!(count("//! Holds a thing.\nfn a() {}\n"), 0);
        assert_eq!(count("fn a() {}\n"), 1);
        assert_eq!(count(&format!("//! A.\n// {}{}: later\n", "TO", "DO")), 1);
        assert_eq!(count(&format!("//! A.\nlet {}{}S = 1;\n", "TO", "DO")), 0);
        assert_eq!(count(&format!("//! A.\n#[al{}(dead_code)]\n", "low")), 1);
    }
}
