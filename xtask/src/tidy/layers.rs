//! The layer rule: a crate's shelf is its layer. Earlier shelves may be used, later ones never, rooms never each other.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use cargo_metadata::{DependencyKind, MetadataCommand, Package};

use crate::paths;

/// The shelves in order, and the order of the crates on each. A crate that is not named here has not been thought about.
const SHELVES: &[(&str, &[&str])] = &[
    ("kernel", &["kernel", "facts", "wire"]),
    (
        "platform",
        &[
            "config",
            "telemetry",
            "crypto",
            "store",
            "journal",
            "cache",
            "blob",
            "queue",
            "guard",
            "web",
            "doubles",
        ],
    ),
    (
        "engines",
        &[
            "translate",
            "llm",
            "mcp",
            "policy",
            "toolbox",
            "toolbox-infra",
            "runner",
            "frames",
        ],
    ),
    (
        "domains",
        &[
            "identity",
            "gateway",
            "sessions",
            "analytics",
            "audit",
            "tools",
            "governance",
            "agents",
            "experts",
            "data",
            "deployments",
            "workflows",
            "ops",
        ],
    ),
    ("app", &["app", "testkit", "server", "e2e"]),
];

/// Shelf whose crates never use each other.
const ROOMS: &str = "domains";

/// What tests stand against: below everything but the kernel shelf, and in no build that ships.
const DOUBLES: &str = "doubles";

/// Prefixes of outside crates that only one crate may name.
const OWNED: &[(&str, &str)] = &[
    ("datafusion", "frames"),
    ("arrow", "frames"),
    ("parquet", "frames"),
    ("ballista", "frames"),
    ("bollard", "toolbox-infra"),
    ("kube", "toolbox-infra"),
    ("k8s-openapi", "toolbox-infra"),
    ("aws-sdk-", "toolbox-infra"),
];

/// One use of a crate by another.
#[derive(Debug, Clone, Copy)]
struct Use<'a> {
    of: &'a str,
    only_in_tests: bool,
}

/// Reads the workspace and gives the uses that break the rule.
pub fn check() -> Result<Vec<String>> {
    let metadata = MetadataCommand::new()
        .manifest_path(paths::root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .context("cargo metadata failed")?;
    let mut faults = Vec::new();
    for package in &metadata.packages {
        let name = package.name.as_str();
        let uses: Vec<Use<'_>> = package
            .dependencies
            .iter()
            .map(|dependency| Use {
                of: &dependency.name,
                only_in_tests: dependency.kind == DependencyKind::Development
                    || dependency.optional,
            })
            .collect();
        faults.extend(misplaced(package));
        faults.extend(broken(name, &uses));
        if name != "workspace-hack" && !uses.iter().any(|used| used.of == "workspace-hack") {
            faults.push(format!(
                "{name}: does not depend on workspace-hack, so dependencies are built twice"
            ));
        }
    }
    Ok(faults)
}

/// A crate must stand on the shelf that the table above gives it.
fn misplaced(package: &Package) -> Option<String> {
    let name = package.name.as_str();
    let folder = package.manifest_path.parent()?;
    let shelf = folder.parent()?.file_name()?;
    if folder.parent()?.parent()?.file_name()? != "crates" {
        return None;
    }
    if folder.file_name()? != name {
        return Some(format!(
            "{name}: its folder is called {}",
            folder.file_name()?
        ));
    }
    match place(name) {
        Some((index, _)) if SHELVES[index].0 == shelf => None,
        Some((index, _)) => Some(format!(
            "{name}: stands on {shelf}, belongs on {}",
            SHELVES[index].0
        )),
        None => Some(format!(
            "{name}: not in the table of xtask/src/tidy/layers.rs; decide what it may use"
        )),
    }
}

/// The uses by one crate that break the rule.
fn broken(name: &str, uses: &[Use<'_>]) -> Vec<String> {
    let mut faults = Vec::new();
    for used in uses {
        if let Some((_, owner)) = OWNED.iter().find(|(prefix, _)| used.of.starts_with(prefix))
            && name != *owner
        {
            faults.push(format!("{name}: names {}, which only {owner} may", used.of));
        }
        let (Some(mine), Some(theirs)) = (place(name), place(used.of)) else {
            if place(used.of).is_some() && !["bench", "xtask"].contains(&name) {
                faults.push(format!("{name}: stands on no shelf and uses {}", used.of));
            }
            continue;
        };
        if let Some(why) = refused(name, mine, *used, theirs) {
            faults.push(format!("{name}: uses {}: {why}", used.of));
        }
    }
    faults
}

fn refused(
    name: &str,
    mine: (usize, usize),
    used: Use<'_>,
    theirs: (usize, usize),
) -> Option<&'static str> {
    let kernel = 0;
    // A crate names itself to switch on a feature for its own tests.
    if used.of == name {
        return None;
    }
    if used.of == DOUBLES && mine.0 > kernel {
        let ships = !used.only_in_tests && !["testkit", "e2e"].contains(&name);
        return ships.then_some(
            "doubles are for tests: a dev-dependency, or optional behind a `testing` feature",
        );
    }
    if name == DOUBLES && theirs.0 > kernel {
        return Some("doubles know only the kernel shelf, so that everything can use them");
    }
    if theirs.0 > mine.0 {
        return Some("that shelf comes later");
    }
    if theirs.0 == mine.0 && SHELVES[mine.0].0 == ROOMS {
        return Some("rooms never depend on each other: own a port, adapt it in app");
    }
    if theirs.0 == mine.0 && theirs.1 >= mine.1 {
        return Some("it is named later on the same shelf");
    }
    None
}

fn place(name: &str) -> Option<(usize, usize)> {
    let places: BTreeMap<&str, (usize, usize)> = SHELVES
        .iter()
        .enumerate()
        .flat_map(|(shelf, (_, names))| {
            names
                .iter()
                .enumerate()
                .map(move |(index, name)| (*name, (shelf, index)))
        })
        .collect();
    places.get(name).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(name: &str, of: &str, only_in_tests: bool) -> usize {
        broken(name, &[Use { of, only_in_tests }]).len()
    }

    #[test]
    fn earlier_shelves_and_earlier_neighbours_may_be_used() {
        assert_eq!(faults("gateway", "llm", false), 0);
        assert_eq!(faults("web", "guard", false), 0);
        assert_eq!(faults("app", "gateway", false), 0);
        assert_eq!(faults("llm", "tokio", false), 0);
    }

    #[test]
    fn later_shelves_later_neighbours_and_other_rooms_may_not() {
        assert_eq!(faults("kernel", "store", false), 1);
        assert_eq!(faults("guard", "web", false), 1);
        assert_eq!(faults("gateway", "identity", false), 1);
        assert_eq!(faults("gateway", "identity", true), 1);
    }

    #[test]
    fn doubles_serve_tests_and_heavy_crates_have_one_owner() {
        assert_eq!(faults("store", DOUBLES, true), 0);
        assert_eq!(faults("store", DOUBLES, false), 1);
        assert_eq!(faults(DOUBLES, "store", false), 1);
        assert_eq!(faults("data", "datafusion", false), 1);
        assert_eq!(faults("frames", "datafusion", false), 0);
    }
}
