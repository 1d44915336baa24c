//! Builds what is shipped: profile `dist`, laid out and inlined by what a training run showed to be hot.
//!
//! Two builds and a run between them. The first build counts how often each branch is taken, the benchmark drives it
//! over every surface, the second build uses the counts. It changes no line of code and no result.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::{paths, program, tools};

/// Builds, trains, builds again; gives the binary.
pub fn run() -> Result<PathBuf> {
    let compiler = Compiler::of_this_machine()?;
    let merge = tools::profdata(compiler.llvm)?;
    let work = paths::target().join("trained");
    let counts = work.join("counts");
    let counting = compiler.build(
        &work.join("counting"),
        &format!("-Cprofile-generate={}", counts.display()),
    )?;
    let profile = work.join("hot.profdata");
    if !is_newer(&profile, &counting) {
        if counts.exists() {
            std::fs::remove_dir_all(&counts)?;
        }
        program::run(program::cargo().args(["build", "--release", "--package", "bench"]))?;
        program::run(
            program::command(paths::target().join("release/bench"))
                .args(["train", "--gateway"])
                .arg(&counting),
        )?;
        program::run(
            program::command(&merge)
                .args(["merge", "--output"])
                .arg(&profile)
                .arg(&counts),
        )?;
    }
    let built = compiler.build(
        &work.join("shipped"),
        &format!("-Cprofile-use={}", profile.display()),
    )?;
    let shipped = paths::binary("dist");
    std::fs::create_dir_all(shipped.parent().context("the binary has no folder")?)?;
    std::fs::copy(&built, &shipped)?;
    println!("built {}", shipped.display());
    Ok(shipped)
}

/// The compiler as far as this build depends on it.
struct Compiler {
    host: String,
    /// Major version; counts are only read by tools of the same.
    llvm: u32,
}

impl Compiler {
    fn of_this_machine() -> Result<Self> {
        let version = program::capture(program::command("rustc").arg("-vV"))?;
        Self::read(&version)
            .with_context(|| format!("`rustc -vV` names no host or no LLVM: {version}"))
    }

    fn read(version: &str) -> Option<Self> {
        let field = |name: &str| version.lines().find_map(|line| line.strip_prefix(name));
        let llvm = field("LLVM version: ")?.split('.').next()?.parse().ok()?;
        Some(Self {
            host: field("host: ")?.to_owned(),
            llvm,
        })
    }

    /// Builds the product with further flags. The target is named so that they reach neither build scripts nor macros.
    fn build(&self, target: &Path, flags: &str) -> Result<PathBuf> {
        program::run(
            program::cargo()
                .args(["build", "--profile", "dist", "--package", "server"])
                .args(["--target", &self.host])
                .env("CARGO_TARGET_DIR", target)
                .env("RUSTFLAGS", flags),
        )?;
        Ok(target.join(&self.host).join("dist/switchyard"))
    }
}

/// Whether a file was written after another one.
fn is_newer(file: &Path, than: &Path) -> bool {
    let written = |path: &Path| std::fs::metadata(path)?.modified();
    matches!((written(file), written(than)), (Ok(a), Ok(b)) if a > b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_and_llvm_are_read_from_what_the_compiler_says() {
        let said = "rustc 1.95.0 (1 2)\nbinary: rustc\nhost: x86_64-unknown-linux-gnu\nrelease: 1.95.0\nLLVM version: 22.1.2\n";
        let compiler = Compiler::read(said).unwrap();
        assert_eq!(
            (compiler.host.as_str(), compiler.llvm),
            ("x86_64-unknown-linux-gnu", 22)
        );
        assert!(Compiler::read("rustc 1.95.0").is_none());
    }
}
