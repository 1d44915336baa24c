//! Measures the gateway beside a bare proxy and beside no proxy, in one run on one machine. Nothing here ships.
//!
//! The gateway is driven only by what users have: its command line, its settings file, its HTTP interface.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the report and the progress go to the terminal"
)]

mod client;
mod fixture;
mod gateway;
mod lanes;
mod load;
mod mock;
mod peers;
mod process;
mod proxy;
mod report;
mod run;
mod serve;
mod stats;
mod train;
mod ways;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Benchmarks of the gateway.
#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Arguments {
    #[command(subcommand)]
    part: Part,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// Measure everything and report.
    Run(run::Options),
    /// Drive the gateway over every surface, for a build that counts what is hot.
    Train(train::Options),
    /// The upstream that all lanes call; prints its address.
    Mock,
    /// The bare proxy that the gateway is compared with; prints its address.
    Proxy {
        /// Where it sends everything, as host:port.
        upstream: String,
    },
    /// Send load and print what was seen as one line of JSON.
    Load(load::Options),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().part {
        Part::Run(options) => run::run(&options),
        Part::Train(options) => train::run(&options),
        Part::Mock => serve::on_all_cores(mock::run()),
        Part::Proxy { upstream } => serve::on_all_cores(proxy::run(upstream)),
        Part::Load(options) => load::run(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
