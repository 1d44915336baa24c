//! Bounds, sampling, thinking, structured output and whom the caller acts for.

use super::body::{Body, ResponseFormat};
use crate::error::TranslateError;
use crate::json::{StringOr, Text};
use crate::neutral::{Effort, Format, Request, Sampling, Thinking, ThinkingMode};

/// Reads them into the request.
pub(super) fn read<'a>(
    body: &mut Body<'a>,
    request: &mut Request<'a>,
) -> Result<(), TranslateError> {
    if body.n.is_some_and(|n| n > 1) {
        return Err(TranslateError::NotTranslatable {
            field: "n",
            why: "this model's provider gives one answer to a request; ask several times",
        });
    }
    let speaks = |modality: &Text<'_>| !modality.is("text");
    if body.modalities.iter().flatten().any(speaks) {
        return Err(TranslateError::NotTranslatable {
            field: "modalities",
            why: "this model answers in text alone",
        });
    }
    let usage = body.stream_options.as_ref().and_then(|o| o.include_usage);
    request.include_usage = usage.unwrap_or(false);
    request.max_output_tokens = body.max_completion_tokens.or(body.max_tokens);
    request.stop = match body.stop.take() {
        None => Vec::new(),
        Some(StringOr::Text(stop)) => vec![stop],
        Some(StringOr::List(stops)) => stops,
    };
    request.stop.retain(|stop| !stop.is_empty());
    request.sampling = Sampling {
        temperature: body.temperature,
        top_p: body.top_p,
        top_k: body.top_k,
        frequency_penalty: body.frequency_penalty,
        presence_penalty: body.presence_penalty,
        seed: body.seed,
        logit_bias: body.logit_bias,
        // Not asked for is no loss.
        logprobs: body.logprobs.filter(|raw| raw.get() != "false"),
        top_logprobs: body.top_logprobs.filter(|raw| raw.get() != "0"),
    };
    request.thinking = thinking(body);
    request.format = body.response_format.take().and_then(format);
    request.verbosity = body.verbosity.take();
    request.user = body.safety_identifier.take().or(body.user.take());
    request.cache_key = body.prompt_cache_key.take();
    request.metadata = body.metadata;
    request.service_tier = body.service_tier.take();
    request.store = body.store;
    Ok(())
}

fn thinking(body: &Body<'_>) -> Thinking {
    let effort = |word: Option<&Text<'_>>| word.and_then(|word| Effort::named(&word.decoded()));
    let mut thinking = Thinking {
        effort: effort(body.reasoning_effort.as_ref()),
        ..Thinking::default()
    };
    if let Some(config) = &body.reasoning {
        thinking.effort = thinking.effort.or(effort(config.effort.as_ref()));
        thinking.budget = config.max_tokens;
        thinking.mode = match config.enabled {
            Some(true) => ThinkingMode::On,
            Some(false) => ThinkingMode::Off,
            None => ThinkingMode::Unsaid,
        };
        // Not wanted back; thought all the same.
        thinking.summary = config.exclude.map(|exclude| !exclude);
    }
    if let Some(config) = &body.thinking {
        thinking.budget = config.budget_tokens.or(thinking.budget);
        thinking.mode = match config.r#type.as_ref().map(Text::decoded).as_deref() {
            Some("enabled") => ThinkingMode::On,
            Some("disabled") => ThinkingMode::Off,
            Some("adaptive" | "auto") => ThinkingMode::Adaptive,
            _ => thinking.mode,
        };
    }
    // Off in so many words: models that know the word are told it.
    if thinking.effort == Some(Effort::None) {
        thinking.mode = ThinkingMode::Off;
    }
    thinking
}

fn format(format: ResponseFormat<'_>) -> Option<Format<'_>> {
    if let Some(declared) = format.json_schema
        && let Some(schema) = declared.schema
    {
        return Some(Format::Schema {
            name: declared.name,
            description: declared.description,
            schema,
            strict: declared.strict,
        });
    }
    match format.r#type?.decoded().as_ref() {
        "json_object" | "json_schema" => Some(Format::Json),
        _ => None,
    }
}
