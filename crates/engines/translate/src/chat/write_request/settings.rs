//! What else steers the answer: bounds, sampling, effort, structured output, whom the caller acts for.

use serde_json::value::RawValue;

use super::dialect::Rules;
use crate::context::RequestContext;
use crate::dropped::Dropped;
use crate::json::{Object, Text};
use crate::neutral::{Effort, Format, Request, ThinkingMode};

/// OpenAI takes ids of whom a caller acts for up to this length.
const MAX_IDENTIFIER_BYTES: usize = 128;
/// And cache keys up to this.
const MAX_CACHE_KEY_BYTES: usize = 64;

/// Writes the settings.
pub(super) fn write(
    object: &mut Object<'_>,
    request: &Request<'_>,
    rules: Rules,
    context: &RequestContext<'_>,
    dropped: &mut Dropped,
) {
    if let Some(asked) = request.max_output_tokens {
        object.number(rules.output_key(), context.bounded_output(asked));
    }
    sampling(object, request, rules, dropped);
    stops(object, request, rules, dropped);
    thinking(object, request, rules, dropped);
    if let Some(format) = &request.format {
        structured(object, format, rules, dropped);
    }
    if rules.is_openai() {
        object.text_if("verbosity", request.verbosity.as_ref());
        object.text_if("service_tier", request.service_tier.as_ref());
        object.raw_if("metadata", request.metadata);
        if let Some(store) = request.store {
            object.flag("store", store);
        }
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
    } else {
        if request.verbosity.is_some() {
            dropped.note("verbosity");
        }
        if request.service_tier.is_some() {
            dropped.note("service_tier");
        }
    }
}

fn sampling(object: &mut Object<'_>, request: &Request<'_>, rules: Rules, dropped: &mut Dropped) {
    let sampling = &request.sampling;
    let mut set = |key: &'static str, value: Option<&RawValue>, taken: bool| match value {
        Some(value) if value.get() == "null" => {}
        Some(value) if taken => object.raw(key, value.get()),
        Some(_) => dropped.note(key),
        None => {}
    };
    let samples = rules.samples();
    let neutral =
        |value: Option<&RawValue>| value.is_some_and(|value| matches!(value.get(), "1" | "1.0"));
    // What is the default anyway need not be named as lost.
    let temperature = sampling
        .temperature
        .filter(|_| samples || !neutral(sampling.temperature));
    set("temperature", temperature, samples);
    let top_p = sampling
        .top_p
        .filter(|_| samples || !neutral(sampling.top_p));
    set("top_p", top_p, samples);
    set("top_k", sampling.top_k, false);
    set("frequency_penalty", sampling.frequency_penalty, samples);
    set("presence_penalty", sampling.presence_penalty, samples);
    set("seed", sampling.seed, true);
    set("logit_bias", sampling.logit_bias, samples);
    set("logprobs", sampling.logprobs, samples);
    set("top_logprobs", sampling.top_logprobs, samples);
}

fn stops(object: &mut Object<'_>, request: &Request<'_>, rules: Rules, dropped: &mut Dropped) {
    if request.stop.is_empty() {
        return;
    }
    if !rules.samples() {
        dropped.note("stop");
        return;
    }
    if request.stop.len() > rules.max_stops() {
        dropped.note("stop[4..]");
    }
    let mut list = object.array("stop");
    for stop in request.stop.iter().take(rules.max_stops()) {
        list.text(stop);
    }
}

fn thinking(object: &mut Object<'_>, request: &Request<'_>, rules: Rules, dropped: &mut Dropped) {
    let thinking = &request.thinking;
    if rules.is_deepseek() {
        let word = match thinking.mode {
            ThinkingMode::Off => Some("disabled"),
            ThinkingMode::On | ThinkingMode::Adaptive => Some("enabled"),
            ThinkingMode::Unsaid => None,
        };
        if let Some(word) = word {
            object.object("thinking").str("type", word);
        }
    }
    let Some(effort) = thinking.effort() else {
        return;
    };
    // Switched off is no effort to name: some models have no word for it, and the others were told above.
    if effort == Effort::None {
        return;
    }
    if !rules.takes_effort() {
        dropped.note("effort");
        return;
    }
    let effort = match effort {
        Effort::Minimal | Effort::Low if rules.is_deepseek() => Effort::Low,
        Effort::Medium | Effort::High | Effort::XHigh if rules.is_deepseek() => Effort::High,
        Effort::XHigh | Effort::Max if !rules.is_openai() && !rules.is_deepseek() => Effort::High,
        effort => effort,
    };
    object.str("reasoning_effort", effort.as_str());
}

fn structured(object: &mut Object<'_>, format: &Format<'_>, rules: Rules, dropped: &mut Dropped) {
    let mut out = object.object("response_format");
    match format {
        Format::Schema { .. } if rules.is_deepseek() => {
            // It knows JSON, not schemas; the schema itself stands in the conversation.
            dropped.note("response_format.json_schema");
            out.str("type", "json_object");
        }
        Format::Schema {
            name,
            description,
            schema,
            strict,
        } => {
            out.str("type", "json_schema");
            let mut inner = out.object("json_schema");
            match name {
                Some(name) => inner.text("name", name),
                None => inner.str("name", "answer"),
            }
            inner.text_if("description", description.as_ref());
            inner.raw("schema", schema.get());
            if let Some(strict) = strict {
                inner.flag("strict", *strict);
            }
        }
        Format::Json => out.str("type", "json_object"),
    }
}
