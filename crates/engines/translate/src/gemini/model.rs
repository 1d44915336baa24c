//! What a Gemini model takes, by its name. A name that says no version is taken for the newest.

use crate::context::{ModelFacts, RequestContext};
use crate::dialect::Dialect;
use crate::neutral::Effort;

/// How a model is told how much to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Control {
    /// It does not think.
    None,
    /// In tokens, at least and at most so many; whether it can be kept from thinking.
    Budget { least: u64, most: u64, off: bool },
    /// In a word.
    Level,
}

/// A model, as far as its name and the catalogue tell.
#[derive(Debug, Clone, Copy)]
pub(super) struct Model<'m> {
    name: &'m str,
    version: (u32, u32),
    facts: ModelFacts,
    dialect: Dialect,
}

impl<'m> Model<'m> {
    pub(super) fn of(context: &RequestContext<'m>, dialect: Dialect) -> Self {
        Self {
            dialect,
            name: context.model,
            version: version(context.model),
            facts: context.facts,
        }
    }

    /// Whether calls and their results bear ids; where they do not, their order tells which belongs to which.
    pub(super) fn has_call_ids(self) -> bool {
        self.dialect != Dialect::VertexGemini
    }

    /// Whether a body can name its tier; on Vertex a header would.
    pub(super) fn has_tiers(self) -> bool {
        self.dialect != Dialect::VertexGemini
    }

    fn is(self, word: &str) -> bool {
        self.name.contains(word)
    }

    pub(super) fn control(self) -> Control {
        if self.facts.reasons == Some(false) || self.version < (2, 5) {
            return Control::None;
        }
        if self.version >= (3, 0) {
            return Control::Level;
        }
        match (self.is("lite"), self.is("flash")) {
            (true, _) => Control::Budget {
                least: 512,
                most: 24_576,
                off: true,
            },
            (false, true) => Control::Budget {
                least: 1,
                most: 24_576,
                off: true,
            },
            (false, false) => Control::Budget {
                least: 128,
                most: 32_768,
                off: false,
            },
        }
    }

    /// The word for an effort.
    pub(super) fn level(self, effort: Effort) -> &'static str {
        // The first of its generation knows two, and the newest have given the least one up.
        let knows_minimal = self.is("flash") && self.version < (3, 7);
        match effort {
            Effort::None | Effort::Minimal if knows_minimal => "MINIMAL",
            Effort::None | Effort::Minimal | Effort::Low => "LOW",
            Effort::Medium if !self.is("gemini-3-pro") => "MEDIUM",
            _ => "HIGH",
        }
    }

    /// Whether the first call of each step must bear a signature.
    pub(super) fn wants_signatures(self) -> bool {
        self.version >= (3, 0)
    }

    /// Whether sampling may be steered; the newest take no notice, and say that they will refuse.
    pub(super) fn samples(self) -> bool {
        self.version < (3, 6) && !self.is("gemini-3.5-flash-lite")
    }

    /// Whether a schema for the answer and tools go together.
    pub(super) fn takes_schema_with_tools(self) -> bool {
        self.version >= (3, 0)
    }

    /// Whether the result of a call may hold images and documents.
    pub(super) fn takes_media_in_results(self) -> bool {
        self.version >= (3, 0)
    }

    pub(super) fn sees(self) -> bool {
        self.facts.sees.unwrap_or(true)
    }
}

/// `gemini-2.5-pro`, `gemini-3-flash-preview`, `gemini-4-argon`; Gemma's own numbers say nothing of these rules.
fn version(name: &str) -> (u32, u32) {
    if name.contains("gemma") || name.contains("learnlm") {
        return (0, 0);
    }
    let Some(begin) = name.find("gemini-") else {
        return (u32::MAX, 0);
    };
    let word = name[begin + "gemini-".len()..].split('-').next();
    let mut numbers = word.unwrap_or_default().split('.').map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor),
        (Some(Ok(major)), _) => (major, 0),
        _ => (u32::MAX, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(name: &'static str) -> Model<'static> {
        Model::of(&RequestContext::new(name, "1"), Dialect::Gemini)
    }

    #[test]
    fn each_generation_is_told_in_its_own_way() {
        assert_eq!(model("gemini-2.0-flash").control(), Control::None);
        assert_eq!(model("gemma-3-27b-it").control(), Control::None);
        assert!(matches!(
            model("gemini-2.5-pro").control(),
            Control::Budget { off: false, .. }
        ));
        for name in [
            "gemini-3-flash-preview",
            "gemini-4-argon",
            "gemini-flash-latest",
            "m",
        ] {
            assert_eq!(model(name).control(), Control::Level, "{name}");
        }
    }

    #[test]
    fn the_least_effort_has_another_word_in_some() {
        assert_eq!(model("gemini-3.6-flash").level(Effort::None), "MINIMAL");
        assert_eq!(model("gemini-3.8-flash").level(Effort::None), "LOW");
        assert_eq!(
            model("gemini-3.1-pro-preview").level(Effort::Minimal),
            "LOW"
        );
        assert_eq!(model("gemini-4-argon").level(Effort::Max), "HIGH");
    }

    #[test]
    fn the_newest_are_not_sampled() {
        assert!(model("gemini-2.5-flash").samples());
        assert!(model("gemini-3.1-pro-preview").samples());
        assert!(!model("gemini-3.5-flash-lite").samples());
        assert!(!model("gemini-3.8-flash").samples());
    }
}
