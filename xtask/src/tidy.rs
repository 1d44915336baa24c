//! The rules of the workspace that no compiler checks. Each rule gives the places that break it; none changes a file.

mod fragments;
mod layers;
mod prose;
mod sizes;
mod sources;

use anyhow::{Result, bail};

pub use sources::{Source, read as read_sources};

/// Checks every rule, prints what breaks one, and the sizes.
pub fn run() -> Result<()> {
    let faults = faults()?;
    for fault in &faults {
        println!("{fault}");
    }
    println!("{}", sizes::report(&read_sources()?));
    if !faults.is_empty() {
        bail!("{} places break a rule of the workspace", faults.len());
    }
    Ok(())
}

/// What breaks a rule, one line each: the place, then what is wrong and what to do.
fn faults() -> Result<Vec<String>> {
    let sources = read_sources()?;
    let mut faults = layers::check()?;
    faults.extend(sources::check(&sources));
    faults.extend(sizes::check(&sources));
    faults.extend(prose::check()?);
    faults.extend(fragments::check()?);
    Ok(faults)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_workspace_keeps_its_rules() {
        let faults = super::faults().unwrap();
        assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    }
}
