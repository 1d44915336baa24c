//! Pages that runs write: of what and where a run was, and sections of which each is renewed for itself.

use std::fmt::Write as _;

use anyhow::Result;

use crate::program;

/// What a page says of a part that has never run.
const NEVER: &str = "No run is recorded yet.";

/// What a part of a run reports, under its title.
pub struct Section {
    /// Without marks.
    pub title: String,
    /// All below it.
    pub text: String,
}

/// The sections of a page whose titles stand behind a mark such as `## `.
pub fn sections(page: &str, mark: &str) -> Vec<Section> {
    let mut sections = Vec::new();
    for line in page.lines() {
        if let Some(title) = line.strip_prefix(mark) {
            sections.push(Section {
                title: title.to_owned(),
                text: String::new(),
            });
        } else if let Some(section) = sections.last_mut() {
            section.text.push_str(line);
            section.text.push('\n');
        }
    }
    sections
}

/// Sections in the order of the titles: the new one, else the one that the page has.
pub fn renewed<'a>(
    page: &str,
    mark: &str,
    titles: impl IntoIterator<Item = &'a str>,
    new: &[Section],
) -> String {
    let old = sections(page, mark);
    let mut renewed = String::new();
    for title in titles {
        let section = new.iter().chain(&old).find(|one| one.title == title);
        let text = section.map_or(NEVER, |section| section.text.trim());
        renewed.push_str(&format!("\n{mark}{title}\n\n{text}\n"));
    }
    renewed
}

/// When, of which commit, on which machine: the first lines of a section.
pub fn head() -> Result<String> {
    let mut head = String::new();
    let date = program::capture(program::command("date").args(["-u", "+%Y-%m-%d %H:%M UTC"]))?;
    writeln!(head, "- Date: {}", date.trim())?;
    writeln!(head, "- Commit: {}", commit()?)?;
    writeln!(head, "- Machine: {}", machine())?;
    Ok(head)
}

/// The commit, marked where the work tree differs from it in anything but generated reports.
pub fn commit() -> Result<String> {
    let commit =
        program::capture(program::command("git").args(["rev-parse", "--short=12", "HEAD"]))?;
    let changed = program::capture(program::command("git").args([
        "status",
        "--porcelain",
        "--untracked-files=normal",
    ]))?;
    let reports = [
        "docs/proofs.md",
        "docs/performance.md",
        "docs/compatibility.md",
    ];
    let dirty = changed
        .lines()
        .any(|line| !reports.iter().any(|report| line.ends_with(report)));
    Ok(format!(
        "{}{}",
        commit.trim(),
        if dirty { " with local changes" } else { "" }
    ))
}

/// Processor, cores, memory and kernel in one line.
fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let value = |text: &str, key: &str| {
        text.lines()
            .find(|line| line.starts_with(key))
            .and_then(|line| line.split_once(':'))
            .map_or_else(
                || "unknown".to_owned(),
                |(_, value)| value.trim().to_owned(),
            )
    };
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let kibibytes: u64 = value(&read("/proc/meminfo"), "MemTotal")
        .split_whitespace()
        .next()
        .and_then(|number| number.parse().ok())
        .unwrap_or_default();
    format!(
        "{}, {cores} cores, {} GiB, Linux {}",
        value(&read("/proc/cpuinfo"), "model name"),
        kibibytes.div_ceil(1024 * 1024),
        read("/proc/sys/kernel/osrelease").trim()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(title: &str, text: &str) -> Section {
        Section {
            title: title.to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn sections_that_were_not_made_anew_stay() {
        let renewed = |page: &str, new: &[Section]| renewed(page, "## ", ["A", "B", "C"], new);
        let none = renewed("# Page\n\nWords.\n", &[]);
        assert_eq!(none.matches(NEVER).count(), 3);
        let page = renewed(
            &none,
            &[section("C", "- one\n\n| a |\n\n### Below\n\n- more\n")],
        );
        let page = renewed(&page, &[section("A", "- two\n")]);
        assert!(
            page.contains("## C\n\n- one\n\n| a |\n\n### Below\n\n- more\n"),
            "{page}"
        );
        assert!(page.find("- two") < page.find("- one"), "{page}");
        assert_eq!(page.matches(NEVER).count(), 1);
        assert_eq!(renewed(&page, &[]), page);
    }
}
