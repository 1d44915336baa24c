//! Chores of the workspace behind `cargo xtask`. Nothing here ships, and nothing here is needed to build the product.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool for developers speaks on the terminal"
)]

mod bench;
mod clients;
mod compatibility;
mod dist;
mod docs;
mod fuzz;
mod gateway;
mod junit;
mod nextest;
mod openapi;
mod paths;
mod peers;
mod postgres;
mod program;
mod prove;
mod record;
mod routes;
mod schemathesis;
mod steps;
mod test;
mod tidy;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Chores of the Switchyard workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Check and test everything: style, rules, both stores, real clients, generated requests.
    Test(test::Options),
    /// Run the full counts and write docs/proofs.md.
    Prove(prove::Options),
    /// Drive every real client over every kind of provider and write docs/compatibility.md.
    Compatibility,
    /// Check the rules of the workspace that no compiler checks.
    Tidy,
    /// Print the route table of the running product.
    Routes,
    /// Write api/openapi.json.
    Openapi {
        /// Change nothing; fail when the file is out of date.
        #[arg(long)]
        check: bool,
    },
    /// Write the generated pages of docs/.
    Docs {
        /// Change nothing; fail when a page is out of date.
        #[arg(long)]
        check: bool,
    },
    /// Build what is shipped, trained on the benchmark's load.
    Dist,
    /// Measure beside a bare proxy and write docs/performance.md.
    Bench(bench::Options),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().chore {
        Chore::Test(options) => match test::run(&options) {
            // It has said why, and its count of what passed is the last line.
            Ok(false) => return ExitCode::FAILURE,
            outcome => outcome.map(|_| ()),
        },
        Chore::Prove(options) => prove::run(&options),
        Chore::Compatibility => compatibility::run(),
        Chore::Tidy => tidy::run(),
        Chore::Routes => routes::run(),
        Chore::Openapi { check } => openapi::run(check),
        Chore::Docs { check } => docs::run(check),
        Chore::Dist => dist::run().map(|_| ()),
        Chore::Bench(options) => bench::run(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
