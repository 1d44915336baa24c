//! Sampling, thinking, structured output and whom the caller acts for.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::body::Body;
use super::text;
use crate::dropped::Dropped;
use crate::json::{self, Text};
use crate::neutral::{Effort, Format, Request, Sampling, Thinking, ThinkingMode};

#[derive(Default, Deserialize)]
#[serde(default)]
struct ReasoningConfig<'a> {
    #[serde(borrow)]
    effort: Option<Text<'a>>,
    summary: Option<Text<'a>>,
    /// What `summary` was called at first.
    generate_summary: Option<Text<'a>>,
    mode: Option<Text<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TextConfig<'a> {
    #[serde(borrow)]
    format: Option<TextFormat<'a>>,
    verbosity: Option<Text<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TextFormat<'a> {
    #[serde(borrow)]
    r#type: Option<Text<'a>>,
    name: Option<Text<'a>>,
    description: Option<Text<'a>>,
    schema: Option<&'a RawValue>,
    strict: Option<bool>,
}

/// Reads them into the request.
pub(super) fn read<'a>(
    body: &Body<'a>,
    request: &mut Request<'a>,
    dropped: &mut Dropped,
) -> Result<(), serde_json::Error> {
    request.sampling = Sampling {
        temperature: body.temperature,
        top_p: body.top_p,
        ..Sampling::default()
    };
    if let Some(reasoning) = body.reasoning {
        let config: ReasoningConfig<'a> = json::read(reasoning.get())?;
        request.thinking = thinking(&config);
        if config.mode.is_some_and(|mode| !mode.is("standard")) {
            dropped.note("reasoning.mode");
        }
    }
    if let Some(raw) = body.text {
        let config: TextConfig<'a> = json::read(raw.get())?;
        request.verbosity = config.verbosity;
        request.format = config.format.and_then(format);
    }
    if body
        .include
        .iter()
        .any(|name| name.is("message.output_text.logprobs"))
    {
        dropped.note("include.message.output_text.logprobs");
    }
    request.store = body.store;
    request.metadata = body.metadata;
    request.service_tier = text(body.service_tier);
    request.user = text(body.safety_identifier).or_else(|| text(body.user));
    request.cache_key = text(body.prompt_cache_key);
    Ok(())
}

/// What a `configuration_update` in the middle of a conversation changes from there on.
pub(super) fn update<'a>(
    reasoning: Option<&'a RawValue>,
    text: Option<&'a RawValue>,
    request: &mut Request<'a>,
) -> Result<(), serde_json::Error> {
    if let Some(raw) = reasoning {
        let config: ReasoningConfig<'a> = json::read(raw.get())?;
        if config.effort.is_some() {
            let summary = request.thinking.summary;
            request.thinking = Thinking {
                summary,
                ..thinking(&config)
            };
        }
    }
    if let Some(raw) = text {
        let config: TextConfig<'a> = json::read(raw.get())?;
        request.format = config.format.and_then(format);
    }
    Ok(())
}

fn thinking(config: &ReasoningConfig<'_>) -> Thinking {
    let effort = config.effort.as_ref();
    let effort = effort.and_then(|effort| Effort::named(&effort.decoded()));
    let summary = config.summary.as_ref().or(config.generate_summary.as_ref());
    Thinking {
        mode: match effort {
            Some(Effort::None) => ThinkingMode::Off,
            Some(_) => ThinkingMode::Adaptive,
            None => ThinkingMode::Unsaid,
        },
        effort,
        budget: None,
        summary: summary.map(|summary| !summary.is("none")),
    }
}

fn format(format: TextFormat<'_>) -> Option<Format<'_>> {
    match format.r#type?.decoded().as_ref() {
        "json_object" => Some(Format::Json),
        "json_schema" => Some(Format::Schema {
            name: format.name,
            description: format.description,
            schema: format.schema?,
            strict: format.strict,
        }),
        _ => None,
    }
}
