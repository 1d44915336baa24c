//! Sampling, structured output and how much to think. Numbers stay as they were written.

use serde_json::value::RawValue;

use crate::json::Text;

/// Numbers that steer sampling, as they were written.
#[derive(Debug, Default)]
pub(crate) struct Sampling<'a> {
    pub temperature: Option<&'a RawValue>,
    pub top_p: Option<&'a RawValue>,
    pub top_k: Option<&'a RawValue>,
    pub frequency_penalty: Option<&'a RawValue>,
    pub presence_penalty: Option<&'a RawValue>,
    pub seed: Option<&'a RawValue>,
    pub logit_bias: Option<&'a RawValue>,
    pub logprobs: Option<&'a RawValue>,
    pub top_logprobs: Option<&'a RawValue>,
}

/// The form that the answer shall have.
#[derive(Debug)]
pub(crate) enum Format<'a> {
    /// Some JSON object.
    Json,
    /// JSON that fits a schema.
    Schema {
        name: Option<Text<'a>>,
        description: Option<Text<'a>>,
        schema: &'a RawValue,
        strict: Option<bool>,
    },
}

/// How much to think before answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Thinking {
    pub mode: ThinkingMode,
    pub effort: Option<Effort>,
    /// Tokens that thinking may take.
    pub budget: Option<u64>,
    /// Whether a summary of it is wanted (Responses `reasoning.summary`).
    pub summary: Option<bool>,
}

/// Whether to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum ThinkingMode {
    /// Nobody said.
    #[default]
    Unsaid,
    Off,
    On,
    /// As the model sees fit.
    Adaptive,
}

/// The efforts that protocols name, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Effort {
    None,
    Minimal,
    Low,
    Medium,
    High,
    XHigh,
    Max,
}

impl Effort {
    const ALL: [Self; 7] = [
        Self::None,
        Self::Minimal,
        Self::Low,
        Self::Medium,
        Self::High,
        Self::XHigh,
        Self::Max,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::XHigh => "xhigh",
            Self::Max => "max",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|effort| effort.as_str() == name)
    }

    /// The effort that a budget stands for.
    pub(crate) const fn of_budget(tokens: u64) -> Self {
        match tokens {
            0 => Self::None,
            1..=4_096 => Self::Low,
            4_097..=16_384 => Self::Medium,
            _ => Self::High,
        }
    }

    /// The budget that an effort stands for.
    pub(crate) const fn budget(self) -> u64 {
        match self {
            Self::None => 0,
            Self::Minimal => 1_024,
            Self::Low => 4_096,
            Self::Medium => 10_240,
            Self::High => 24_576,
            Self::XHigh => 32_768,
            Self::Max => 65_536,
        }
    }
}

impl Thinking {
    /// The effort that is asked for, in whatever words.
    pub(crate) fn effort(&self) -> Option<Effort> {
        if self.mode == ThinkingMode::Off {
            return Some(Effort::None);
        }
        self.effort.or_else(|| self.budget.map(Effort::of_budget))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_made_of_an_effort_means_that_effort() {
        for effort in [Effort::None, Effort::Low, Effort::Medium, Effort::High] {
            assert_eq!(Effort::of_budget(effort.budget()), effort);
        }
    }
}
