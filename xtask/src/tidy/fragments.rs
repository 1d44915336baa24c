//! Changelog fragments: `<word>.<kind>.md`, one to a handful of lines each.

use anyhow::Result;

use crate::paths;

const KINDS: &[&str] = &["added", "changed", "fixed", "removed", "security"];
const MOST_LINES: usize = 8;

/// Fragments with a wrong name or no text.
pub fn check() -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for entry in std::fs::read_dir(paths::root().join("changelog.d"))? {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name == "README.md" {
            continue;
        }
        let text = std::fs::read_to_string(&path)?;
        if let Some(why) = fault(&name, &text) {
            faults.push(format!("changelog.d/{name}: {why}"));
        }
    }
    faults.sort();
    Ok(faults)
}

fn fault(name: &str, text: &str) -> Option<String> {
    let kind = name
        .strip_suffix(".md")
        .and_then(|stem| stem.rsplit_once('.'))
        .map(|(_, kind)| kind);
    if !kind.is_some_and(|kind| KINDS.contains(&kind)) {
        return Some(format!(
            "name it <word>.<kind>.md with a kind of {}",
            KINDS.join(", ")
        ));
    }
    match text.lines().count() {
        0 => Some("it says nothing".to_owned()),
        lines if lines > MOST_LINES => Some(format!("{lines} lines; say it in {MOST_LINES}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn names_and_lengths_are_checked() {
        assert_eq!(fault("a.added.md", "One line.\n"), None);
        assert!(fault("a.md", "One line.\n").is_some());
        assert!(fault("a.news.md", "One line.\n").is_some());
        assert!(fault("a.fixed.md", "").is_some());
        assert!(fault("a.fixed.md", &"x\n".repeat(9)).is_some());
    }
}
