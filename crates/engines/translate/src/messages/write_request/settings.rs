//! What else steers the answer: thinking, sampling, stop sequences, structured output, whom the caller acts for.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::model::Model;
use super::schema::{self, Fit};
use super::tools::is_forced;
use super::turns::is_past_thinking;
use crate::context::RequestContext;
use crate::dropped::Dropped;
use crate::json::{Object, Text};
use crate::neutral::{Conversation, Effort, Format, Request, ThinkingMode};

/// The least that thinking may be given.
const MIN_BUDGET_TOKENS: u64 = 1_024;
/// Longer ids of whom a caller acts for are not taken.
const MAX_USER_BYTES: usize = 256;

/// How much to think, and the bound on the output, which thinking is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decided {
    pub max_tokens: u64,
    thinking: Thinking,
    effort: Option<Effort>,
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

    fn thinks(&self) -> bool {
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

/// What becomes of a wish for structured output.
#[derive(Debug)]
pub(super) enum Structured<'a> {
    None,
    /// Enforced.
    Schema(Cow<'a, str>),
    /// Asked for in words.
    Words(String),
}

impl Structured<'_> {
    pub(super) fn words(&self) -> Option<&str> {
        match self {
            Self::Words(words) => Some(words),
            _ => None,
        }
    }
}

/// Decides how to ask for structured output. JSON without a schema is nothing that Claude's provider could enforce.
pub(super) fn structured<'a>(
    format: Option<&Format<'a>>,
    model: Model<'_>,
    dropped: &mut Dropped,
) -> Structured<'a> {
    let schema = match format {
        None => return Structured::None,
        Some(Format::Json) => {
            dropped.note("response_format.json_object");
            return Structured::Words("Answer with one JSON object, and nothing else.".to_owned());
        }
        Some(Format::Schema { schema, .. }) => schema.get(),
    };
    match schema::fit(schema) {
        Fit::AsIs if model.enforces_schemas() => Structured::Schema(Cow::Borrowed(schema)),
        Fit::Changed(schema) if model.enforces_schemas() => Structured::Schema(schema.into()),
        _ => {
            dropped.note("response_format.json_schema");
            Structured::Words(format!(
                "Answer with one JSON object that fits this JSON Schema, and nothing else:\n{schema}"
            ))
        }
    }
}

/// Writes the settings.
pub(super) fn write(
    object: &mut Object<'_>,
    request: &Request<'_>,
    decided: &Decided,
    format: &Structured<'_>,
    model: Model<'_>,
    dropped: &mut Dropped,
) {
    thinking(object, request, decided);
    output_config(object, decided, format);
    sampling(
        object,
        request,
        model.samples() && !decided.thinks(),
        model,
        dropped,
    );
    stops(object, request, dropped);
    let user = request.user.as_ref();
    if let Some(user) = user.filter(|user| !user.is_empty() && user.len() <= MAX_USER_BYTES) {
        object.object("metadata").text("user_id", user);
    }
    match request.service_tier.as_ref().map(Text::decoded).as_deref() {
        None => {}
        Some("auto") => object.str("service_tier", "auto"),
        Some("default") => object.str("service_tier", "standard_only"),
        Some(_) => dropped.note("service_tier"),
    }
    if request.verbosity.is_some() {
        dropped.note("verbosity");
    }
}

fn thinking(object: &mut Object<'_>, request: &Request<'_>, decided: &Decided) {
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

fn output_config(object: &mut Object<'_>, decided: &Decided, format: &Structured<'_>) {
    if decided.effort.is_none() && !matches!(format, Structured::Schema(_)) {
        return;
    }
    let mut config = object.object("output_config");
    if let Some(effort) = decided.effort {
        config.str("effort", effort.as_str());
    }
    if let Structured::Schema(schema) = format {
        let mut format = config.object("format");
        format.str("type", "json_schema");
        format.raw("schema", schema);
    }
}

fn sampling(
    object: &mut Object<'_>,
    request: &Request<'_>,
    samples: bool,
    model: Model<'_>,
    dropped: &mut Dropped,
) {
    let sampling = &request.sampling;
    let one = |raw: &str| matches!(raw, "1" | "1.0");
    // What is the default anyway need not be named as lost.
    let temperature = said(sampling.temperature).filter(|raw| samples || !one(raw));
    let top_p = said(sampling.top_p).filter(|raw| !one(raw));
    let both = temperature.is_some() && top_p.is_some();
    match temperature {
        // OpenAI's range is twice as wide.
        Some(raw) if samples && raw.parse::<f64>().is_ok_and(|value| value > 1.0) => {
            object.raw("temperature", "1");
        }
        Some(raw) if samples => object.raw("temperature", raw),
        Some(_) => dropped.note("temperature"),
        None => {}
    }
    match top_p {
        Some(raw) if samples && (!both || model.samples_twofold()) => object.raw("top_p", raw),
        Some(_) => dropped.note("top_p"),
        None => {}
    }
    match said(sampling.top_k) {
        Some(raw) if samples => object.raw("top_k", raw),
        Some(_) => dropped.note("top_k"),
        None => {}
    }
    let zero = |raw: &str| matches!(raw, "0" | "0.0" | "false" | "{}");
    for (name, value) in [
        ("frequency_penalty", sampling.frequency_penalty),
        ("presence_penalty", sampling.presence_penalty),
        ("seed", sampling.seed),
        ("logit_bias", sampling.logit_bias),
        ("logprobs", sampling.logprobs),
        ("top_logprobs", sampling.top_logprobs),
    ] {
        if said(value).is_some_and(|raw| name == "seed" || !zero(raw)) {
            dropped.note(name);
        }
    }
}

/// A number that is there.
fn said(value: Option<&RawValue>) -> Option<&str> {
    value.map(RawValue::get).filter(|raw| *raw != "null")
}

/// A sequence of nothing but white space is refused.
fn stops(object: &mut Object<'_>, request: &Request<'_>, dropped: &mut Dropped) {
    let blank = super::blocks::is_blank;
    if request.stop.iter().any(blank) {
        dropped.note("stop");
    }
    if request.stop.iter().all(blank) {
        return;
    }
    let mut list = object.array("stop_sequences");
    for stop in request.stop.iter().filter(|stop| !blank(stop)) {
        list.text(stop);
    }
}
