//! The real clients that end-to-end tests drive, installed once into the cache at the versions that the repository pins.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::{paths, program};

/// Installs what `crates/app/e2e/clients` pins and gives the folder: `node_modules` and `venv/bin/python` are below it,
/// and in folders of their own LangChain, whose SDKs are others, and the AI SDK with the Node that it needs.
pub fn install() -> Result<PathBuf> {
    let pins = paths::root().join("crates/app/e2e/clients");
    let dir = paths::cache().join("clients");
    packages(&dir, &read(&pins.join("package.json"))?)?;
    venv(&dir.join("venv"), &read(&pins.join("requirements.txt"))?)?;
    let langchain = read(&pins.join("langchain/requirements.txt"))?;
    venv(&dir.join("langchain"), &langchain)?;
    packages(
        &dir.join("ai-sdk"),
        &read(&pins.join("ai-sdk/package.json"))?,
    )?;
    Ok(dir)
}

/// A folder with exactly these npm packages; made once for each content.
pub fn packages(dir: &Path, pins: &str) -> Result<()> {
    std::fs::create_dir_all(dir)?;
    if installed(dir, "package.json.installed", pins) {
        return Ok(());
    }
    println!("installing npm packages into {}", dir.display());
    std::fs::write(dir.join("package.json"), pins)?;
    program::quiet(
        program::command("npm")
            .args(["install", "--no-audit", "--no-fund", "--no-update-notifier"])
            .current_dir(dir),
    )?;
    Ok(std::fs::write(dir.join("package.json.installed"), pins)?)
}

/// A Python environment that holds exactly these requirements; made once for each content.
pub fn venv(dir: &Path, requirements: &str) -> Result<()> {
    if installed(dir, "requirements.txt", requirements) {
        return Ok(());
    }
    println!("installing Python packages into {}", dir.display());
    std::fs::remove_dir_all(dir).ok();
    program::quiet(program::command("python3").args(["-m", "venv"]).arg(dir))?;
    let wanted = dir.join("requirements.txt.wanted");
    std::fs::write(&wanted, requirements)?;
    program::quiet(
        program::command(dir.join("bin/python"))
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "-r",
            ])
            .arg(&wanted),
    )?;
    // Written last, so that a broken installation is not taken for a whole one.
    Ok(std::fs::rename(wanted, dir.join("requirements.txt"))?)
}

fn installed(dir: &Path, stamp: &str, wanted: &str) -> bool {
    std::fs::read_to_string(dir.join(stamp)).is_ok_and(|have| have == wanted)
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
