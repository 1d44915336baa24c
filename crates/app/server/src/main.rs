//! The binary `switchyard`: reads the command line, runs one command, says how it ended. What commands do stands in `commands`.

mod address;
mod api;
mod cli;
mod commands;
mod connect;
mod doctor;
mod environment;
mod print;

use std::process::ExitCode;

use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    // Connections have worker threads of their own; here is what goes on beside them.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .thread_name("switchyard")
        .build();
    let outcome = match runtime {
        Ok(runtime) => {
            let outcome = runtime.block_on(commands::run(cli));
            // A look-up of a name that hangs must not hold up the end.
            runtime.shutdown_timeout(std::time::Duration::from_secs(1));
            outcome
        }
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            print::error(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}
