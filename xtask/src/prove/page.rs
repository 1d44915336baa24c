//! docs/proofs.md: a section for each part, with the date and the commit of its run. Parts that did not run stay.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::Result;

use super::{commit, machine};
use crate::fuzz::Fuzzed;
use crate::junit::Case;
use crate::{paths, program};

const HEAD: &str = "# Proofs\n\nWritten by `cargo xtask prove`; do not edit. Each line is what a test reported at its full count, against a \
                    release build of the product.\n";
const TESTS: &str = "Tests at full count";
const REQUESTS: &str = "Generated requests";
const FUZZING: &str = "Fuzzing";
/// In the order of the page.
const TITLES: [&str; 3] = [TESTS, REQUESTS, FUZZING];

/// What a part reports, under its title.
pub(super) struct Section {
    title: &'static str,
    text: String,
}

/// Puts sections in the place of those with their titles.
pub(super) fn renew(sections: &[Section]) -> Result<()> {
    let page = std::fs::read_to_string(file())?;
    std::fs::write(file(), renewed(&page, sections))?;
    println!("wrote docs/proofs.md");
    Ok(())
}

fn renewed(page: &str, sections: &[Section]) -> String {
    let old = |title: &str| {
        let mut old = page.split("\n## ").skip(1);
        old.find_map(|section| section.strip_prefix(title)?.strip_prefix('\n'))
    };
    let mut renewed = HEAD.to_owned();
    for title in TITLES {
        let new = sections.iter().find(|section| section.title == title);
        let text = new.map(|section| section.text.as_str()).or(old(title));
        let text = text.unwrap_or("No run is recorded yet.").trim();
        renewed.push_str(&format!("\n## {title}\n\n{text}\n"));
    }
    renewed
}

/// What the tests reported.
pub(super) fn tests(cases: &[Case], summary: Option<&str>) -> Result<Section> {
    let mut text = run()?;
    writeln!(
        text,
        "- Tests: {}\n",
        summary.unwrap_or("FAILED; see below")
    )?;
    text.push_str(&proofs(cases)?);
    Ok(Section { title: TESTS, text })
}

/// Whether requests over the whole interface met a server error.
pub(super) fn requests(passed: bool) -> Result<Section> {
    let mut text = run()?;
    let result = if passed { "no server error" } else { "FAILED" };
    writeln!(text, "- Generated requests over /openapi.json: {result}")?;
    Ok(Section {
        title: REQUESTS,
        text,
    })
}

/// What the fuzzers found.
pub(super) fn fuzzing(fuzzed: &[Fuzzed], minutes: u32) -> Result<Section> {
    let mut text = run()?;
    writeln!(
        text,
        "- Minutes for each target: {minutes}\n\n| target | inputs | result |\n|---|---|---|"
    )?;
    for one in fuzzed {
        let result = if one.fault.is_none() {
            "nothing found"
        } else {
            "FAILED"
        };
        writeln!(text, "| `{}` | {} | {result} |", one.target, one.inputs)?;
    }
    Ok(Section {
        title: FUZZING,
        text,
    })
}

fn file() -> PathBuf {
    paths::root().join("docs/proofs.md")
}

/// When, of what and where.
fn run() -> Result<String> {
    let date = program::capture(program::command("date").args(["-u", "+%Y-%m-%d %H:%M UTC"]))?;
    Ok(format!(
        "- Date: {}\n- Commit: {}\n- Machine: {}\n",
        date.trim(),
        commit()?,
        machine()
    ))
}

fn proofs(cases: &[Case]) -> Result<String> {
    let mut text = String::from("| proof | result | test | seconds |\n|---|---|---|---|\n");
    for case in cases {
        for line in case.output.lines() {
            if let Some(proof) = line.trim().strip_prefix("proof:") {
                let (what, result) = proof.split_once(" => ").unwrap_or((proof, ""));
                writeln!(
                    text,
                    "| {} | {} | `{}` | {:.0} |",
                    what.trim(),
                    if case.passed { result.trim() } else { "FAILED" },
                    case.name,
                    case.seconds
                )?;
            }
        }
    }
    let failed: Vec<&Case> = cases.iter().filter(|case| !case.passed).collect();
    if !failed.is_empty() {
        text.push_str("\nFailed:\n\n");
        for case in failed {
            writeln!(text, "- `{}` in {}", case.name, case.suite)?;
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proofs_are_taken_from_what_tests_print() {
        let case = |name: &str, passed, output: &str| Case {
            suite: "e2e".to_owned(),
            name: name.to_owned(),
            seconds: 12.4,
            passed,
            output: output.to_owned(),
        };
        let cases = [
            case(
                "kill",
                true,
                "noise\nproof: kill -9 at 100 points => every call once\n",
            ),
            case("cut", false, "proof: 200 clients cut => all priced\n"),
        ];
        let text = proofs(&cases).unwrap();
        assert!(text.contains("| kill -9 at 100 points | every call once | `kill` | 12 |"));
        assert!(text.contains("| 200 clients cut | FAILED | `cut` | 12 |"));
        assert!(text.contains("- `cut` in e2e"));
    }

    #[test]
    fn parts_that_did_not_run_stay() {
        let section = |title, text: &str| Section {
            title,
            text: text.to_owned(),
        };
        let page = "# Proofs\n\nOld words.\n";
        assert_eq!(
            renewed(page, &[])
                .matches("No run is recorded yet.")
                .count(),
            3
        );
        let page = renewed(page, &[section(FUZZING, "- one\n\n| a |\n")]);
        let page = renewed(&page, &[section(TESTS, "- two\n")]);
        assert!(page.contains("## Fuzzing\n\n- one\n\n| a |\n"), "{page}");
        assert!(page.find("- two") < page.find("- one"), "{page}");
        assert_eq!(page.matches("No run is recorded yet.").count(), 1);
        assert_eq!(renewed(&page, &[]), page);
    }
}
