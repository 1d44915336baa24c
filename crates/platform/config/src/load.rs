//! Loads settings: merges the layers, reads the type, and goes on after each fault until all are known.

mod merge;
mod repair;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::fault::{Fault, Faults};
use crate::mistake::{Mistake, What};
use crate::origin::Origin;
use crate::reader::{Context, SecretSources, read_with};
use crate::tree::{Node, Step, from_document, from_table, path_text};
use crate::validate::{Check, Validate};
use merge::{merge, set_text};
use repair::Repair;

/// Environment variables that start so name a setting: `SWITCHYARD__HTTP__LISTEN` is `http.listen`.
pub const ENV_PREFIX: &str = "SWITCHYARD__";

/// No settings file is longer.
const MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;

/// Where settings come from, weakest first. Reading the environment and the command line is the caller's business.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The commented defaults that are compiled in.
    pub defaults: &'static str,
    /// The settings file; it must be there when it is named.
    pub file: Option<PathBuf>,
    /// The whole environment. Empty variables count as absent.
    pub env: BTreeMap<String, String>,
    /// The usual environment names and the settings they stand for, e.g. `("PORT", "http.port")`.
    pub aliases: &'static [(&'static str, &'static str)],
    /// What flags set, as a table of settings; the flag of `a.data_dir` is told as `--data-dir`.
    pub flags: toml::Table,
}

impl Sources {
    /// The folder that relative names in the settings start at: the file's, else the working directory.
    #[must_use]
    pub fn base(&self) -> &Path {
        self.file
            .as_deref()
            .and_then(Path::parent)
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."))
    }
}

/// Settings that hold, with the place that each came from.
#[derive(Debug, Clone)]
pub struct Loaded<T> {
    /// The settings.
    pub settings: T,
    pub(crate) tree: Node,
    pub(crate) secrets: BTreeSet<String>,
}

impl<T> Loaded<T> {
    /// Where a setting was written, e.g. of `http.listen` or `providers[0].name`.
    #[must_use]
    pub fn origin(&self, path: &str) -> Option<&Origin> {
        self.tree.at(&parse_path(path)).map(|node| &node.origin)
    }
}

/// The steps of a path as `path_text` writes them.
pub(crate) fn parse_path(path: &str) -> Vec<Step> {
    path.split('.')
        .filter(|part| !part.is_empty())
        .flat_map(|part| {
            let (key, indices) = part
                .split_once('[')
                .map_or((part, ""), |(key, rest)| (key, rest));
            let indices = indices
                .split(['[', ']'])
                .filter_map(|index| index.parse().ok().map(Step::Index));
            std::iter::once(Step::Key(key.to_owned())).chain(indices)
        })
        .collect()
}

/// Loads settings; on failure every fault there is, not only the first.
pub fn load<T: DeserializeOwned + Validate>(sources: &Sources) -> Result<Loaded<T>, Faults> {
    let mut faults = Vec::new();
    let defaults = from_document(sources.defaults, None, &mut faults);
    let mut tree = layers(sources, defaults.clone(), &mut faults);

    let context = Context::with_secrets(SecretSources {
        env: &sources.env,
        base: sources.base(),
    });
    let mut repair = Repair::new(&defaults);
    let settings = loop {
        let result = read_with::<T>(&tree, &context);
        unknown_keys(&tree, &context, &mut faults);
        match result {
            Ok(settings) => break Some(settings),
            Err(mistake) => {
                if !repair.mend(&mut tree, mistake, &mut faults) {
                    break None;
                }
            }
        }
    };
    if let Some(settings) = &settings {
        let mut check = Check::of_partial(repair.partial);
        settings.validate(&mut check);
        broken_rules(&tree, check, &mut faults);
    }
    match settings {
        Some(settings) if faults.is_empty() => Ok(Loaded {
            settings,
            tree,
            secrets: context.secrets.into_inner(),
        }),
        _ => {
            faults.sort_by_key(|fault| match &fault.origin {
                Origin::File { line, column, .. } => (*line, *column),
                _ => (u32::MAX, 0),
            });
            Err(Faults(faults))
        }
    }
}

/// All layers in one tree.
fn layers(sources: &Sources, mut tree: Node, faults: &mut Vec<Fault>) -> Node {
    if let Some(path) = &sources.file {
        match read_file(path) {
            Ok(text) => {
                let file = from_document(&text, Some(&Arc::new(path.clone())), faults);
                merge(&mut tree, file);
            }
            Err(reason) => faults.push(Fault::new(
                Origin::Flag("--config".into()),
                String::new(),
                format!("cannot read the settings file {}: {reason}", path.display()),
            )),
        }
    }
    for (name, path) in sources.aliases {
        if let Some(text) = sources.env.get(*name).filter(|text| !text.is_empty()) {
            let steps = path.split('.');
            set_text(&mut tree, steps, text, &Origin::Env((*name).into()), faults);
        }
    }
    for (name, text) in &sources.env {
        let Some(path) = name.strip_prefix(ENV_PREFIX).filter(|_| !text.is_empty()) else {
            continue;
        };
        let path = path.to_ascii_lowercase();
        let origin = Origin::Env(name.as_str().into());
        set_text(&mut tree, path.split("__"), text, &origin, faults);
    }
    let flags = from_table(&sources.flags, &|key| {
        Origin::Flag(format!("--{}", key.replace('_', "-")).into())
    });
    merge(&mut tree, flags);
    tree
}

fn read_file(path: &Path) -> Result<String, String> {
    use std::io::Read;
    let mut text = String::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text))
        .map_err(|error| error.to_string())?;
    if text.len() as u64 > MAX_FILE_BYTES {
        return Err(format!("it is longer than {MAX_FILE_BYTES} bytes"));
    }
    Ok(text)
}

/// Keys that no type asked for, with the names that would have done.
fn unknown_keys(tree: &Node, context: &Context<'_>, faults: &mut Vec<Fault>) {
    for ignored in context.ignored.take() {
        let path = path_text(&tree.written_path(&ignored.path));
        if faults.iter().any(|fault| fault.path == path) {
            continue;
        }
        let origin = tree
            .at(&ignored.path)
            .map_or(Origin::Inline, |node| node.origin.clone());
        let key = match ignored.path.last() {
            Some(Step::Key(key)) => key.clone(),
            _ => continue,
        };
        let expected = ignored.expected.iter().map(|name| (*name).to_owned());
        let mistake = Mistake::new(What::Unknown {
            key,
            expected: expected.collect(),
        });
        faults.push(Fault::new(origin, path, mistake.message()));
    }
}

/// What `validate` found, but for settings whose fault is known already.
fn broken_rules(tree: &Node, check: Check, faults: &mut Vec<Fault>) {
    for (path, message) in check.found {
        let written = path_text(&tree.written_path(&path));
        let known = faults.iter().any(|fault| {
            !fault.path.is_empty()
                && (fault.path.starts_with(&written) || written.starts_with(&fault.path))
        });
        if known {
            continue;
        }
        // A setting that is not written stands where its table stands.
        let origin = (0..=path.len())
            .rev()
            .find_map(|length| tree.at(&path[..length]))
            .map_or(Origin::Inline, |node| node.origin.clone());
        faults.push(Fault::new(origin, written, message));
    }
}

#[cfg(test)]
mod tests;
