//! Facts that cannot be delivered while others can: set aside in a file for people, so that one does not hold up all.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::atomic::Ordering;

use crate::handle::Shared;

const NAME: &str = "rejected.jsonl";

/// Appends the fact's JSON to `rejected.jsonl` and syncs it.
pub(crate) fn set_aside(shared: &Shared, json: &str) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(shared.options.dir.join(NAME))?;
    file.write_all(format!("{json}\n").as_bytes())?;
    file.sync_data()?;
    shared.rejected.fetch_add(1, Ordering::Relaxed);
    tracing::error!(
        file = NAME,
        "a call's record was refused while others were taken; it is set aside"
    );
    Ok(())
}
