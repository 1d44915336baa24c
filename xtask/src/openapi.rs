//! The OpenAPI document as the product prints it, kept in the repository so that a change of the interface shows in review.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{paths, program};

/// Builds the product and writes `api/openapi.json`, or checks it.
pub fn run(check: bool) -> Result<()> {
    build()?;
    if check {
        return self::check();
    }
    std::fs::create_dir_all(paths::root().join("api"))?;
    std::fs::write(file(), text()?).context("cannot write api/openapi.json")?;
    println!("wrote api/openapi.json");
    Ok(())
}

/// Compares the file with what the binary, as it is built now, prints.
pub fn check() -> Result<()> {
    let kept = std::fs::read_to_string(file()).unwrap_or_default();
    if kept != text()? {
        bail!(
            "api/openapi.json is out of date: run `cargo xtask openapi` and look at what changed"
        );
    }
    Ok(())
}

fn file() -> PathBuf {
    paths::root().join("api/openapi.json")
}

fn text() -> Result<String> {
    let mut document = printed()?;
    order_extensions(&mut document);
    let mut text = serde_json::to_string_pretty(&document)?;
    text.push('\n');
    Ok(text)
}

/// Puts the `x-…` keys of every object in one order: the product prints them as its hash map has them.
fn order_extensions(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(order_extensions),
        Value::Object(fields) => {
            let mut names: Vec<String> = fields
                .keys()
                .filter(|name| name.starts_with("x-"))
                .cloned()
                .collect();
            names.sort_unstable();
            for name in names {
                if let Some(field) = fields.shift_remove(&name) {
                    fields.insert(name, field);
                }
            }
            fields.values_mut().for_each(order_extensions);
        }
        _ => {}
    }
}

/// The document of a product built now.
pub fn fetch() -> Result<Value> {
    build()?;
    printed()
}

fn build() -> Result<()> {
    program::run(program::cargo().args(["build", "--quiet", "--package", "server"]))
}

fn printed() -> Result<Value> {
    let text = program::capture(program::command(paths::binary("debug")).arg("openapi"))?;
    serde_json::from_str(&text).context("`switchyard openapi` printed no JSON")
}
