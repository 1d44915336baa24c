//! What else steers the answer: bounds, sampling, effort, structured output, whom the caller acts for.

use serde_json::value::RawValue;

use crate::context::RequestContext;
use crate::dropped::Dropped;
use crate::json::{Object, Text};
use crate::neutral::{Effort, Format, Request, ThinkingMode};

/// The least bound on the output that is taken.
const MIN_OUTPUT_TOKENS: u64 = 16;
/// Ids of whom a caller acts for are taken up to this length.
const MAX_IDENTIFIER_BYTES: usize = 64;
/// And cache keys up to this.
const MAX_CACHE_KEY_BYTES: usize = 64;

/// Writes the settings.
pub(super) fn write(
    object: &mut Object<'_>,
    request: &Request<'_>,
    context: &RequestContext<'_>,
    dropped: &mut Dropped,
) {
    if let Some(asked) = request.max_output_tokens {
        let bound = context.bounded_output(asked).max(MIN_OUTPUT_TOKENS);
        object.number("max_output_tokens", bound);
    }
    sampling(object, request, context, dropped);
    if !request.stop.is_empty() {
        dropped.note("stop");
    }
    write_counted(object, request, context, dropped);
    if wants_reasoning_back(request, context) {
        let mut include = object.array("include");
        include.text(&Text::Raw("reasoning.encrypted_content"));
    }
    // Nothing is asked for again by its id.
    object.flag("store", request.store.unwrap_or(false));
    object.raw_if("metadata", request.metadata);
    object.text_if("service_tier", request.service_tier.as_ref());
    let fits = |text: &&Text<'_>, bytes: usize| text.len() <= bytes;
    let user = request.user.as_ref();
    object.text_if(
        "safety_identifier",
        user.filter(|user| fits(user, MAX_IDENTIFIER_BYTES)),
    );
    let key = request.cache_key.as_ref();
    object.text_if(
        "prompt_cache_key",
        key.filter(|key| fits(key, MAX_CACHE_KEY_BYTES)),
    );
}

/// What also steers a count: how to think and what form the answer has.
pub(super) fn write_counted(
    object: &mut Object<'_>,
    request: &Request<'_>,
    context: &RequestContext<'_>,
    dropped: &mut Dropped,
) {
    reasoning(object, request, context, dropped);
    if request.format.is_some() || request.verbosity.is_some() {
        let mut text = object.object("text");
        if let Some(format) = &request.format {
            structured(&mut text.object("format"), format);
        }
        text.text_if("verbosity", request.verbosity.as_ref());
    }
}

fn sampling(
    object: &mut Object<'_>,
    request: &Request<'_>,
    context: &RequestContext<'_>,
    dropped: &mut Dropped,
) {
    let sampling = &request.sampling;
    // Reasoning models refuse them; what is the default anyway need not be named as lost.
    let samples = context.facts.reasons != Some(true);
    let neutral = |value: &RawValue| matches!(value.get(), "1" | "1.0");
    for (key, value) in [
        ("temperature", sampling.temperature),
        ("top_p", sampling.top_p),
    ] {
        match value {
            Some(value) if value.get() == "null" => {}
            Some(value) if samples => object.raw(key, value.get()),
            Some(value) if !neutral(value) => dropped.note(key),
            _ => {}
        }
    }
    for (key, value) in [
        ("top_k", sampling.top_k),
        ("frequency_penalty", sampling.frequency_penalty),
        ("presence_penalty", sampling.presence_penalty),
        ("seed", sampling.seed),
        ("logit_bias", sampling.logit_bias),
        ("logprobs", sampling.logprobs),
        ("top_logprobs", sampling.top_logprobs),
    ] {
        let zero = |raw: &str| key != "seed" && matches!(raw, "0" | "0.0" | "false" | "{}");
        if value.is_some_and(|value| value.get() != "null" && !zero(value.get())) {
            dropped.note(key);
        }
    }
}

/// Whether the caller wants the model to think, in whatever words.
fn asks_to_think(request: &Request<'_>) -> bool {
    match request.thinking.mode {
        ThinkingMode::Off => false,
        ThinkingMode::On | ThinkingMode::Adaptive => true,
        ThinkingMode::Unsaid => request
            .thinking
            .effort()
            .is_some_and(|effort| effort != Effort::None),
    }
}

/// A model that does not reason refuses to encrypt what it thinks.
fn wants_reasoning_back(request: &Request<'_>, context: &RequestContext<'_>) -> bool {
    context
        .facts
        .reasons
        .unwrap_or_else(|| asks_to_think(request))
}

fn reasoning(
    object: &mut Object<'_>,
    request: &Request<'_>,
    context: &RequestContext<'_>,
    dropped: &mut Dropped,
) {
    let thinking = &request.thinking;
    // Switched off is no effort to name, unless its caller named it so: some models have no word for it.
    let effort = thinking
        .effort()
        .filter(|effort| *effort != Effort::None || thinking.effort == Some(Effort::None));
    let thinks = matches!(thinking.mode, ThinkingMode::On | ThinkingMode::Adaptive);
    let shown = thinking.summary.unwrap_or(thinks) && !request.hide_thinking;
    if context.facts.reasons == Some(false) {
        if effort.is_some_and(|effort| effort != Effort::None) {
            dropped.note("effort");
        }
        return;
    }
    if effort.is_none() && !shown {
        return;
    }
    let mut reasoning = object.object("reasoning");
    if let Some(effort) = effort {
        reasoning.str("effort", effort.as_str());
    }
    if shown {
        reasoning.str("summary", "auto");
    }
}

fn structured(out: &mut Object<'_>, format: &Format<'_>) {
    match format {
        Format::Json => out.str("type", "json_object"),
        Format::Schema {
            name,
            description,
            schema,
            strict,
        } => {
            out.str("type", "json_schema");
            match name {
                Some(name) => out.text("name", name),
                None => out.str("name", "answer"),
            }
            out.text_if("description", description.as_ref());
            out.raw("schema", schema.get());
            out.flag("strict", strict.unwrap_or(false));
        }
    }
}
