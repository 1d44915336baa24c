//! Runs the benchmark beside a bare proxy and puts its tables into docs/performance.md.

use anyhow::{Context, Result};
use clap::Args;

use crate::{dist, paths, peers, program, prove};

const BEGIN: &str = "<!-- measured: begin -->";
const END: &str = "<!-- measured: end -->";

/// What to measure.
#[derive(Debug, Args)]
pub struct Options {
    /// Build profile of the gateway that is measured.
    #[arg(long, default_value = "dist")]
    profile: String,
    /// Do not write docs/performance.md.
    #[arg(long)]
    dry: bool,
    /// Passed on to the benchmark, e.g. `-- --quick` or `-- --lanes plain,streams`.
    #[arg(last = true)]
    rest: Vec<String>,
}

/// Builds, measures, writes.
pub fn run(options: &Options) -> Result<()> {
    let binary = if options.profile == "dist" {
        dist::run()?
    } else {
        let build = ["build", "--package", "server", "--profile"];
        program::run(program::cargo().args(build).arg(&options.profile))?;
        paths::binary(&options.profile)
    };
    program::run(program::cargo().args(["build", "--release", "--package", "bench"]))?;
    let out = paths::target().join("bench");
    std::fs::create_dir_all(&out)?;
    let mut measure = program::command(paths::target().join("release/bench"));
    measure
        .arg("run")
        .arg("--gateway")
        .arg(&binary)
        .arg("--markdown")
        .arg(out.join("report.md"))
        .arg("--json")
        .arg(out.join("report.json"));
    if asks_for_peers(&options.rest) {
        measure.arg("--peers-dir").arg(peers::install()?);
    }
    program::run(measure.args(&options.rest))?;
    if options.dry {
        return Ok(());
    }
    let tables = std::fs::read_to_string(out.join("report.md"))?;
    let head = format!(
        "- Date: {}\n- Commit: {}\n- Machine: {}\n- Build: profile `{}`\n- Command: `cargo xtask bench{}`\n",
        program::capture(program::command("date").args(["-u", "+%Y-%m-%d %H:%M UTC"]))?.trim(),
        prove::commit()?,
        prove::machine(),
        options.profile,
        if options.rest.is_empty() {
            String::new()
        } else {
            format!(" -- {}", options.rest.join(" "))
        }
    );
    let path = paths::root().join("docs/performance.md");
    let page = std::fs::read_to_string(&path).context("docs/performance.md is missing")?;
    std::fs::write(&path, replace(&page, &format!("{head}\n{tables}"))?)?;
    println!("wrote docs/performance.md");
    Ok(())
}

/// Whether the lane is named that needs gateways of others, and not where they are.
fn asks_for_peers(rest: &[String]) -> bool {
    let mut words = rest.iter().flat_map(|word| word.split([',', '=']));
    !rest.iter().any(|word| word.starts_with("--peers-dir")) && words.any(|word| word == "peers")
}

/// Puts the measured part between its marks and leaves the prose around it alone.
fn replace(page: &str, measured: &str) -> Result<String> {
    let (before, rest) = page
        .split_once(BEGIN)
        .context("docs/performance.md has lost its first mark")?;
    let (_, after) = rest
        .split_once(END)
        .context("docs/performance.md has lost its second mark")?;
    Ok(format!(
        "{before}{BEGIN}\n\n{}\n\n{END}{after}",
        measured.trim()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_measured_part_changes() {
        let page = format!("a\n{BEGIN}\nold\n{END}\nz\n");
        let new = replace(&page, "new\n").unwrap();
        assert_eq!(new, format!("a\n{BEGIN}\n\nnew\n\n{END}\nz\n"));
        assert!(replace("no marks", "new").is_err());
    }

    #[test]
    fn the_lane_is_found_however_it_is_written() {
        let asks = |line: &str| {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            asks_for_peers(&words)
        };
        assert!(asks("--quick --lanes plain,peers") && asks("--lanes=peers"));
        assert!(!asks("--quick --lanes plain") && !asks("--lanes peers --peers-dir=here"));
    }
}
