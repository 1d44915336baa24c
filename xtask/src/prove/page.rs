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

/// The page: what stands under each title.
#[derive(Debug, Default)]
pub(super) struct Page {
    sections: [Option<String>; 3],
}

impl Page {
    /// The page as it stands.
    pub(super) fn read() -> Result<Self> {
        Ok(Self::parse(&std::fs::read_to_string(file())?))
    }

    fn parse(page: &str) -> Self {
        let mut known = Self::default();
        for section in page.split("\n## ").skip(1) {
            let (title, text) = section.split_once('\n').unwrap_or((section, ""));
            known.put(title, text.trim());
        }
        known
    }

    fn put(&mut self, title: &str, text: &str) {
        let places = TITLES.iter().zip(&mut self.sections);
        for (_, section) in places.filter(|(known, _)| **known == title) {
            *section = Some(text.to_owned());
        }
    }

    /// Writes what it has become.
    pub(super) fn write(&self) -> Result<()> {
        std::fs::write(file(), self.text())?;
        println!("wrote docs/proofs.md");
        Ok(())
    }

    fn text(&self) -> String {
        let mut page = HEAD.to_owned();
        for (title, section) in TITLES.iter().zip(&self.sections) {
            let text = section.as_deref().unwrap_or("No run is recorded yet.");
            page.push_str(&format!("\n## {title}\n\n{}\n", text.trim()));
        }
        page
    }

    /// What the tests reported.
    pub(super) fn tests(&mut self, cases: &[Case], summary: Option<&str>) -> Result<()> {
        let mut text = run()?;
        writeln!(
            text,
            "- Tests: {}\n",
            summary.unwrap_or("FAILED; see below")
        )?;
        text.push_str(&proofs(cases)?);
        self.put(TESTS, &text);
        Ok(())
    }

    /// Whether requests over the whole interface met a server error.
    pub(super) fn requests(&mut self, passed: bool) -> Result<()> {
        let mut text = run()?;
        let result = if passed { "no server error" } else { "FAILED" };
        writeln!(text, "- Generated requests over /openapi.json: {result}")?;
        self.put(REQUESTS, &text);
        Ok(())
    }

    /// What the fuzzers found.
    pub(super) fn fuzzing(&mut self, fuzzed: &[Fuzzed], minutes: u32) -> Result<()> {
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
        self.put(FUZZING, &text);
        Ok(())
    }
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
        let mut page = Page::parse("# Proofs\n\nOld words.\n");
        assert_eq!(page.text().matches("No run is recorded yet.").count(), 3);
        page.put(FUZZING, "- one\n\n| a |\n");
        let mut page = Page::parse(&page.text());
        page.put(TESTS, "- two\n");
        let text = page.text();
        assert!(text.contains("## Fuzzing\n\n- one\n\n| a |\n"), "{text}");
        assert!(text.find("- two") < text.find("- one"), "{text}");
        assert_eq!(text.matches("No run is recorded yet.").count(), 1);
    }
}
