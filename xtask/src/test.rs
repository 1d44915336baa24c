//! The one test command: style, rules, documents, both stores, real clients, generated requests.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};
use clap::Args;

use crate::nextest::{self, Counts};
use crate::postgres::Server;
use crate::schemathesis::{self, Effort};
use crate::steps::Steps;
use crate::{clients, docs, openapi, paths, program, tidy, tools};

/// What to leave out; a run for review leaves out nothing.
#[derive(Debug, Args)]
pub struct Options {
    /// Leave out what is slow to set up: real clients and generated requests.
    #[arg(long)]
    quick: bool,
    /// Only tests that match this nextest filter, and no other step.
    #[arg(long, value_name = "EXPRESSION")]
    filter: Option<String>,
}

/// What the tests stand on, started before them and stopped after.
struct Ground {
    postgres: Option<Server>,
    clients: Option<PathBuf>,
}

impl Ground {
    /// Tells a test run where things are.
    fn show(&self, command: &mut Command) -> Result<()> {
        command.env("PATH", tools::path()?);
        command.env("SWITCHYARD_BINARY", paths::binary("debug"));
        if let Some(server) = &self.postgres {
            command.env("SWITCHYARD_TEST_POSTGRES", server.url());
        }
        if let Some(clients) = &self.clients {
            command.env("SWITCHYARD_TEST_CLIENTS", clients);
        }
        Ok(())
    }
}

/// Runs the steps; whether all of them passed.
pub fn run(options: &Options) -> Result<bool> {
    let mut steps = Steps::default();
    if steps
        .step("tools of the Rust toolchain", tools::rust)
        .is_none()
    {
        return Ok(finish(&steps, None));
    }
    steps.step("tools of the system", tools::system);
    let all = options.filter.is_none();
    if all {
        check(&mut steps);
    }
    let built = steps.step("build", || {
        program::run(program::cargo().args(["build", "--workspace", "--all-targets"]))
    });
    if built.is_none() {
        return Ok(finish(&steps, None));
    }
    if all {
        steps.step("openapi document", openapi::check);
        if options.quick {
            steps.skip("generated requests", "--quick");
        } else {
            steps.step("generated requests", || {
                schemathesis::run(&paths::binary("debug"), Effort::Ordinary)
            });
        }
    }
    let ground = Ground {
        postgres: steps.step("private PostgreSQL", Server::start),
        clients: if options.quick {
            steps.skip("real clients", "--quick");
            None
        } else {
            steps.step("real clients", clients::install)
        },
    };
    let mut run = None;
    steps.step("tests", || {
        let mut command = nextest::command("default");
        ground.show(&mut command)?;
        if let Some(filter) = &options.filter {
            command.args(["--filterset", filter]);
        }
        let done = run.insert(nextest::run(&mut command)?);
        if !done.success {
            bail!("{}", done.summary);
        }
        Ok(())
    });
    drop(ground);
    Ok(finish(&steps, run.as_ref()))
}

/// What needs no running product.
fn check(steps: &mut Steps) {
    steps.step("format", || {
        program::run(program::cargo().args(["fmt", "--all", "--check"]))
    });
    steps.step("rules of the workspace", tidy::run);
    steps.step("generated pages", || docs::run(true));
    steps.step("licences, bans, sources", || {
        program::run(
            program::cargo()
                .args([
                    "deny",
                    "--offline",
                    "--log-level",
                    "error",
                    "check",
                    "--hide-inclusion-graph",
                ])
                .args(["bans", "licenses", "sources"])
                .env("PATH", tools::path()?),
        )
    });
    steps.step("clippy", || {
        program::run(program::cargo().args([
            "clippy",
            "--workspace",
            "--all-targets",
            "--quiet",
            "--",
            "-D",
            "warnings",
        ]))
    });
    steps.step("documentation", || {
        program::run(
            program::cargo()
                .args([
                    "doc",
                    "--workspace",
                    "--no-deps",
                    "--quiet",
                    "--document-private-items",
                ])
                .env("RUSTDOCFLAGS", "-D warnings"),
        )
    });
}

/// Prints what was done; the last line counts tests and steps together.
fn finish(steps: &Steps, run: Option<&nextest::Run>) -> bool {
    steps.print();
    let mut counts = Counts {
        passed: as_u64(steps.passed()),
        failed: as_u64(steps.failed()),
        skipped: as_u64(steps.skipped()),
    };
    if let Some(run) = run {
        println!("\nnextest: {}", run.summary);
        // The step that ran the tests is counted by its tests.
        if run.success {
            counts.passed = counts.passed.saturating_sub(1);
        } else if run.counts.failed > 0 {
            counts.failed = counts.failed.saturating_sub(1);
        }
        counts.passed += run.counts.passed;
        counts.failed += run.counts.failed;
        counts.skipped += run.counts.skipped;
    }
    println!(
        "\n{} passed, {} failed, {} skipped",
        counts.passed, counts.failed, counts.skipped
    );
    counts.failed == 0 && run.is_some()
}

fn as_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
