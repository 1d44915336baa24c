//! The documents of the repository: links between them lead somewhere.

use std::path::Path;

use anyhow::Result;

use super::sources::collect;
use crate::paths;

/// Relative links of markdown files that lead nowhere.
pub fn check() -> Result<Vec<String>> {
    let root = paths::root();
    let mut files = Vec::new();
    collect(&root.join("docs"), "md", &mut files)?;
    collect(&root.join("changelog.d"), "md", &mut files)?;
    for name in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
    ] {
        files.push(root.join(name));
    }
    let mut faults = Vec::new();
    for file in files {
        let Ok(text) = std::fs::read_to_string(&file) else {
            faults.push(format!("{}: missing", file.display()));
            continue;
        };
        let folder = file.parent().unwrap_or(&root);
        for target in links(&text) {
            if !leads_somewhere(folder, target) {
                let shown = file.strip_prefix(&root).unwrap_or(&file);
                faults.push(format!(
                    "{}: links to {target}, which is not there",
                    shown.display()
                ));
            }
        }
    }
    Ok(faults)
}

/// Targets of `[text](target)`, outside code.
fn links(text: &str) -> Vec<&str> {
    let mut fenced = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced || line.starts_with("    ") {
            continue;
        }
        for (at, _) in line.match_indices("](") {
            if let Some((target, _)) = line[at + 2..].split_once(')') {
                found.push(target);
            }
        }
    }
    found
}

fn leads_somewhere(folder: &Path, target: &str) -> bool {
    let target = target.split('#').next().unwrap_or_default();
    target.is_empty()
        || target.contains("://")
        || target.starts_with("mailto:")
        || folder.join(target).exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_outside_code_only() {
        let text = "[a](b.md) and [c](d.md#e)\n```\n[x](y)\n```\n    [i](j)\n";
        assert_eq!(links(text), ["b.md", "d.md#e"]);
        assert!(leads_somewhere(Path::new("/"), "https://example.invalid/x"));
        assert!(!leads_somewhere(Path::new("/"), "nowhere.md"));
    }
}
