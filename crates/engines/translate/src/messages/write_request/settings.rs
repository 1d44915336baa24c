//! What else steers the answer: effort, sampling, stop sequences, whom the caller acts for.

use serde_json::value::RawValue;

use super::format::Structured;
use super::model::Model;
use super::thinking::{self, Decided};
use crate::dropped::Dropped;
use crate::json::{Object, Text};
use crate::neutral::Request;

/// Longer ids of whom a caller acts for are not taken.
const MAX_USER_BYTES: usize = 256;
/// Writes the settings.
pub(super) fn write(
    object: &mut Object<'_>,
    request: &Request<'_>,
    decided: &Decided,
    format: &Structured<'_>,
    model: Model<'_>,
    dropped: &mut Dropped,
) {
    thinking::write(object, request, decided);
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
