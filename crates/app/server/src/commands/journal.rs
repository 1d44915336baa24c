//! `switchyard journal replay DIR`.

use std::process::ExitCode;

use anyhow::Context;

use crate::cli::JournalCommand;
use crate::environment::Environment;
use crate::print;

/// Looks after a journal.
pub async fn journal(
    environment: &Environment,
    command: &JournalCommand,
) -> anyhow::Result<ExitCode> {
    let JournalCommand::Replay { dir } = command;
    let report = app::offline::replay(&environment.sources, dir)
        .await
        .with_context(|| format!("cannot replay {}", dir.display()))?;
    print::line(&report.to_string());
    Ok(ExitCode::SUCCESS)
}
