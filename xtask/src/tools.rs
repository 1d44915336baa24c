//! The tools that the test command needs: found, or installed where this machine allows it, or named as missing.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::{paths, program};

const NEXTEST: &str = "0.9.143";
const DENY: &str = "0.20.2";
const FUZZ: &str = "0.13.2";

/// Programs of the system and the Debian package that brings each.
const SYSTEM: &[(&str, &str)] = &[
    ("initdb", "postgresql"),
    ("python3", "python3"),
    ("node", "nodejs"),
    ("npm", "npm"),
    ("git", "git"),
];

/// Where cargo installs what only these chores need.
pub fn cargo_root() -> PathBuf {
    paths::cache().join("tools")
}

/// Folders that are not on PATH but hold what is needed.
pub fn folders() -> Vec<PathBuf> {
    let mut folders = vec![cargo_root().join("bin")];
    // Debian keeps each PostgreSQL version in a folder of its own; the newest first.
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .collect();
    versions.sort();
    folders.extend(versions.into_iter().rev());
    folders
}

/// PATH with those folders in front, for the programs we start.
pub fn path() -> Result<std::ffi::OsString> {
    let old = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(folders().into_iter().chain(std::env::split_paths(&old)))
        .context("a folder on PATH has a colon in its name")
}

/// Makes sure of the parts of the Rust toolchain that every run needs.
pub fn rust() -> Result<()> {
    for (part, hint) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        program::quiet(program::cargo().args([part, "--version"]))
            .with_context(|| format!("`cargo {part}` is missing: rustup component add {hint}"))?;
    }
    cargo_tool("cargo-nextest", NEXTEST)?;
    cargo_tool("cargo-deny", DENY)
}

/// Makes sure of the fuzzer, which only proofs need.
pub fn fuzzer() -> Result<()> {
    cargo_tool("cargo-fuzz", FUZZ)
}

/// The program that merges what training counted, of the compiler's own version of LLVM: from its toolchain, from the
/// system, or installed where this machine allows it.
pub fn profdata(llvm: u32) -> Result<PathBuf> {
    let sysroot = program::capture(program::command("rustc").args(["--print", "sysroot"]))?;
    let toolchain = std::fs::read_dir(PathBuf::from(sysroot.trim()).join("lib/rustlib"))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin/llvm-profdata"));
    let system = PathBuf::from(format!("/usr/lib/llvm-{llvm}/bin/llvm-profdata"));
    if let Some(found) = toolchain
        .chain([system.clone()])
        .find(|candidate| candidate.is_file())
    {
        return Ok(found);
    }
    if program::find("apt-get", &[]).is_some() && program::is_root() {
        install(&[&format!("llvm-{llvm}")])?;
    }
    if system.is_file() {
        return Ok(system);
    }
    bail!(
        "llvm-profdata of LLVM {llvm} is missing: rustup component add llvm-tools, or Debian package llvm-{llvm}"
    )
}

/// Makes sure of the system's programs; what is missing and may not be installed is named all at once.
pub fn system() -> Result<()> {
    let missing = missing();
    if missing.is_empty() && venv_works() {
        return Ok(());
    }
    let mut packages: Vec<&str> = missing.iter().map(|(_, package)| *package).collect();
    if !venv_works() {
        packages.push("python3-venv");
    }
    if program::find("apt-get", &[]).is_some() && program::is_root() {
        install(&packages)?;
    }
    let still: Vec<String> = self::missing()
        .iter()
        .map(|(name, package)| format!("{name} (Debian package {package})"))
        .chain(
            (!venv_works()).then(|| "python3 with venv (Debian package python3-venv)".to_owned()),
        )
        .collect();
    if still.is_empty() {
        return Ok(());
    }
    bail!(
        "missing on this machine, please install: {}",
        still.join(", ")
    )
}

fn missing() -> Vec<(&'static str, &'static str)> {
    SYSTEM
        .iter()
        .copied()
        .filter(|(name, _)| program::find(name, &folders()).is_none())
        .collect()
}

fn venv_works() -> bool {
    program::quiet(program::command("python3").args(["-c", "import venv, ensurepip"])).is_ok()
}

fn install(packages: &[&str]) -> Result<()> {
    println!("installing {}", packages.join(" "));
    let quietly = |command: &mut std::process::Command| {
        // RUNLEVEL=1 keeps a freshly installed database server from being started as a service.
        program::quiet(
            command
                .env("DEBIAN_FRONTEND", "noninteractive")
                .env("RUNLEVEL", "1"),
        )
    };
    quietly(program::command("apt-get").args(["update", "-q"]))?;
    quietly(
        program::command("apt-get")
            .args(["install", "-q", "-y", "--no-install-recommends"])
            .args(packages),
    )
}

fn cargo_tool(name: &str, version: &str) -> Result<()> {
    if program::find(name, &folders()).is_some() {
        return Ok(());
    }
    println!(
        "installing {name} {version} into {}",
        cargo_root().display()
    );
    // A debug build: the tool runs for seconds, its optimised build for minutes.
    program::run(
        program::cargo()
            .args([
                "install",
                "--locked",
                "--debug",
                "--quiet",
                "--version",
                version,
            ])
            .arg("--root")
            .arg(cargo_root())
            .arg(name)
            .env("CARGO_TARGET_DIR", cargo_root().join("target")),
    )
    .with_context(|| format!("{name} is missing: cargo install --locked {name}"))?;
    // Only the binary is kept.
    std::fs::remove_dir_all(cargo_root().join("target")).ok();
    Ok(())
}
