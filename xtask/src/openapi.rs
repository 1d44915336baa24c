//! The OpenAPI document as the product prints it, kept in the repository so that a change of the interface shows in review.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{paths, program};

/// Writes `api/openapi.json`, or checks it.
pub fn run(check: bool) -> Result<()> {
    let document = fetch()?;
    let mut text = serde_json::to_string_pretty(&document)?;
    text.push('\n');
    let path = paths::root().join("api/openapi.json");
    if check {
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        if kept != text {
            bail!(
                "api/openapi.json is out of date: run `cargo xtask openapi` and look at what changed"
            );
        }
        return Ok(());
    }
    std::fs::create_dir_all(paths::root().join("api"))?;
    std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    println!("wrote api/openapi.json");
    Ok(())
}

/// Builds the product and asks it for its document.
pub fn fetch() -> Result<Value> {
    program::run(program::cargo().args(["build", "--quiet", "--package", "server"]))?;
    let text = program::capture(program::command(paths::binary("debug")).arg("openapi"))?;
    serde_json::from_str(&text).context("`switchyard openapi` printed no JSON")
}
