//! One file per command.

mod config;
mod connect;
mod doctor;
mod journal;
mod keys;
mod serve;

use std::process::ExitCode;

use crate::cli::{Cli, Command};
use crate::environment::Environment;
use crate::print;

/// Runs what the command line asks for.
pub async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let environment = Environment::read(&cli);
    match cli.command {
        None | Some(Command::Serve(_)) => Box::pin(serve::serve(&environment)).await,
        Some(Command::Keys(args)) => Box::pin(keys::keys(&environment, &args)).await,
        Some(Command::Config(args)) => config::config(&environment, args.command),
        Some(Command::Doctor(args)) => Box::pin(doctor::doctor(&environment, &args)).await,
        Some(Command::Journal(args)) => {
            Box::pin(journal::journal(&environment, &args.command)).await
        }
        Some(Command::Connect(args)) => Box::pin(connect::connect(&environment, &args)).await,
        Some(Command::Openapi) => {
            print::json(&serde_json::to_value(app::document())?);
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::Version) => {
            print::line(&format!("switchyard {}", env!("CARGO_PKG_VERSION")));
            Ok(ExitCode::SUCCESS)
        }
    }
}
