//! docs/proofs.md: a section for each part, with the date and the commit of its run. Parts that did not run stay.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::Result;

use crate::fuzz::Fuzzed;
use crate::junit::Case;
use crate::paths;
use crate::record::{self, Section};

const HEAD: &str = "# Proofs\n\nWritten by `cargo xtask prove`; do not edit. Each line is what a test reported at its full count, against a \
                    release build of the product.\n";
const TESTS: &str = "Tests at full count";
const REQUESTS: &str = "Generated requests";
const FUZZING: &str = "Fuzzing";
/// In the order of the page.
const TITLES: [&str; 3] = [TESTS, REQUESTS, FUZZING];

/// Puts sections in the place of those with their titles.
pub(super) fn renew(sections: &[Section]) -> Result<()> {
    let page = std::fs::read_to_string(file())?;
    let renewed = record::renewed(&page, "## ", TITLES, sections);
    std::fs::write(file(), format!("{HEAD}{renewed}"))?;
    println!("wrote docs/proofs.md");
    Ok(())
}

/// What the tests reported.
pub(super) fn tests(cases: &[Case], summary: Option<&str>) -> Result<Section> {
    let mut text = record::head()?;
    writeln!(
        text,
        "- Tests: {}\n",
        summary.unwrap_or("FAILED; see below")
    )?;
    text.push_str(&proofs(cases)?);
    Ok(section(TESTS, text))
}

/// Whether requests over the whole interface met a server error.
pub(super) fn requests(passed: bool) -> Result<Section> {
    let mut text = record::head()?;
    let result = if passed { "no server error" } else { "FAILED" };
    writeln!(text, "- Generated requests over /openapi.json: {result}")?;
    Ok(section(REQUESTS, text))
}

/// What the fuzzers found.
pub(super) fn fuzzing(fuzzed: &[Fuzzed], minutes: u32) -> Result<Section> {
    let mut text = record::head()?;
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
    Ok(section(FUZZING, text))
}

fn file() -> PathBuf {
    paths::root().join("docs/proofs.md")
}

fn section(title: &str, text: String) -> Section {
    Section {
        title: title.to_owned(),
        text,
    }
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
}
