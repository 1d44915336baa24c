//! `generationConfig`: bounds, sampling, stop sequences, structured output, thinking.

use serde_json::value::RawValue;

use crate::context::RequestContext;
use crate::dropped::Dropped;
use crate::gemini::model::{Control, Model};
use crate::json::{Object, Text};
use crate::neutral::{Effort, Format, Request, ThinkingMode};

/// More are refused.
const MAX_STOPS: usize = 5;

/// What becomes of a wish for structured output.
#[derive(Debug)]
pub(super) enum Structured<'a> {
    None,
    /// Some JSON.
    Json,
    /// JSON that fits, enforced.
    Schema(&'a str),
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

/// Decides how to ask for structured output: older models refuse it beside tools.
pub(super) fn structured<'a>(
    request: &Request<'a>,
    has_tools: bool,
    model: Model<'_>,
    dropped: &mut Dropped,
) -> Structured<'a> {
    let words = has_tools && !model.takes_schema_with_tools();
    match &request.format {
        None => Structured::None,
        Some(Format::Json) if words => {
            dropped.note("response_format.json_object");
            Structured::Words("Answer with one JSON object, and nothing else.".to_owned())
        }
        Some(Format::Json) => Structured::Json,
        Some(Format::Schema { schema, .. }) if words => {
            dropped.note("response_format.json_schema");
            Structured::Words(format!(
                "Answer with one JSON object that fits this JSON Schema, and nothing else:\n{}",
                schema.get()
            ))
        }
        Some(Format::Schema { schema, .. }) => Structured::Schema(schema.get()),
    }
}

/// Writes the settings.
pub(super) fn write(
    object: &mut Object<'_>,
    request: &Request<'_>,
    format: &Structured<'_>,
    model: Model<'_>,
    context: &RequestContext<'_>,
    dropped: &mut Dropped,
) {
    let mut config = Vec::new();
    {
        let mut config = Object::new(&mut config);
        if let Some(asked) = request.max_output_tokens {
            config.number("maxOutputTokens", context.bounded_output(asked));
        }
        sampling(&mut config, request, model, dropped);
        stops(&mut config, request, dropped);
        match format {
            Structured::None | Structured::Words(_) => {}
            Structured::Json => config.str("responseMimeType", "application/json"),
            Structured::Schema(schema) => {
                config.str("responseMimeType", "application/json");
                config.raw("responseJsonSchema", schema);
            }
        }
        thinking(&mut config, request, model, dropped);
    }
    if config.len() > "{}".len() {
        object.value("generationConfig").extend_from_slice(&config);
    }
    match request.service_tier.as_ref().map(Text::decoded).as_deref() {
        None | Some("auto" | "default") => {}
        Some(tier @ ("flex" | "priority")) if model.has_tiers() => object.str("serviceTier", tier),
        Some(_) => dropped.note("service_tier"),
    }
    if request.verbosity.is_some() {
        dropped.note("verbosity");
    }
}

fn sampling(
    config: &mut Object<'_>,
    request: &Request<'_>,
    model: Model<'_>,
    dropped: &mut Dropped,
) {
    let sampling = &request.sampling;
    let one = |raw: &str| matches!(raw, "1" | "1.0");
    for (name, key, value) in [
        ("temperature", "temperature", sampling.temperature),
        ("top_p", "topP", sampling.top_p),
        ("top_k", "topK", sampling.top_k),
    ] {
        match said(value) {
            Some(raw) if model.samples() => config.raw(key, raw),
            // What is the default anyway need not be named as lost.
            Some(raw) if name == "top_k" || !one(raw) => dropped.note(name),
            _ => {}
        }
    }
    match said(sampling.seed) {
        Some(raw) if raw.parse::<i32>().is_ok() => config.raw("seed", raw),
        Some(_) => dropped.note("seed"),
        None => {}
    }
    let zero = |raw: &str| matches!(raw, "0" | "0.0" | "false" | "{}");
    for (name, value) in [
        ("frequency_penalty", sampling.frequency_penalty),
        ("presence_penalty", sampling.presence_penalty),
        ("logit_bias", sampling.logit_bias),
        ("logprobs", sampling.logprobs),
        ("top_logprobs", sampling.top_logprobs),
    ] {
        if said(value).is_some_and(|raw| !zero(raw)) {
            dropped.note(name);
        }
    }
}

/// A number that is there.
fn said(value: Option<&RawValue>) -> Option<&str> {
    value.map(RawValue::get).filter(|raw| *raw != "null")
}

fn stops(config: &mut Object<'_>, request: &Request<'_>, dropped: &mut Dropped) {
    let filled = || request.stop.iter().filter(|stop| !stop.is_empty());
    if filled().count() > MAX_STOPS {
        dropped.note("stop[5..]");
    }
    if filled().next().is_none() {
        return;
    }
    let mut list = config.array("stopSequences");
    for stop in filled().take(MAX_STOPS) {
        list.text(stop);
    }
}

fn thinking(
    config: &mut Object<'_>,
    request: &Request<'_>,
    model: Model<'_>,
    dropped: &mut Dropped,
) {
    let wish = &request.thinking;
    let effort = wish.effort();
    let wants = matches!(wish.mode, ThinkingMode::On | ThinkingMode::Adaptive)
        || effort.is_some_and(|effort| effort != Effort::None);
    if effort.is_none() && !wants && wish.summary != Some(true) {
        return;
    }
    let control = model.control();
    if control == Control::None {
        if wants {
            dropped.note("effort");
        }
        return;
    }
    let mut thinking = config.object("thinkingConfig");
    match (control, effort) {
        (Control::Level, Some(effort)) => thinking.str("thinkingLevel", model.level(effort)),
        (Control::Budget { least, most, off }, Some(effort)) => {
            let budget = wish.budget.filter(|_| effort != Effort::None);
            let budget = match budget.unwrap_or(effort.budget()) {
                0 if off => 0,
                budget => budget.clamp(least, most),
            };
            thinking.number("thinkingBudget", budget);
        }
        // As it sees fit, which each does by default.
        (_, None) | (Control::None, _) => {}
    }
    let shown = wants || wish.summary == Some(true);
    if shown && wish.summary != Some(false) && !request.hide_thinking {
        thinking.flag("includeThoughts", true);
    }
}
