//! Which counts of an answer are billed: its own or ours, and how the turns behind it relate to its top level.

use kernel::tokens::Turn;
use kernel::{Reported, Usage};
use smallvec::SmallVec;

/// One sampling turn to be billed.
pub(super) struct Part<'a> {
    pub(super) usage: Usage,
    /// What size tiers compare.
    pub(super) size: u64,
    /// Its own model; none: the answer's.
    pub(super) model: Option<&'a str>,
}

impl<'a> Part<'a> {
    fn of_turn(turn: &'a Turn) -> Self {
        Self {
            usage: turn.usage,
            size: turn.usage.total_input(),
            model: turn.model.as_deref(),
        }
    }
}

/// The turns to bill, and whether all their counts fit together.
pub(super) struct Parts<'a> {
    pub(super) parts: SmallVec<[Part<'a>; 2]>,
    pub(super) clear: bool,
}

/// The counts of the whole answer: its own; without them ours; of both where it broke off. The flag is true
/// where they are the answer's own.
pub(super) fn counts(reported: &Reported, estimate: Option<Usage>) -> (Usage, bool) {
    match (reported.usage, estimate) {
        (Some(usage), None) => (usage, true),
        (Some(usage), Some(_)) if reported.stop_reason.is_some() => (usage, true),
        (Some(usage), Some(estimate)) => {
            let mut merged = if usage.total_input() > 0 {
                usage
            } else {
                estimate
            };
            let output = if estimate.total_output() > usage.total_output() {
                estimate
            } else {
                usage
            };
            merged.output = output.output;
            merged.reasoning = output.reasoning;
            merged.audio_out = output.audio_out;
            merged.image_out = output.image_out;
            (merged, false)
        }
        (None, estimate) => (estimate.unwrap_or_default(), false),
    }
}

/// Message turns are what the top level counts; all others (compaction, advisor) come on top. After a fallback the
/// top level covers only the attempt that answered, so every turn stands for itself. `tier_of` tells which size
/// tier a turn would fall into.
pub(super) fn parts<'a>(
    top: &Usage,
    turns: &'a [Turn],
    asked_model: &'a str,
    tier_of: impl Fn(u64) -> u64,
) -> Parts<'a> {
    let whole = Part {
        usage: *top,
        size: top.total_input(),
        model: None,
    };
    let messages = || turns.iter().filter(|turn| turn.kind == "message");
    let extras = turns
        .iter()
        .filter(|turn| turn.kind != "message")
        .map(Part::of_turn);
    let own = total(messages());
    if turns.is_empty() {
        return Parts {
            parts: SmallVec::from_iter([whole]),
            clear: true,
        };
    }
    if same_counts(&own, top) {
        let size = |turn: &Turn| turn.usage.total_input();
        let largest = messages().map(size).max().unwrap_or(whole.size);
        if messages().all(|turn| tier_of(size(turn)) == tier_of(largest)) {
            // They cost alike, so the top level, which may split finer, says it all.
            let alike = Part {
                size: largest,
                ..whole
            };
            return Parts {
                parts: std::iter::once(alike).chain(extras).collect(),
                clear: true,
            };
        }
        return Parts {
            parts: turns.iter().map(Part::of_turn).collect(),
            clear: own == *top,
        };
    }
    let fallbacks = || turns.iter().filter(|turn| turn.kind == "fallback_message");
    let Some(last) = fallbacks().next_back() else {
        return Parts {
            parts: std::iter::once(whole).chain(extras).collect(),
            clear: true,
        };
    };
    let mut clear = same_counts(&last.usage, top) || same_counts(&total(fallbacks()), top);
    let parts = turns
        .iter()
        .map(|turn| {
            let mut part = Part::of_turn(turn);
            // The answer's model is that of the fallback; what came before it was asked of another.
            if part.model.is_none() && turn.kind == "message" {
                part.model = Some(asked_model);
                clear = false;
            }
            part
        })
        .collect();
    Parts { parts, clear }
}

fn total<'a>(turns: impl Iterator<Item = &'a Turn>) -> Usage {
    turns.fold(Usage::default(), |all, turn| all.plus(&turn.usage))
}

/// The same tokens by class, however finely each side splits writes and output.
fn same_counts(a: &Usage, b: &Usage) -> bool {
    a.input == b.input
        && a.cache_read == b.cache_read
        && a.total_input() == b.total_input()
        && a.total_output() == b.total_output()
}
