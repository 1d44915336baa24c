//! Health as a value: findings of parts, the phase of the process, and what both mean together. Nothing here looks at anything.

use serde::Serialize;
use utoipa::ToSchema;

use crate::ports::Gravity;

/// What a look at a part found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Fine.
    Up,
    /// It works with less, and why.
    Degraded(String),
    /// It does not work, and why.
    Down(String),
}

/// Where the process stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Not serving yet.
    Starting,
    /// Serving.
    Serving,
    /// Finishing what is under way; nothing new is taken.
    Draining,
}

/// The verdict in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Readiness {
    /// Everything works.
    Ok,
    /// Requests are served, but a part is missing.
    Degraded,
    /// Send requests elsewhere.
    Unavailable,
}

/// One part as a check has it.
#[derive(Debug, Clone)]
pub struct Part {
    /// Its name.
    pub name: &'static str,
    /// What it means when it is down.
    pub gravity: Gravity,
    /// What was found; `None` before the first look.
    pub finding: Option<Finding>,
}

/// The verdict over phase and parts, with the reasons for anything but `Ok`.
#[must_use]
pub fn judge(phase: Phase, parts: &[Part]) -> (Readiness, Vec<String>) {
    let mut verdict = Readiness::Ok;
    let mut reasons = Vec::new();
    match phase {
        Phase::Serving => {}
        Phase::Starting => {
            verdict = Readiness::Unavailable;
            reasons.push("starting".to_owned());
        }
        Phase::Draining => {
            verdict = Readiness::Unavailable;
            reasons.push("draining".to_owned());
        }
    }
    for part in parts {
        let (weight, why) = match (&part.finding, part.gravity) {
            (None | Some(Finding::Up), _) => continue,
            (Some(Finding::Down(why)), Gravity::Blocks) => (Readiness::Unavailable, why),
            (Some(Finding::Down(why) | Finding::Degraded(why)), _) => (Readiness::Degraded, why),
        };
        reasons.push(format!("{}: {why}", part.name));
        if verdict == Readiness::Ok || weight == Readiness::Unavailable {
            verdict = weight;
        }
    }
    (verdict, reasons)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(gravity: Gravity, finding: Option<Finding>) -> Part {
        Part {
            name: "part",
            gravity,
            finding,
        }
    }

    #[test]
    fn gravity_decides_what_a_missing_part_means() {
        let down = || Some(Finding::Down("gone".into()));
        let of = |phase, parts: &[Part]| judge(phase, parts).0;
        let lost = part(Gravity::Degrades, down());
        let fatal = part(Gravity::Blocks, down());
        let slow = part(Gravity::Blocks, Some(Finding::Degraded("slow".into())));
        let unseen = part(Gravity::Blocks, None);
        assert_eq!(of(Phase::Serving, &[unseen]), Readiness::Ok);
        assert_eq!(
            of(Phase::Serving, std::slice::from_ref(&lost)),
            Readiness::Degraded
        );
        assert_eq!(of(Phase::Serving, &[slow]), Readiness::Degraded);
        assert_eq!(
            of(Phase::Serving, &[fatal.clone(), lost.clone()]),
            Readiness::Unavailable
        );
        assert_eq!(of(Phase::Draining, &[lost]), Readiness::Unavailable);
        let (_, reasons) = judge(Phase::Starting, &[fatal]);
        assert_eq!(reasons, ["starting", "part: gone"]);
    }
}
