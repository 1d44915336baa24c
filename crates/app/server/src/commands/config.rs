//! `switchyard config check|show`.

use std::process::ExitCode;

use crate::cli::ConfigCommand;
use crate::environment::Environment;
use crate::print;

/// Checks or shows the settings in force.
pub fn config(environment: &Environment, command: ConfigCommand) -> anyhow::Result<ExitCode> {
    match (command, app::settings::load(&environment.sources)) {
        (_, Err(faults)) => {
            print::note(&faults.to_string());
            Ok(ExitCode::FAILURE)
        }
        (ConfigCommand::Check, Ok(_)) => {
            print::line("the settings are fine");
            Ok(ExitCode::SUCCESS)
        }
        (ConfigCommand::Show, Ok(loaded)) => {
            print::line(loaded.show().trim_end());
            Ok(ExitCode::SUCCESS)
        }
    }
}
