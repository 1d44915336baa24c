//! How much to think, in the words of the model's generation: a budget of tokens, an effort, or not at all.

use super::model::Model;
use super::tools::is_forced;
use super::turns::is_past_thinking;
use crate::context::RequestContext;
use crate::dropped::Dropped;
use crate::json::Object;
use crate::neutral::{Conversation, Effort, Request, ThinkingMode};

/// The least that thinking may be given.
const MIN_BUDGET_TOKENS: u64 = 1_024;

/// How much to think, and the bound on the output, which thinking is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decided {
    pub max_tokens: u64,
    thinking: Thinking,
    pub effort: Option<Effort>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Thinking {
    Unsaid,
    Disabled,
    Adaptive,
    Budget(u64),
}

impl Decided {
    pub(super) fn of(
        request: &Request<'_>,
        conversation: &Conversation<'_>,
        model: Model<'_>,
        context: &RequestContext<'_>,
        dropped: &mut Dropped,
    ) -> Self {
        let asked = request.max_output_tokens.unwrap_or(model.default_output());
        let mut decided = Self {
            max_tokens: context.bounded_output(asked).max(1),
            thinking: Thinking::Unsaid,
            effort: None,
        };
        let wish = &request.thinking;
        let effort = wish.effort();
        let wants = effort.is_some_and(|effort| effort != Effort::None)
            || matches!(wish.mode, ThinkingMode::On | ThinkingMode::Adaptive);
        if !wants {
            if effort == Some(Effort::None) && model.thinks() {
                decided.calm(model);
            }
            return decided;
        }
        if !model.thinks() {
            dropped.note("effort");
            return decided;
        }
        if model.is_adaptive() {
            decided.effort = effort.map(|effort| known(effort, model));
        }
        // A tool that must be called leaves no room for thinking before it.
        if is_forced(request) && model.can_be_forced() {
            if !model.is_adaptive() {
                dropped.note("effort");
            }
            return decided;
        }
        decided.thinking = match (model.is_adaptive(), decided.budget(request)) {
            (true, _) => Thinking::Adaptive,
            (false, Some(budget)) if !is_past_thinking(conversation) => Thinking::Budget(budget),
            (false, _) => {
                dropped.note("effort");
                Thinking::Unsaid
            }
        };
        decided
    }

    /// No thinking, or as little as the model can.
    fn calm(&mut self, model: Model<'_>) {
        if model.always_thinks() {
            self.effort = Some(Effort::Low);
        } else {
            self.thinking = Thinking::Disabled;
        }
    }

    /// What thinking may take, with at least a quarter of the output left for the answer.
    fn budget(&self, request: &Request<'_>) -> Option<u64> {
        let wish = &request.thinking;
        let asked = wish.budget.filter(|budget| *budget > 0);
        let asked = asked.unwrap_or_else(|| wish.effort().unwrap_or(Effort::Medium).budget());
        let most = self.max_tokens - self.max_tokens.div_ceil(4);
        let budget = asked.max(MIN_BUDGET_TOKENS).min(most);
        (budget >= MIN_BUDGET_TOKENS).then_some(budget)
    }

    pub(super) fn thinks(&self) -> bool {
        matches!(self.thinking, Thinking::Adaptive | Thinking::Budget(_))
    }
}

/// The effort in words that the model knows.
fn known(effort: Effort, model: Model<'_>) -> Effort {
    match effort {
        Effort::None | Effort::Minimal => Effort::Low,
        Effort::XHigh if !model.knows_xhigh() => Effort::High,
        effort => effort,
    }
}

/// Writes `thinking`.
pub(super) fn write(object: &mut Object<'_>, request: &Request<'_>, decided: &Decided) {
    if decided.thinking == Thinking::Unsaid {
        return;
    }
    let mut out = object.object("thinking");
    match decided.thinking {
        Thinking::Unsaid => {}
        Thinking::Disabled => return out.str("type", "disabled"),
        Thinking::Adaptive => out.str("type", "adaptive"),
        Thinking::Budget(tokens) => {
            out.str("type", "enabled");
            out.number("budget_tokens", tokens);
        }
    }
    // Not said, each model does it its own way.
    match request.thinking.summary {
        Some(true) => out.str("display", "summarized"),
        Some(false) => out.str("display", "omitted"),
        None => {}
    }
}
