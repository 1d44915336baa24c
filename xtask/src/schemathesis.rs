//! Generated requests against every documented operation of the running product: none may answer with a server error.

use std::path::Path;

use anyhow::{Context, Result};

use crate::gateway::{ADMIN_KEY, Gateway};
use crate::{clients, paths, program};

/// Pinned: what it generates changes from version to version.
const REQUIREMENTS: &str = "schemathesis==4.32.5\n";

/// Examples for each operation in an ordinary run and in a full one.
#[derive(Debug, Clone, Copy)]
pub enum Effort {
    /// A few dozen for each operation, with a time limit for all.
    Ordinary,
    /// What a release needs.
    Full,
}

impl Effort {
    fn examples(self) -> u32 {
        match self {
            Self::Ordinary => 25,
            Self::Full => 400,
        }
    }
}

/// Installs the tool, starts the product and lets it generate.
pub fn run(binary: &Path, effort: Effort) -> Result<()> {
    let venv = paths::cache().join("schemathesis");
    clients::venv(&venv, REQUIREMENTS)?;
    let gateway = Gateway::start(binary)?;
    let outcome = program::run(
        program::command(venv.join("bin/schemathesis"))
            .current_dir(std::env::temp_dir())
            .arg("run")
            .arg(format!("{}/openapi.json", gateway.url()))
            .args(["--checks", "not_a_server_error"])
            .args(["--max-examples", &effort.examples().to_string()])
            .args(["--seed", "1", "--no-color", "--generation-database", "none"])
            .args(["--request-timeout", "20", "--max-failures", "20"])
            // The drain and the streams that wait for events have no end of their own.
            .args(["--exclude-path-regex", "/(stream|events)$"])
            .args(["--header", &format!("Authorization: Bearer {ADMIN_KEY}")]),
    );
    outcome.with_context(|| {
        format!(
            "the end of the gateway's log:\n{}",
            tail(&gateway.log(), 40)
        )
    })
}

fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}
