//! Runs the tests with cargo-nextest, shows its output as it comes and keeps its closing line.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::{paths, program};

/// What a run counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed or ran out of time.
    pub failed: u64,
    /// Tests that were left out.
    pub skipped: u64,
}

/// A finished run.
#[derive(Debug)]
pub struct Run {
    /// The counts of the closing line.
    pub counts: Counts,
    /// The closing line itself.
    pub summary: String,
    /// Whether nextest called the run a success.
    pub success: bool,
}

/// A `cargo nextest run` of the whole workspace under a profile of `.config/nextest.toml`.
pub fn command(profile: &str) -> Command {
    let mut nextest = program::cargo();
    nextest.args(["nextest", "run", "--workspace", "--profile", profile]);
    nextest
}

/// Where that profile's report lies after a run: below the workspace, wherever cargo builds.
pub fn report(profile: &str) -> PathBuf {
    paths::root()
        .join("target/nextest")
        .join(profile)
        .join("junit.xml")
}

/// Runs it; a test that fails is a result, not an error of this function.
pub fn run(command: &mut Command) -> Result<Run> {
    let mut child = command
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot start cargo nextest")?;
    let stderr = child.stderr.take().context("nextest has no output")?;
    let mut summary = None;
    for line in BufReader::new(stderr).lines() {
        let line = line?;
        eprintln!("{line}");
        if line.contains("tests run:") || line.contains("test run:") {
            summary = Some(line.trim().to_owned());
        }
    }
    let status = child.wait()?;
    let Some(summary) = summary else {
        bail!("the tests did not run (nextest ended with {status})");
    };
    let counts = counts(&summary).with_context(|| format!("cannot read {summary:?}"))?;
    Ok(Run {
        counts,
        summary,
        success: status.success(),
    })
}

/// Reads `Summary [ 1.2s] 12 tests run: 11 passed (1 slow), 1 failed, 2 skipped`.
fn counts(summary: &str) -> Option<Counts> {
    let (_, results) = summary.split_once("run:")?;
    let mut counts = Counts::default();
    for part in without_brackets(results).split(',') {
        let mut words = part.split_whitespace();
        let number: u64 = words.next()?.parse().ok()?;
        match words.next()? {
            "passed" => counts.passed += number,
            "skipped" => counts.skipped += number,
            // `failed`, `timed out`, `exec failed` and what later versions may call a failure.
            _ => counts.failed += number,
        }
    }
    Some(counts)
}

/// `6 passed (1 slow, 2 leaky)` counts six tests, whatever stands in brackets.
fn without_brackets(text: &str) -> String {
    let mut depth = 0_usize;
    text.chars()
        .filter(|letter| {
            match letter {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => return depth == 0,
            }
            false
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_line_is_read_in_every_form() {
        let plain = counts("Summary [   0.1s] 12 tests run: 12 passed, 0 skipped");
        assert_eq!(
            plain,
            Some(Counts {
                passed: 12,
                failed: 0,
                skipped: 0
            })
        );
        let bad = counts(
            "Summary [ 9s] 9/12 tests run: 6 passed (1 slow, 2 leaky), 2 failed, 1 timed out, 3 skipped",
        );
        assert_eq!(bad.map(|counts| counts.failed), Some(3));
        assert_eq!(counts("nothing"), None);
    }
}
