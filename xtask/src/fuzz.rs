//! Coverage-guided fuzzing of the readers that meet foreign bytes first, each target for the time given.

use std::path::Path;
use std::process::{Child, Command};
use std::thread::JoinHandle;

use anyhow::{Context, Result, anyhow, bail};

use crate::{paths, program, tools};

/// What one target did.
#[derive(Debug, PartialEq, Eq)]
pub struct Fuzzed {
    /// The target.
    pub target: String,
    /// Inputs that it was given.
    pub inputs: u64,
    /// What went wrong, with the file that shows it.
    pub fault: Option<String>,
}

/// Fuzzing under way beside other work.
pub struct Fuzzing(JoinHandle<Result<Vec<Fuzzed>>>);

impl Fuzzing {
    /// Builds all targets, then runs them in the background.
    pub fn start(minutes: u32) -> Result<Self> {
        let targets = build()?;
        Ok(Self(std::thread::spawn(move || run(&targets, minutes))))
    }

    /// What was found, once every target had its time.
    pub fn join(self) -> Result<Vec<Fuzzed>> {
        let broken = |_| anyhow!("the thread that runs the fuzzers broke off");
        self.0.join().map_err(broken)?
    }
}

/// The fuzzer with these arguments, behind all other work.
fn fuzzer(arguments: &[&str]) -> Result<Command> {
    let cargo = program::cargo();
    let mut command = program::command("nice");
    for (name, value) in cargo.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
        .args(["-n", "19"])
        .arg(cargo.get_program())
        .current_dir(paths::root().join("fuzz"))
        // The sanitizer's flags are unstable; the toolchain of the house is a stable one.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", paths::target().join("fuzz"))
        .env("PATH", tools::path()?)
        .arg("fuzz")
        .args(arguments)
        .args(["--fuzz-dir", "."]);
    Ok(command)
}

/// Builds all targets and names them.
fn build() -> Result<Vec<String>> {
    tools::fuzzer()?;
    program::run(&mut fuzzer(&["build"])?)?;
    let listed = program::capture(&mut fuzzer(&["list"])?)?;
    Ok(listed.lines().map(|line| line.trim().to_owned()).collect())
}

/// Runs as many targets at once as there are cores, each for `minutes`. The corpus in the repository is where each
/// begins; what is found new stays out of it.
fn run(targets: &[String], minutes: u32) -> Result<Vec<Fuzzed>> {
    let work = paths::target().join("fuzzed");
    std::fs::create_dir_all(&work)?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut done = Vec::new();
    for some in targets.chunks(cores) {
        let mut running: Vec<(&str, Child)> = Vec::new();
        for target in some {
            running.push((
                target,
                start(fuzzer(&["run", target])?, target, &work, minutes)?,
            ));
        }
        for (target, mut child) in running {
            let status = child.wait()?;
            let log = std::fs::read_to_string(work.join(format!("{target}.log")))?;
            done.push(Fuzzed {
                target: target.to_owned(),
                inputs: inputs(&log),
                fault: (!status.success()).then(|| fault(&log)),
            });
        }
    }
    Ok(done)
}

fn start(mut command: Command, target: &str, work: &Path, minutes: u32) -> Result<Child> {
    let found = work.join(target);
    std::fs::create_dir_all(&found)?;
    let log = std::fs::File::create(work.join(format!("{target}.log")))?;
    command
        // The first folder takes what is found; the second is only read.
        .arg(&found)
        .arg(paths::root().join("fuzz/corpus").join(target))
        .arg("--")
        .arg(format!("-max_total_time={}", 60 * minutes))
        .args(["-timeout=10", "-rss_limit_mb=4096", "-print_final_stats=1"])
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .with_context(|| format!("cannot start fuzzing {target}"))
}

fn inputs(log: &str) -> u64 {
    log.lines()
        .filter_map(|line| line.strip_prefix("stat::number_of_executed_units:"))
        .find_map(|number| number.trim().parse().ok())
        .unwrap_or_default()
}

fn fault(log: &str) -> String {
    let telling = ["panicked at", "SUMMARY:", "Test unit written to"];
    let lines: Vec<&str> = log
        .lines()
        .filter(|line| telling.iter().any(|word| line.contains(word)))
        .collect();
    if lines.is_empty() {
        return log.lines().last().unwrap_or("no output").to_owned();
    }
    lines.join("; ")
}

/// Fails where a target did.
pub fn judge(fuzzed: &[Fuzzed]) -> Result<()> {
    let faults: Vec<String> = fuzzed
        .iter()
        .filter_map(|one| Some(format!("{}: {}", one.target, one.fault.as_ref()?)))
        .collect();
    if faults.is_empty() {
        return Ok(());
    }
    bail!("{}", faults.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_tells_how_much_was_tried_and_what_broke() {
        let fine = "#2 INITED\nstat::number_of_executed_units: 288374\n";
        assert_eq!(inputs(fine), 288_374);
        let bad = "thread panicked at src/lib.rs:1\nnoise\nTest unit written to artifacts/x\n";
        assert!(fault(bad).contains("src/lib.rs:1; Test unit"));
        let one = |fault: Option<&str>| Fuzzed {
            target: "sse".to_owned(),
            inputs: 1,
            fault: fault.map(str::to_owned),
        };
        assert!(judge(&[one(None)]).is_ok());
        assert!(judge(&[one(None), one(Some("broke"))]).is_err());
    }
}
