//! `inferenceConfig` and what else steers the answer, as far as all makers' models take it.

use serde_json::value::RawValue;

use crate::context::RequestContext;
use crate::dropped::Dropped;
use crate::json::{Object, Text};
use crate::neutral::{Effort, Format, Request, ThinkingMode};

/// Structured output in words, which every model reads.
pub(super) fn words(request: &Request<'_>, dropped: &mut Dropped) -> Option<String> {
    match request.format.as_ref()? {
        Format::Json => {
            dropped.note("response_format.json_object");
            Some("Answer with one JSON object, and nothing else.".to_owned())
        }
        Format::Schema { schema, .. } => {
            dropped.note("response_format.json_schema");
            Some(format!(
                "Answer with one JSON object that fits this JSON Schema, and nothing else:\n{}",
                schema.get()
            ))
        }
    }
}

/// Writes the settings.
pub(super) fn write(
    object: &mut Object<'_>,
    request: &Request<'_>,
    context: &RequestContext<'_>,
    dropped: &mut Dropped,
) {
    let sampling = &request.sampling;
    let mut config = Vec::new();
    {
        let mut config = Object::new(&mut config);
        if let Some(asked) = request.max_output_tokens {
            config.number("maxTokens", context.bounded_output(asked));
        }
        for (key, value) in [
            ("temperature", sampling.temperature),
            ("topP", sampling.top_p),
        ] {
            if let Some(raw) = said(value) {
                config.raw(key, raw);
            }
        }
        let stops: Vec<&Text<'_>> = request
            .stop
            .iter()
            .filter(|stop| !stop.is_empty())
            .collect();
        if !stops.is_empty() {
            let mut list = config.array("stopSequences");
            for stop in stops {
                list.text(stop);
            }
        }
    }
    if config.len() > "{}".len() {
        object.value("inferenceConfig").extend_from_slice(&config);
    }
    let zero = |raw: &str| matches!(raw, "0" | "0.0" | "false" | "{}");
    for (name, value) in [
        ("top_k", sampling.top_k),
        ("seed", sampling.seed),
        ("frequency_penalty", sampling.frequency_penalty),
        ("presence_penalty", sampling.presence_penalty),
        ("logit_bias", sampling.logit_bias),
        ("logprobs", sampling.logprobs),
        ("top_logprobs", sampling.top_logprobs),
    ] {
        if said(value).is_some_and(|raw| name == "seed" || !zero(raw)) {
            dropped.note(name);
        }
    }
    let thinking = &request.thinking;
    let wants = matches!(thinking.mode, ThinkingMode::On | ThinkingMode::Adaptive)
        || thinking
            .effort()
            .is_some_and(|effort| effort != Effort::None);
    if wants {
        dropped.note("effort");
    }
    match request.service_tier.as_ref().map(Text::decoded).as_deref() {
        None | Some("auto" | "default") => {}
        Some(tier @ ("flex" | "priority")) => object.object("serviceTier").str("type", tier),
        Some(_) => dropped.note("service_tier"),
    }
    if request.verbosity.is_some() {
        dropped.note("verbosity");
    }
}

/// A number that is there.
fn said(value: Option<&RawValue>) -> Option<&str> {
    value.map(RawValue::get).filter(|raw| *raw != "null")
}
