//! Runs the counts that a release is judged by and writes docs/proofs.md from what they report, each part for itself.

mod page;

use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};

use crate::fuzz::{self, Fuzzing};
use crate::postgres::Server;
use crate::schemathesis::{self, Effort};
use crate::steps::Steps;
use crate::{clients, junit, nextest, paths, program, tools};

/// What to run.
#[derive(Debug, Args)]
pub struct Options {
    /// Only these parts; the others keep what docs/proofs.md says of them.
    #[arg(long, value_delimiter = ',', conflicts_with = "filter")]
    only: Vec<Part>,
    /// Only tests that match this nextest filter; docs/proofs.md is then not written.
    #[arg(long, value_name = "EXPRESSION")]
    filter: Option<String>,
    /// Minutes for each fuzz target.
    #[arg(long, default_value_t = 60)]
    fuzz_minutes: u32,
}

/// A part, with a section of its own in docs/proofs.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Tests,
    Requests,
    Fuzzing,
}

impl Options {
    fn wants(&self, part: Part) -> bool {
        if self.filter.is_some() {
            return part == Part::Tests;
        }
        self.only.is_empty() || self.only.contains(&part)
    }
}

/// Runs everything at its full count.
pub fn run(options: &Options) -> Result<()> {
    let mut steps = Steps::default();
    let mut found = Vec::new();
    tools::rust()?;
    tools::system()?;
    if options.wants(Part::Tests) || options.wants(Part::Requests) {
        program::run(program::cargo().args(["build", "--release", "--package", "server"]))?;
    }
    if options.wants(Part::Tests) {
        program::run(program::cargo().args(["build", "--workspace", "--all-targets"]))?;
    }
    // Nothing below is measured in time: the fuzzers take what the tests leave of the machine.
    let fuzzing = options
        .wants(Part::Fuzzing)
        .then(|| Fuzzing::start(options.fuzz_minutes))
        .transpose()?;
    if options.wants(Part::Tests) {
        let server = Server::start()?;
        let clients = clients::install()?;
        let summary = steps.step("tests at full count", || tests(options, &server, &clients));
        let report = nextest::report("prove");
        let report = std::fs::read_to_string(&report)
            .with_context(|| format!("cannot read {}", report.display()))?;
        found.push(page::tests(&junit::cases(&report), summary.as_deref())?);
    }
    if options.wants(Part::Requests) {
        let passed = steps.step("generated requests", || {
            schemathesis::run(&paths::binary("release"), Effort::Full)
        });
        found.push(page::requests(passed.is_some())?);
    }
    if let Some(fuzzing) = fuzzing
        && let Some(fuzzed) = steps.step("fuzzing", || fuzzing.join())
    {
        steps.step("nothing found by fuzzing", || fuzz::judge(&fuzzed));
        found.push(page::fuzzing(&fuzzed, options.fuzz_minutes)?);
    }
    if options.filter.is_none() {
        page::renew(&found)?;
    }
    steps.print();
    if steps.failed() > 0 {
        bail!("not everything passed");
    }
    Ok(())
}

fn tests(options: &Options, server: &Server, clients: &Path) -> Result<String> {
    let mut command = nextest::command("prove");
    command
        .env("SWITCHYARD_PROVE", "1")
        .env("SWITCHYARD_TEST_POSTGRES", server.url())
        .env("SWITCHYARD_TEST_CLIENTS", clients)
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
}
