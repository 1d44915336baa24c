//! The generated pages of docs/: what can be said from the sources is not written twice.

mod configuration;
mod errors;

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::paths;
use crate::tidy::read_sources;

/// Writes the pages, or checks them.
pub fn run(check: bool) -> Result<()> {
    let mut stale = Vec::new();
    for (name, page) in pages()? {
        let path = docs().join(name);
        if std::fs::read_to_string(&path).is_ok_and(|kept| kept == page) {
            continue;
        }
        if check {
            stale.push(format!("docs/{name}"));
        } else {
            std::fs::write(&path, page)
                .with_context(|| format!("cannot write {}", path.display()))?;
            println!("wrote docs/{name}");
        }
    }
    if !stale.is_empty() {
        bail!("out of date: {}; run `cargo xtask docs`", stale.join(", "));
    }
    Ok(())
}

fn pages() -> Result<Vec<(&'static str, String)>> {
    let defaults = paths::root().join("crates/app/app/config.default.toml");
    let defaults = std::fs::read_to_string(&defaults)
        .with_context(|| format!("cannot read {}", defaults.display()))?;
    let kept = std::fs::read_to_string(docs().join("errors.md"))
        .unwrap_or_else(|_| "# Errors\n".to_owned());
    let codes = errors::codes(&read_sources()?);
    Ok(vec![
        ("configuration.md", configuration::page(&defaults)),
        ("errors.md", between_marks(&kept, &errors::table(&codes))),
    ])
}

fn docs() -> PathBuf {
    paths::root().join("docs")
}

const BEGIN: &str = "<!-- codes: begin (cargo xtask docs) -->";
const END: &str = "<!-- codes: end -->";

/// Replaces what stands between the marks; a page without marks gets them at its end.
fn between_marks(page: &str, table: &str) -> String {
    let (before, after) = match page.split_once(BEGIN) {
        Some((before, rest)) => (
            before.to_owned(),
            rest.split_once(END).map_or("\n", |(_, after)| after),
        ),
        None => (format!("{}\n\n## Every code\n\n", page.trim_end()), "\n"),
    };
    format!("{before}{BEGIN}\n{table}{END}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_part_is_replaced_and_the_prose_is_kept() {
        let first = between_marks("# Errors\n\nProse.\n", "| a |\n");
        assert!(first.starts_with("# Errors\n\nProse.\n\n## Every code\n"));
        let second = between_marks(&first, "| b |\n");
        assert!(second.contains("| b |") && !second.contains("| a |"));
        assert_eq!(between_marks(&second, "| b |\n"), second);
    }
}
