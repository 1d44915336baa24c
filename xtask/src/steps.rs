//! The steps of a long chore: each announced, timed and summed up at the end.

use std::time::{Duration, Instant};

use anyhow::Result;

/// How a step ended.
#[derive(Debug)]
enum Outcome {
    Passed,
    Failed(String),
    Skipped(String),
}

/// The steps so far.
#[derive(Debug, Default)]
pub struct Steps {
    done: Vec<(String, Duration, Outcome)>,
}

impl Steps {
    /// Runs one step. A failure is kept for the summary; the steps after it still run.
    pub fn step<T>(&mut self, name: &str, work: impl FnOnce() -> Result<T>) -> Option<T> {
        println!("\n==> {name}");
        let begun = Instant::now();
        let (value, outcome) = match work() {
            Ok(value) => (Some(value), Outcome::Passed),
            Err(error) => {
                eprintln!("{name} failed: {error:#}");
                (None, Outcome::Failed(format!("{error:#}")))
            }
        };
        self.done.push((name.to_owned(), begun.elapsed(), outcome));
        value
    }

    /// Notes that a step was left out and why.
    pub fn skip(&mut self, name: &str, why: &str) {
        println!("\n==> {name}: skipped, {why}");
        self.done.push((
            name.to_owned(),
            Duration::ZERO,
            Outcome::Skipped(why.to_owned()),
        ));
    }

    /// How many steps failed.
    pub fn failed(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Failed(_)))
    }

    /// How many steps passed.
    pub fn passed(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Passed))
    }

    /// How many steps were left out.
    pub fn skipped(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Skipped(_)))
    }

    fn count(&self, wanted: impl Fn(&Outcome) -> bool) -> usize {
        self.done
            .iter()
            .filter(|(_, _, outcome)| wanted(outcome))
            .count()
    }

    /// Prints a line for each step and the time of all.
    pub fn print(&self) {
        println!("\n{:<44} {:>8}  result", "step", "seconds");
        for (name, took, outcome) in &self.done {
            let result = match outcome {
                Outcome::Passed => "ok".to_owned(),
                Outcome::Failed(why) => {
                    format!("FAILED: {}", why.lines().next().unwrap_or_default())
                }
                Outcome::Skipped(why) => format!("skipped: {why}"),
            };
            println!("{name:<44} {:>8.1}  {result}", took.as_secs_f64());
        }
        let all: Duration = self.done.iter().map(|(_, took, _)| *took).sum();
        println!("{:<44} {:>8.1}", "all", all.as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_counted_and_does_not_stop_the_next_step() {
        let mut steps = Steps::default();
        assert_eq!(steps.step("one", || Ok(1)), Some(1));
        assert_eq!(steps.step::<()>("two", || anyhow::bail!("broken")), None);
        steps.skip("three", "not here");
        assert_eq!(steps.step("four", || Ok(4)), Some(4));
        assert_eq!((steps.passed(), steps.failed(), steps.skipped()), (2, 1, 1));
    }
}
