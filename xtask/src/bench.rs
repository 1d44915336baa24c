//! Runs the benchmark beside a bare proxy and puts what the lanes that ran measured into docs/performance.md, each under
//! its title.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use clap::Args;

use crate::record::{self, Section};
use crate::{dist, paths, peers, program};

/// The prose above it is written by hand, the sections below it by this chore.
const RESULT: &str = "\n## Result\n";
const MARK: &str = "### ";

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
    // What an earlier run left is not to be taken for this one's.
    for report in ["report.md", "report.json"] {
        match std::fs::remove_file(out.join(report)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
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
    let report = std::fs::read_to_string(out.join("report.md")).context("nothing was measured")?;
    let path = paths::root().join("docs/performance.md");
    let page = std::fs::read_to_string(&path).context("docs/performance.md is missing")?;
    std::fs::write(&path, renewed(&page, &report, &head(options)?)?)?;
    println!("wrote docs/performance.md");
    Ok(())
}

fn head(options: &Options) -> Result<String> {
    let mut head = record::head()?;
    writeln!(head, "- Build: profile `{}`", options.profile)?;
    write!(head, "- Command: `cargo xtask bench")?;
    if !options.rest.is_empty() {
        write!(head, " -- {}", options.rest.join(" "))?;
    }
    writeln!(head, "`")?;
    Ok(head)
}

/// Whether the lane is named that needs gateways of others, and not where they are.
fn asks_for_peers(rest: &[String]) -> bool {
    let mut words = rest.iter().flat_map(|word| word.split([',', '=']));
    !rest.iter().any(|word| word.starts_with("--peers-dir")) && words.any(|word| word == "peers")
}

/// The page with a new section for every lane that measured something, under the head of this run.
fn renewed(page: &str, report: &str, head: &str) -> Result<String> {
    let (prose, old) = page
        .split_once(RESULT)
        .context("docs/performance.md has lost its heading Result")?;
    let lanes = record::sections(report, MARK);
    let measured: Vec<Section> = lanes
        .iter()
        .filter(|lane| !lane.text.trim().is_empty())
        .map(|lane| Section {
            title: lane.title.clone(),
            text: format!("{head}\n{}", lane.text.trim()),
        })
        .collect();
    // A lane that only runs where it is asked for by name need not have a section.
    let known = record::sections(old, MARK);
    let titles = lanes
        .iter()
        .map(|lane| lane.title.as_str())
        .filter(|title| {
            let mut all = measured.iter().chain(&known);
            all.any(|section| section.title == *title)
        });
    let sections = record::renewed(old, MARK, titles, &measured);
    Ok(format!("{prose}{RESULT}{sections}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_that_measured_nothing_keep_what_the_page_has() {
        let page = "a\n\n## Result\n\n### One\n\n- old\n\n### Two\n\n- kept\n";
        let report = "### One\n\n| new |\n\n### Two\n\n### Three\n\n";
        let expected = "a\n\n## Result\n\n### One\n\n- head\n\n| new |\n\n### Two\n\n- kept\n";
        assert_eq!(renewed(page, report, "- head\n").unwrap(), expected);
        assert!(renewed("no heading", report, "").is_err());
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
