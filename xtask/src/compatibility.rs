//! Drives every real client over every kind of provider and writes docs/compatibility.md from what the tests report: a cell
//! for each line `cell: client | provider | feature => result`. No cell is written by hand.

use std::fmt::Write as _;

use anyhow::{Context, Result, bail};

use crate::junit::{self, Case};
use crate::{clients, nextest, paths, program, record, tools};

/// What each feature means, in the order of the columns.
const FEATURES: [(&str, &str); 7] = [
    (
        "streamed text",
        "what the model says arrives whole over a stream, before the calls and after",
    ),
    (
        "parallel tool calls",
        "two calls in one turn reach the client with the arguments that the model wrote",
    ),
    (
        "calls and results",
        "both calls and both results come back to the provider in its own protocol under the ids that it gave, arguments byte for byte as the client wrote them",
    ),
    ("usage", "the client counts what the provider counted"),
    (
        "cost",
        "the gateway's record holds the exact price of both requests",
    ),
    ("reasoning shown", "the client shows what the model thought"),
    (
        "reasoning returned",
        "what the model thought, or its signature, comes back to it with the next request",
    ),
];

/// One thing that a test saw, or missed.
#[derive(Debug, PartialEq, Eq)]
struct Cell {
    client: String,
    provider: String,
    feature: String,
    result: String,
}

/// Runs the clients and writes the page.
pub fn run() -> Result<()> {
    tools::rust()?;
    let clients = clients::install()?;
    let mut command = program::cargo();
    command
        .args(["nextest", "run", "--package", "e2e"])
        .args(["--profile", "compatibility"])
        .args(["--filterset", "test(/^clients::matrix::/)"])
        .env("SWITCHYARD_TEST_CLIENTS", clients)
        .env("PATH", tools::path()?);
    let run = nextest::run(&mut command)?;
    let report = nextest::report("compatibility");
    let report = std::fs::read_to_string(&report)
        .with_context(|| format!("cannot read {}", report.display()))?;
    if !run.success {
        bail!("{}; docs/compatibility.md stays as it is", run.summary);
    }
    let date = program::capture(program::command("date").args(["-u", "+%Y-%m-%d"]))?;
    let page = page(
        &cells(&junit::cases(&report)),
        date.trim(),
        &record::commit()?,
    )?;
    std::fs::write(paths::root().join("docs/compatibility.md"), page)?;
    println!("wrote docs/compatibility.md");
    Ok(())
}

/// What the tests printed, in the order of their report.
fn cells(cases: &[Case]) -> Vec<Cell> {
    let lines = cases.iter().flat_map(|case| case.output.lines());
    lines
        .filter_map(|line| {
            let (what, result) = line.trim().strip_prefix("cell:")?.split_once("=>")?;
            let mut parts = what.split('|').map(|part| part.trim().to_owned());
            Some(Cell {
                client: parts.next()?,
                provider: parts.next()?,
                feature: parts.next()?,
                result: result.trim().to_owned(),
            })
        })
        .collect()
}

fn page(cells: &[Cell], date: &str, commit: &str) -> Result<String> {
    if cells.is_empty() {
        bail!("no test reported a cell");
    }
    let mut page = format!(
        "# Compatibility\n\nWritten by `cargo xtask compatibility` on {date} at commit {commit}; do not edit. Each cell is what a test\n\
         saw a real client do, at the version named, through the gateway, over a double of the provider that speaks the protocol\n\
         in brackets. Where that is not the client's own, the gateway translates. An empty cell was not seen: OpenAI's\n\
         chat has no place of its own for reasoning, and clients of it leave aside what others put there.\n\n\
         | client | provider |"
    );
    for (feature, _) in FEATURES {
        write!(page, " {feature} |")?;
    }
    writeln!(page, "\n|{}", "---|".repeat(FEATURES.len() + 2))?;
    let mut rows: Vec<(&str, &str)> = Vec::new();
    for cell in cells {
        if !FEATURES.iter().any(|(name, _)| *name == cell.feature) {
            bail!("the page has no column for {:?}", cell.feature);
        }
        let row = (cell.client.as_str(), cell.provider.as_str());
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    for (client, provider) in rows {
        write!(page, "| {client} | {provider} |")?;
        for (feature, _) in FEATURES {
            let cell = cells.iter().find(|cell| {
                cell.client == client && cell.provider == provider && cell.feature == feature
            });
            write!(page, " {} |", cell.map_or("", |cell| cell.result.as_str()))?;
        }
        page.push('\n');
    }
    page.push('\n');
    for (feature, meaning) in FEATURES {
        writeln!(page, "- **{feature}**: {meaning}.")?;
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_become_a_table() {
        let case = Case {
            suite: "e2e".to_owned(),
            name: "clients::matrix::a".to_owned(),
            seconds: 1.0,
            passed: true,
            output: "noise\ncell: Codex 1.2 | gemini | cost => ok\ncell: Codex 1.2 | openai (chat) | usage => ok\n"
                .to_owned(),
        };
        let cells = cells(&[case]);
        assert_eq!(cells.len(), 2);
        let page = page(&cells, "2026-11-21", "abc").unwrap();
        assert!(page.contains("| Codex 1.2 | gemini |  |  |  |  | ok |  |  |\n"));
        assert!(page.contains("| Codex 1.2 | openai (chat) |  |  |  | ok |  |  |  |\n"));
    }

    #[test]
    fn no_page_is_made_of_nothing_or_of_what_has_no_column() {
        assert!(page(&[], "", "").is_err());
        let unknown = Cell {
            client: "a".to_owned(),
            provider: "b".to_owned(),
            feature: "song".to_owned(),
            result: "ok".to_owned(),
        };
        assert!(page(&[unknown], "", "").is_err());
    }
}
