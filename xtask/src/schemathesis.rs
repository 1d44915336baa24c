//! Generated requests against every documented operation of the running product: none may answer with a server error.

use std::path::Path;

use anyhow::{Context, Result};

use crate::gateway::{ADMIN_KEY, Gateway};
use crate::{clients, paths, program};

/// Pinned: what it generates changes from version to version.
const REQUIREMENTS: &str = "schemathesis==4.32.5\n";

/// How long requests are generated.
#[derive(Debug, Clone, Copy)]
pub enum Effort {
    /// What every run can afford.
    Ordinary,
    /// What a release needs.
    Full,
}

impl Effort {
    fn seconds(self) -> u32 {
        match self {
            Self::Ordinary => 300,
            Self::Full => 1_800,
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
            .args([
                "--checks",
                "not_a_server_error",
                "--phases",
                "examples,coverage,fuzzing",
            ])
            .args(["--max-time", &effort.seconds().to_string()])
            .args(["--max-failures", "20", "--request-timeout", "20"])
            // Two threads of its own trip over each other in Python 3.11's parser.
            .args(["--workers", "1"])
            .args(["--seed", "1", "--generation-database", "none", "--no-color"])
            .args(["--warnings", "off", "--suppress-health-check", "all"])
            // Takes a profile for as long as it is asked to.
            .args(["--exclude-path-regex", "/profile$"])
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
