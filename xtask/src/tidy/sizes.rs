//! How long files are and how the code is spread over crates. Long files are reported; only very long ones are faults.

use std::collections::BTreeMap;

use super::sources::Source;

/// Nine in ten files aim to be under this.
const LONG: usize = 400;
/// Past this a file holds two things.
const TOO_LONG: usize = 800;

/// Files that nobody could finish reading.
pub fn check(sources: &[Source]) -> Vec<String> {
    sources
        .iter()
        .filter(|source| !is_test(&source.path) && lines(source) > TOO_LONG)
        .map(|source| {
            format!(
                "{}: {} lines; which two things is it?",
                source.path,
                lines(source)
            )
        })
        .collect()
}

/// A few lines for people.
pub fn report(sources: &[Source]) -> String {
    let mut sizes: Vec<(usize, &str)> = sources
        .iter()
        .filter(|source| !is_test(&source.path))
        .map(|source| (lines(source), source.path.as_str()))
        .collect();
    sizes.sort_unstable();
    let total: usize = sizes.iter().map(|(size, _)| size).sum();
    let at = |share: usize| {
        sizes
            .get(sizes.len() * share / 100)
            .map_or(0, |(size, _)| *size)
    };
    let mut crates: BTreeMap<&str, usize> = BTreeMap::new();
    for (size, path) in &sizes {
        *crates.entry(owner(path)).or_default() += size;
    }
    let biggest = crates.iter().max_by_key(|(_, size)| **size);
    let mut report = format!(
        "{} source files, {total} lines; median {}, nine in ten under {}",
        sizes.len(),
        at(50),
        at(90)
    );
    if let Some((name, size)) = biggest {
        let share = size * 100 / total.max(1);
        report.push_str(&format!("; biggest crate {name} with {share} %"));
    }
    for (size, path) in sizes.iter().rev().take_while(|(size, _)| *size > LONG) {
        report.push_str(&format!("\n  {size:>5} {path}"));
    }
    report
}

/// Lines before the tests that stand at the end of a file.
fn lines(source: &Source) -> usize {
    source
        .text
        .lines()
        .take_while(|line| !line.starts_with("#[cfg(test)]"))
        .count()
}

fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/") || path.starts_with("crates/app/e2e/")
}

fn owner(path: &str) -> &str {
    path.split("/src/").next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_do_not_count_as_code() {
        let source = |path: &str, lines: usize| Source {
            path: path.to_owned(),
            text: format!("{}#[cfg(test)]\n{}", "a\n".repeat(lines), "b\n".repeat(900)),
        };
        let sources = [
            source("crates/a/b/src/lib.rs", 10),
            source("crates/a/b/src/tests.rs", 900),
        ];
        assert!(check(&sources).is_empty());
        assert!(report(&sources).starts_with("1 source files, 10 lines"));
        assert_eq!(check(&[source("crates/a/b/src/lib.rs", 801)]).len(), 1);
    }
}
