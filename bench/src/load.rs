//! The load generator: a closed loop on each connection, every answer compared with what it must be.

mod check;
mod drive;
mod options;
mod seen;
mod told;

use anyhow::Result;

pub use options::Options;
pub use seen::Seen;

/// Sends and prints.
pub fn run(options: &Options) -> Result<()> {
    let mut builder = if options.connections == 1 {
        tokio::runtime::Builder::new_current_thread()
    } else {
        tokio::runtime::Builder::new_multi_thread()
    };
    let work = drive::send(options);
    let seen = builder.enable_all().build()?.block_on(work)?;
    println!("{}", serde_json::to_string(&seen)?);
    Ok(())
}
