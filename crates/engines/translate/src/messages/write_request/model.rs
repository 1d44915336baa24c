//! What a Claude model takes, by its name: each generation refuses something that the one before it took, and a
//! refused field costs the whole call. A name that says no version is taken for the newest.

use crate::context::{ModelFacts, RequestContext};

/// Models that answer a forced tool choice with an error.
const NO_FORCED_TOOLS: [&str; 4] = ["fable-5-1", "mythos-5-1", "opus-5-5", "sonnet-5-5"];
/// Models that cannot be kept from thinking.
const ALWAYS_THINK: [&str; 2] = ["fable", "mythos"];

/// A model, as far as its name and the catalogue tell.
#[derive(Debug, Clone, Copy)]
pub(super) struct Model<'m> {
    name: &'m str,
    version: (u32, u32),
    facts: ModelFacts,
}

impl<'m> Model<'m> {
    pub(super) fn of(context: &RequestContext<'m>) -> Self {
        Self {
            name: context.model,
            version: version(context.model).unwrap_or((u32::MAX, 0)),
            facts: context.facts,
        }
    }

    /// Whether it thinks at all.
    pub(super) fn thinks(self) -> bool {
        self.facts.reasons.unwrap_or(self.version >= (3, 7))
    }

    /// Whether it decides itself how much to think, and takes an effort; those before it take a budget.
    pub(super) fn is_adaptive(self) -> bool {
        self.version >= (4, 6)
    }

    pub(super) fn always_thinks(self) -> bool {
        ALWAYS_THINK.iter().any(|name| self.name.contains(name))
    }

    /// Whether it knows an effort above `high` and below `max`.
    pub(super) fn knows_xhigh(self) -> bool {
        self.version >= (4, 7)
    }

    /// Whether sampling may be steered.
    pub(super) fn samples(self) -> bool {
        self.version < (4, 7)
    }

    /// Whether temperature and `top_p` may be set together.
    pub(super) fn samples_twofold(self) -> bool {
        self.version < (4, 1)
    }

    /// Whether a schema can be enforced on its output and on the input of tools.
    pub(super) fn enforces_schemas(self) -> bool {
        self.version >= (4, 5)
    }

    pub(super) fn can_be_forced(self) -> bool {
        !NO_FORCED_TOOLS.iter().any(|name| self.name.contains(name))
    }

    pub(super) fn sees(self) -> bool {
        self.facts.sees.unwrap_or(true)
    }

    /// The bound on the output where the caller sets none; the protocol wants one.
    pub(super) fn default_output(self) -> u64 {
        let known = self.facts.max_output_tokens;
        known.unwrap_or(match self.version {
            (0..=2, _) | (3, 0..=4) => 4_096,
            (3, 5..=6) => 8_192,
            _ => 32_000,
        })
    }
}

/// `claude-opus-4-8`, `claude-3-5-sonnet-20241022`, `anthropic.claude-sonnet-4-5-20250929-v1:0`, `claude-opus-4@20250514`.
fn version(name: &str) -> Option<(u32, u32)> {
    let begin = name.find("claude")? + "claude".len();
    let mut words = name[begin..]
        .split(['-', '.', '@', ':'])
        .map(|word| word.parse::<u32>().ok().filter(|number| *number < 100));
    let major = words.find_map(|word| word)?;
    let minor = words.next().flatten().unwrap_or(0);
    Some((major, minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_stand_anywhere_in_a_name() {
        let cases = [
            ("claude-opus-4-8", (4, 8)),
            ("claude-opus-5", (5, 0)),
            ("claude-3-5-sonnet-20241022", (3, 5)),
            ("claude-3-haiku-20240307", (3, 0)),
            ("claude-sonnet-4-20250514", (4, 0)),
            ("claude-opus-4@20250514", (4, 0)),
            ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", (4, 5)),
            ("anthropic/claude-opus-4.6", (4, 6)),
        ];
        for (name, expected) in cases {
            assert_eq!(version(name), Some(expected), "{name}");
        }
        assert_eq!(version("claude-mythos-preview"), None);
        assert_eq!(version("our-best"), None);
    }

    #[test]
    fn a_name_without_a_version_is_the_newest() {
        let model = Model::of(&RequestContext::new("our-best", "1"));
        assert!(model.thinks() && model.is_adaptive() && !model.samples());
        assert_eq!(model.default_output(), 32_000);
        let old = Model::of(&RequestContext::new("claude-3-haiku-20240307", "1"));
        assert!(!old.thinks() && old.samples() && old.samples_twofold());
        assert_eq!(old.default_output(), 4_096);
    }
}
