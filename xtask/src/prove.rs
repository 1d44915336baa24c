//! Runs the counts that a release is judged by and writes docs/proofs.md from what the tests report.

use std::fmt::Write as _;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::fuzz::{self, Fuzzed, Fuzzing};
use crate::junit::{self, Case};
use crate::postgres::Server;
use crate::schemathesis::{self, Effort};
use crate::steps::Steps;
use crate::{clients, nextest, paths, program, tools};

/// What to run.
#[derive(Debug, Args)]
pub struct Options {
    /// Only tests that match this nextest filter; docs/proofs.md is then not written.
    #[arg(long, value_name = "EXPRESSION")]
    filter: Option<String>,
    /// Minutes for each fuzz target.
    #[arg(long, default_value_t = 60)]
    fuzz_minutes: u32,
}

/// Runs everything at its full count.
pub fn run(options: &Options) -> Result<()> {
    let mut steps = Steps::default();
    tools::rust()?;
    tools::system()?;
    program::run(program::cargo().args(["build", "--workspace", "--all-targets"]))?;
    program::run(program::cargo().args(["build", "--release", "--package", "server"]))?;
    let server = Server::start()?;
    let clients = clients::install()?;
    // Nothing below is measured in time: the fuzzers take what the tests leave of the machine.
    let fuzzing = match &options.filter {
        Some(_) => None,
        None => Some(Fuzzing::start(options.fuzz_minutes)?),
    };
    let tested = steps.step("tests at full count", || {
        let mut command = nextest::command("prove");
        command
            .env("SWITCHYARD_PROVE", "1")
            .env("SWITCHYARD_TEST_POSTGRES", server.url())
            .env("SWITCHYARD_TEST_CLIENTS", &clients)
            .env("SWITCHYARD_BINARY", paths::binary("release"))
            .env("PATH", tools::path()?);
        if let Some(filter) = &options.filter {
            command.args(["--filterset", filter]);
        }
        let run = nextest::run(&mut command)?;
        if !run.success {
            bail!("{}", run.summary);
        }
        Ok(run.summary)
    });
    let Some(fuzzing) = fuzzing else {
        steps.print();
        return tested.map(|_| ()).context("not everything passed");
    };
    let generated = steps.step("generated requests", || {
        schemathesis::run(&paths::binary("release"), Effort::Full)
    });
    let fuzzed = steps.step("fuzzing", || fuzzing.join());
    let fuzzed = fuzzed.unwrap_or_default();
    steps.step("nothing found by fuzzing", || fuzz::judge(&fuzzed));
    let report = nextest::report("prove");
    let cases = junit::cases(
        &std::fs::read_to_string(&report)
            .with_context(|| format!("cannot read {}", report.display()))?,
    );
    let mut page = page(&cases, tested.as_deref(), generated.is_some())?;
    fuzz_table(&mut page, &fuzzed, options.fuzz_minutes)?;
    std::fs::write(paths::root().join("docs/proofs.md"), page)?;
    println!("wrote docs/proofs.md");
    steps.print();
    if steps.failed() > 0 {
        bail!("not everything passed");
    }
    Ok(())
}

fn page(cases: &[Case], summary: Option<&str>, generated: bool) -> Result<String> {
    let mut page = String::from(
        "# Proofs\n\nWritten by `cargo xtask prove`; do not edit. Each line is what a test reported at its full count, \
         against a release build of the product.\n\n",
    );
    writeln!(
        page,
        "- Date: {}",
        program::capture(program::command("date").args(["-u", "+%Y-%m-%d %H:%M UTC"]))?.trim()
    )?;
    writeln!(page, "- Commit: {}", commit()?)?;
    writeln!(page, "- Machine: {}", machine())?;
    writeln!(page, "- Tests: {}", summary.unwrap_or("FAILED; see below"))?;
    writeln!(
        page,
        "- Generated requests over /openapi.json: {}\n",
        if generated {
            "no server error"
        } else {
            "FAILED"
        }
    )?;
    page.push_str("| proof | result | test | seconds |\n|---|---|---|---|\n");
    for case in cases {
        for line in case.output.lines() {
            if let Some(proof) = line.trim().strip_prefix("proof:") {
                let (what, result) = proof.split_once(" => ").unwrap_or((proof, ""));
                writeln!(
                    page,
                    "| {} | {} | `{}` | {:.0} |",
                    what.trim(),
                    if case.passed { result.trim() } else { "FAILED" },
                    case.name,
                    case.seconds
                )?;
            }
        }
    }
    let failed: Vec<&Case> = cases.iter().filter(|case| !case.passed).collect();
    if !failed.is_empty() {
        page.push_str("\nFailed:\n\n");
        for case in failed {
            writeln!(page, "- `{}` in {}", case.name, case.suite)?;
        }
    }
    Ok(page)
}

fn fuzz_table(page: &mut String, fuzzed: &[Fuzzed], minutes: u32) -> Result<()> {
    writeln!(
        page,
        "\nFuzzing, {minutes} minutes each:\n\n| target | inputs | result |\n|---|---|---|"
    )?;
    for one in fuzzed {
        let result = if one.fault.is_none() {
            "nothing found"
        } else {
            "FAILED"
        };
        writeln!(page, "| `{}` | {} | {result} |", one.target, one.inputs)?;
    }
    Ok(())
}

/// The commit, marked where the work tree differs from it in anything but generated reports.
pub fn commit() -> Result<String> {
    let commit =
        program::capture(program::command("git").args(["rev-parse", "--short=12", "HEAD"]))?;
    let changed = program::capture(program::command("git").args([
        "status",
        "--porcelain",
        "--untracked-files=no",
    ]))?;
    let reports = [
        "docs/proofs.md",
        "docs/performance.md",
        "docs/compatibility.md",
    ];
    let dirty = changed
        .lines()
        .any(|line| !reports.iter().any(|report| line.ends_with(report)));
    Ok(format!(
        "{}{}",
        commit.trim(),
        if dirty { " with local changes" } else { "" }
    ))
}

/// Processor, cores, memory and kernel in one line.
pub fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let value = |text: &str, key: &str| {
        text.lines()
            .find(|line| line.starts_with(key))
            .and_then(|line| line.split_once(':'))
            .map_or_else(
                || "unknown".to_owned(),
                |(_, value)| value.trim().to_owned(),
            )
    };
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let kibibytes: u64 = value(&read("/proc/meminfo"), "MemTotal")
        .split_whitespace()
        .next()
        .and_then(|number| number.parse().ok())
        .unwrap_or_default();
    format!(
        "{}, {cores} cores, {} GiB, Linux {}",
        value(&read("/proc/cpuinfo"), "model name"),
        kibibytes.div_ceil(1024 * 1024),
        read("/proc/sys/kernel/osrelease").trim()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proofs_are_taken_from_what_tests_print() {
        let case = |name: &str, passed, output: &str| Case {
            suite: "e2e".to_owned(),
            name: name.to_owned(),
            seconds: 12.4,
            passed,
            output: output.to_owned(),
        };
        let cases = [
            case(
                "kill",
                true,
                "noise\nproof: kill -9 at 100 points => every call once\n",
            ),
            case("cut", false, "proof: 200 clients cut => all priced\n"),
        ];
        let page = page(&cases, None, true).unwrap();
        assert!(page.contains("| kill -9 at 100 points | every call once | `kill` | 12 |"));
        assert!(page.contains("| 200 clients cut | FAILED | `cut` | 12 |"));
        assert!(page.contains("- `cut` in e2e"));
    }
}
