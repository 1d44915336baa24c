//! The gateways of others that the benchmark measures beside ours, installed once into the cache at the versions that the
//! repository pins.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::{clients, paths};

/// Installs what `bench/peers` pins, as far as this machine allows it, and gives the folder. What is missing the
/// benchmark says in its report.
pub fn install() -> Result<PathBuf> {
    let dir = paths::cache().join("peers");
    std::fs::create_dir_all(&dir)?;
    let outcomes = [
        pins("package.json").and_then(|pins| clients::packages(&dir, &pins)),
        pins("requirements.txt").and_then(|pins| clients::venv(&dir.join("venv"), &pins)),
    ];
    for error in outcomes.into_iter().filter_map(Result::err) {
        eprintln!("not installed: {error:#}");
    }
    Ok(dir)
}

fn pins(name: &str) -> Result<String> {
    let path = paths::root().join("bench/peers").join(name);
    std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}
